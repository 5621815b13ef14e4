//! `voice-clone diarize`.

use std::path::PathBuf;

use clap::Args;

use super::values::speaker_count;
use crate::gpu::selection::GpuSelection;

/// Find out who spoke when.
///
/// Each recording gets a file with its turns: RTTM, and JSON with confidences; with --labels also labels for Audacity
/// and a TextGrid for Praat. Speakers who were enrolled (`voice-clone speaker enroll`) get their names with --known, the
/// others are numbered in order of appearance. Where two speak at once, one of them is found.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voice-clone diarize --input meeting.mp3 --output found/
  voice-clone diarize --input meetings/ --output found/ --speakers 3 --labels
  voice-clone diarize --input meetings/ --output found/ --known --json
  voice-clone evaluate --rttm-ref truth/ --rttm-hyp found/")]
pub struct DiarizeArgs {
    /// A recording, or a folder of recordings.
    #[arg(short, long, value_name = "FILE|DIR")]
    pub input: PathBuf,

    /// The folder for the result; made if need be.
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,

    /// The number of speakers, where it is known.
    #[arg(long, value_name = "NUMBER", value_parser = speaker_count, conflicts_with_all = ["min_speakers", "max_speakers"])]
    pub speakers: Option<usize>,

    /// There are at least so many speakers.
    #[arg(long, value_name = "NUMBER", value_parser = speaker_count)]
    pub min_speakers: Option<usize>,

    /// There are at most so many speakers.
    #[arg(long, value_name = "NUMBER", value_parser = speaker_count)]
    pub max_speakers: Option<usize>,

    /// Name the speakers that were enrolled.
    #[arg(long)]
    pub known: bool,

    /// Write labels for Audacity (.txt) and a TextGrid for Praat too.
    #[arg(long)]
    pub labels: bool,

    /// Write confidences into the RTTM file.
    #[arg(long)]
    pub rttm_confidence: bool,

    /// The GPU to use: all, 0, count:1 or none [default: setting runtime.gpu].
    #[arg(long, value_name = "IDS")]
    pub gpu: Option<GpuSelection>,
}
