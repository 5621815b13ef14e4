//! `voice-clone generate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values::positive_number;
use crate::gpu::selection::GpuSelection;

/// Say a text with a voice.
///
/// The text comes from --text, from --text-file, or else from stdin. The voice is one of `voice-clone voices`,
/// or a recording whose speaker is imitated at once.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voice-clone generate --text \"Hello\" --voice anna --output hello.wav
  voice-clone generate --text-file chapter.txt --voice reference.wav --output chapter.flac
  echo \"Dinner is ready.\" | voice-clone generate --voice anna --output - | aplay")]
pub struct GenerateArgs {
    /// What to say.
    #[arg(short, long, conflicts_with = "text_file", allow_hyphen_values = true)]
    pub text: Option<String>,

    /// A file with what to say, in UTF-8; - is stdin.
    #[arg(long, value_name = "FILE")]
    pub text_file: Option<PathBuf>,

    /// The name of a voice, or a recording of the speaker to imitate.
    #[arg(long, value_name = "NAME|FILE")]
    pub voice: String,

    /// The audio file to write (.wav or .flac); - is WAV on stdout.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// The encoding [default: by the file's extension, else setting output.format].
    #[arg(long, value_enum)]
    pub format: Option<AudioFormat>,

    /// How fast to speak: 1 is the voice's own pace, 2 twice as fast.
    #[arg(long, value_name = "FACTOR", value_parser = positive_number, default_value = "1")]
    pub speed: f64,

    /// The GPU to use: all, 0, count:1 or none [default: setting runtime.gpu].
    #[arg(long, value_name = "IDS")]
    pub gpu: Option<GpuSelection>,
}

/// How audio is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AudioFormat {
    /// WAV, 16 bits.
    Wav16,
    /// WAV, 24 bits.
    Wav24,
    /// WAV, 32-bit floating point.
    Float,
    /// FLAC, 16 bits, lossless.
    Flac,
}
