//! `voice-clone diarize`.

use std::path::PathBuf;

use clap::Args;

use super::gpu::GpuArgs;
use super::values::{pause, positive_number, speaker_count};

/// Find out who spoke when.
///
/// Each recording gets a file with its turns: RTTM, and JSON with confidences; with --labels also labels for Audacity
/// and a TextGrid for Praat. Speakers who were enrolled (`voice-clone speaker enroll`) get their names with --known, the
/// others are numbered in order of appearance. Where two speak at once, both are labelled; with --exclusive only the more
/// probable one.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voice-clone diarize --input meeting.mp3 --output found/
  voice-clone diarize --input meetings/ --output found/ --speakers 3 --labels
  voice-clone diarize --input meetings/ --output found/ --known --json
  arecord -f S16_LE -r 16000 | voice-clone diarize --input - --stream
  voice-clone evaluate --rttm-ref truth/ --rttm-hyp found/")]
pub struct DiarizeArgs {
    /// A recording, or a folder of recordings; with --stream - for stdin.
    #[arg(short, long, value_name = "FILE|DIR|-")]
    pub input: PathBuf,

    /// The folder for the result; made if need be.
    #[arg(short, long, value_name = "DIR", required_unless_present = "stream")]
    pub output: Option<PathBuf>,

    /// Say who speaks while the audio comes in, from a pipe or from a WAV file that grows: a line of JSON for each stretch,
    /// within a second; lines with "revised": true replace earlier ones.
    #[arg(long, conflicts_with_all = ["stages"], help_heading = "As a stream")]
    pub stream: bool,

    /// The stream is 16-bit little-endian mono samples at this rate, without a header.
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(8_000..=192_000), requires = "stream")]
    #[arg(help_heading = "As a stream")]
    pub raw: Option<u32>,

    /// A file that has not grown for so many seconds is complete.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = positive_number, help_heading = "As a stream")]
    pub idle: f64,

    /// Who may speak.
    #[command(flatten)]
    pub who: WhoArgs,

    /// Label one speaker at each moment, as training data wants it.
    #[arg(long)]
    pub exclusive: bool,

    /// A speaker's pauses that are shorter are a part of the turn; where somebody else speaks in them, those of less than three
    /// quarters of that.
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = pause)]
    pub min_pause: f64,

    /// Write labels for Audacity (.txt) and a TextGrid for Praat too.
    #[arg(long)]
    pub labels: bool,

    /// Write what each stage made of the recording too (.stages.json): who speaks in each window with their embeddings,
    /// and which of these are one speaker.
    #[arg(long)]
    pub stages: bool,

    /// Write confidences into the RTTM file.
    #[arg(long)]
    pub rttm_confidence: bool,

    /// Which GPUs it may use.
    #[command(flatten)]
    pub gpu: GpuArgs,
}

/// Who may speak.
#[derive(Debug, Clone, Args)]
pub struct WhoArgs {
    /// The number of speakers, where it is known.
    #[arg(long, value_name = "NUMBER", value_parser = speaker_count, conflicts_with_all = ["min_speakers", "max_speakers"])]
    #[arg(help_heading = "Speakers")]
    pub speakers: Option<usize>,

    /// There are at least so many speakers.
    #[arg(long, value_name = "NUMBER", value_parser = speaker_count, help_heading = "Speakers")]
    pub min_speakers: Option<usize>,

    /// There are at most so many speakers.
    #[arg(long, value_name = "NUMBER", value_parser = speaker_count, help_heading = "Speakers")]
    pub max_speakers: Option<usize>,

    /// Name the speakers that were enrolled.
    #[arg(long, help_heading = "Speakers")]
    pub known: bool,
}

impl WhoArgs {
    /// Whether anything was said of it.
    pub fn is_given(&self) -> bool {
        self.known || [self.speakers, self.min_speakers, self.max_speakers].iter().any(Option::is_some)
    }
}
