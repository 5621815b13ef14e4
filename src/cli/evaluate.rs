//! `voice-clone evaluate`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::values::{decibels, enrolled_utterances};
use crate::gpu::selection::GpuSelection;

/// Measure how good, how alike and how fast a voice is, or how well speakers are told apart.
///
/// With --model and --test-data: compares what the voice says with recordings of its speaker that training has
/// not seen: speaker similarity, phoneme error rate, mel-cepstral distortion and pitch error where there are
/// transcripts, loudness, peaks and silence, and the time it takes.
///
/// With --speakers: verification (equal error rate, minDCF, Cllr over all pairs of recordings) and identification
/// of the speakers in a folder, by whole recordings and by 4 and 2 s of them, with the speaker encoder in use.
#[derive(Debug, Clone, Args)]
#[command(
    group = ArgGroup::new("what").required(true).args(["model", "speakers"]),
    after_help = "\
Examples:
  voice-clone evaluate --model anna --test-data held-out/
  voice-clone evaluate --model anna --test-data held-out/ --output report.json
  voice-clone evaluate --speakers people/
  voice-clone evaluate --speakers people/ --only 1088,3242 --noise noise/ --snr 10 --json"
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

    /// The GPU to use: all, 0, count:1 or none [default: setting runtime.gpu].
    #[arg(long, value_name = "IDS")]
    pub gpu: Option<GpuSelection>,

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
}
