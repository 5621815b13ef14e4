//! `voice-clone process`.

use std::path::PathBuf;

use clap::Args;

use super::values::VoiceName;

/// Turn recordings into clean, levelled, catalogued speech.
///
/// Each recording is decoded, levelled to the loudness of the setting process.loudness_lufs, searched for
/// speech and cut at pauses into utterances. A folder is searched with its subfolders. Transcripts beside the
/// audio (.txt, .lab, or metadata.csv in LJSpeech form) are carried along. The input is never changed.
///
/// A run that was stopped is finished by running it again: what is done and unchanged is not done twice.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Output:
  raw/                            the recordings as they came
  processed/normalized/           whole recordings, mono, levelled
  processed/speaker_segments/     utterances, one folder per speaker
  metadata/                       a manifest per recording, report.json

Examples:
  voice-clone process --input interview.mp3 --output data/interview
  voice-clone process --input recordings/ --output data/anna --speaker anna
  voice-clone process --input recordings/ --output data/anna --strict --json > report.json
  voice-clone process --input recordings/ --output data/anna --set process.sample_rate=16000")]
pub struct ProcessArgs {
    /// A recording, or a folder of recordings.
    #[arg(short, long, value_name = "FILE|DIR")]
    pub input: PathBuf,

    /// The folder for the result; made if need be.
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,

    /// Who speaks, if it is the same person in every recording.
    ///
    /// Without it the speakers stay unknown, and each recording is filed under a speaker of its own.
    #[arg(long, value_name = "NAME")]
    pub speaker: Option<VoiceName>,

    /// Exit with code 1 if any recording could not be used.
    #[arg(long)]
    pub strict: bool,
}
