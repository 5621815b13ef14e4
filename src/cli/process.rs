//! `voice-clone process`.

use std::{num::NonZeroUsize, path::PathBuf};

use clap::{ArgAction, Args, ValueEnum};

use super::{diarize::WhoArgs, gpu::GpuArgs, values::VoiceName};

/// Turn recordings into clean, levelled, catalogued speech.
///
/// Each recording is decoded, freed of noise, rumble and clipping, searched for speech, levelled to the loudness of
/// the setting process.loudness_lufs, and cut at pauses into utterances. A folder is searched with its subfolders;
/// of files with the same content one is processed. Transcripts beside the audio (.txt, .lab, or metadata.csv in
/// LJSpeech form) are carried along. The input is never changed.
///
/// A run that was stopped is finished by running it again: what is done and unchanged is not done twice.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Output:
  raw/                            the recordings as they came
  processed/normalized/           whole recordings, mono, cleaned, levelled
  processed/speaker_segments/     utterances, one folder per speaker
  metadata/turns/                 with --diarize: who speaks when (RTTM), in the time of the recording
  metadata/                       a manifest per recording, report.json, report.html with pictures

Examples:
  voice-clone process --input interview.mp3 --output data/interview
  voice-clone process --input recordings/ --output data/anna --speaker anna
  voice-clone process --input meetings/ --output data/meetings --diarize --max-speakers 4
  voice-clone process --input podcasts/ --output data/pod --include '*.mp3' --exclude 'trailer*' --dry-run
  voice-clone process --input memos/ --output data/memos --strength 0.8 --min-quality 2.5
  voice-clone process --input recordings/ --output data/anna --strict --json > report.json
  voice-clone process --input recordings/ --output data/anna --set process.sample_rate=16000
  arecord -f S16_LE -r 16000 | voice-clone process --input - --output - | aplay")]
pub struct ProcessArgs {
    /// A recording, or a folder of recordings; - for a WAV stream on stdin, which is cleaned as it comes.
    #[arg(short, long, value_name = "FILE|DIR|-")]
    pub input: PathBuf,

    /// The folder for the result; made if need be. With --input -: - for stdout.
    #[arg(short, long, value_name = "DIR|-")]
    pub output: PathBuf,

    /// Who speaks, if it is the same person in every recording.
    ///
    /// Without it the speakers stay unknown, and each recording is filed under a speaker of its own.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["speakers", "min_speakers", "max_speakers", "known"])]
    #[arg(help_heading = "Speakers")]
    pub speaker: Option<VoiceName>,

    /// Tell the speakers of each recording apart.
    ///
    /// Utterances are of one speaker each, without what several say at once, and lie in a folder for each speaker;
    /// metadata/turns/ says who speaks when, in the time of the recording. The other options on speakers imply it.
    #[arg(long, conflicts_with = "speaker", help_heading = "Speakers")]
    pub diarize: bool,

    /// Who may speak.
    #[command(flatten)]
    pub who: WhoArgs,

    /// Which GPUs may tell speakers apart; everything else is work for the CPU.
    #[command(flatten)]
    pub gpu: GpuArgs,

    /// Exit with code 1 if any recording could not be used.
    #[arg(long)]
    pub strict: bool,

    /// Say what would be done with each recording, and do nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// The number of recordings that are worked on at once [default: the CPU threads of this run].
    #[arg(long, value_name = "NUMBER")]
    pub jobs: Option<NonZeroUsize>,

    /// Look into subfolders.
    #[arg(long, value_name = "BOOL", default_value_t = true, default_missing_value = "true")]
    #[arg(num_args = 0..=1, require_equals = true, action = ArgAction::Set, help_heading = "Which files")]
    pub recursive: bool,

    /// Only files that match, by name or by path inside the input (*.mp3, 2024/**); may be given several times.
    #[arg(long, value_name = "GLOB", help_heading = "Which files")]
    pub include: Vec<String>,

    /// No files that match; may be given several times.
    #[arg(long, value_name = "GLOB", help_heading = "Which files")]
    pub exclude: Vec<String>,

    /// What takes away noise [default: setting process.denoise.method].
    #[arg(long, value_name = "METHOD", help_heading = "Cleaning")]
    pub denoiser: Option<DenoiserName>,

    /// How much of the noise goes, from 0 to 1 [default: setting process.denoise.strength].
    #[arg(long, value_name = "SHARE", help_heading = "Cleaning")]
    pub strength: Option<f64>,

    /// Take away reverberation, too.
    #[arg(long, help_heading = "Cleaning")]
    pub dereverb: bool,

    /// The longest pause that is written, in seconds; 0 keeps all [default: setting process.max_pause_s].
    #[arg(long, value_name = "SECONDS", help_heading = "Cleaning")]
    pub max_pause: Option<f64>,

    /// Keep what is music or noise rather than speech [setting process.leave_out_music].
    #[arg(long, help_heading = "Cleaning")]
    pub keep_music: bool,

    /// Leave out utterances with a lower quality score, from 1 to 5 [default: setting process.min_quality].
    #[arg(long, value_name = "SCORE", help_heading = "Cleaning")]
    pub min_quality: Option<f64>,

    /// With --input -: stdin is 16-bit little-endian mono samples at this rate, without a header, and so is stdout.
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(8_000..=192_000))]
    #[arg(help_heading = "As a pipe")]
    pub raw: Option<u32>,
}

/// What takes away noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DenoiserName {
    /// The program's own network.
    Network,
    /// RNNoise.
    Rnnoise,
    /// Nothing.
    None,
}

impl DenoiserName {
    /// The name as typed, and as the setting has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Rnnoise => "rnnoise",
            Self::None => "none",
        }
    }
}
