//! `voice-clone evaluate`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::gpu::GpuArgs;
use super::values::{collar, decibels, enrolled_utterances};

/// Measure how good, how alike and how fast a voice is, or how well speakers are told apart.
///
/// With --model and --test-data: compares what the voice says with recordings of its speaker that training has
/// not seen: speaker similarity, phoneme error rate, mel-cepstral distortion and pitch error where there are
/// transcripts, loudness, peaks and silence, and the time it takes.
///
/// With --speakers: verification (equal error rate, minDCF, Cllr over all pairs of recordings) and identification
/// of the speakers in a folder, by whole recordings and by 4 and 2 s of them, with the speaker encoder in use.
///
/// With --rttm-ref and --rttm-hyp: who was said to speak when against who did (diarization error rate with its parts,
/// Jaccard error rate, number of speakers).
#[derive(Debug, Clone, Args)]
#[command(
    group = ArgGroup::new("what").required(true).args(["model", "speakers", "rttm_ref"]),
    after_help = "\
Examples:
  voice-clone evaluate --model anna --test-data held-out/
  voice-clone evaluate --model anna --test-data held-out/ --output report.json
  voice-clone evaluate --speakers people/
  voice-clone evaluate --speakers people/ --only 1088,3242 --noise noise/ --snr 10 --json
  voice-clone evaluate --rttm-ref meetings/ --rttm-hyp found/ --collar 0.25"
)]
pub struct EvaluateArgs {
    /// The name of the voice.
    #[arg(short, long, value_name = "NAME", requires = "test_data")]
    pub model: Option<String>,

    /// A folder of recordings of the speaker, with or without transcripts.
    #[arg(short, long, value_name = "DIR", requires = "model")]
    pub test_data: Option<PathBuf>,

    /// Write the report to this file too, as JSON.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Which GPUs it may use.
    #[command(flatten)]
    pub gpu: GpuArgs,

    /// A folder with a folder of recordings for each speaker; may be given several times.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["model", "test_data"], help_heading = "Speakers")]
    pub speakers: Vec<PathBuf>,

    /// Take only these speakers, by the names of their folders.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "speakers", help_heading = "Speakers")]
    pub only: Vec<String>,

    /// How many recordings of a speaker are known when the others are identified.
    #[arg(long, value_name = "NUMBER", value_parser = enrolled_utterances, default_value = "3")]
    #[arg(requires = "speakers", help_heading = "Speakers")]
    pub enroll: usize,

    /// Measure with noise from the recordings in this folder too.
    #[arg(long, value_name = "DIR", requires_all = ["speakers", "snr"], help_heading = "Speakers")]
    pub noise: Option<PathBuf>,

    /// How much stronger the speech is than that noise, in dB.
    #[arg(long, value_name = "DB", requires = "noise", allow_negative_numbers = true, help_heading = "Speakers")]
    #[arg(value_parser = decibels)]
    pub snr: Option<f64>,

    /// Who spoke when: an RTTM file, or a folder of them.
    #[arg(long, value_name = "FILE|DIR", requires = "rttm_hyp", help_heading = "Diarization")]
    #[arg(conflicts_with_all = ["model", "test_data", "speakers"])]
    pub rttm_ref: Option<PathBuf>,

    /// Who was said to speak when, likewise; recordings are matched by the names in the files.
    #[arg(long, value_name = "FILE|DIR", requires = "rttm_ref", help_heading = "Diarization")]
    pub rttm_hyp: Option<PathBuf>,

    /// Leave out so many seconds on either side of every boundary of the reference, as in NIST's md-eval.
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = collar, help_heading = "Diarization")]
    #[arg(requires = "rttm_ref")]
    pub collar: f64,

    /// Leave out time in which several people speak.
    #[arg(long, requires = "rttm_ref", help_heading = "Diarization")]
    pub skip_overlap: bool,

    /// Score only what this file names, a stretch in each line: recording, channel, start and end in seconds (UEM).
    #[arg(long, value_name = "FILE", requires = "rttm_ref", help_heading = "Diarization")]
    pub uem: Option<PathBuf>,
}
