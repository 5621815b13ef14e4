//! `voice-clone evaluate`.

use std::path::PathBuf;

use clap::Args;

use crate::gpu::selection::GpuSelection;

/// Measure how good, how alike and how fast a voice is.
///
/// Compares what the voice says with recordings of its speaker that training has not seen: speaker similarity,
/// phoneme error rate, mel-cepstral distortion and pitch error where there are transcripts, loudness, peaks and
/// silence, and the time it takes.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voice-clone evaluate --model anna --test-data held-out/
  voice-clone evaluate --model anna --test-data held-out/ --output report.json
  voice-clone evaluate --model anna --test-data held-out/ --json")]
pub struct EvaluateArgs {
    /// The name of the voice.
    #[arg(short, long, value_name = "NAME")]
    pub model: String,

    /// A folder of recordings of the speaker, with or without transcripts.
    #[arg(short, long, value_name = "DIR")]
    pub test_data: PathBuf,

    /// Write the report to this file too, as JSON.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// The GPU to use: all, 0, count:1 or none [default: setting runtime.gpu].
    #[arg(long, value_name = "IDS")]
    pub gpu: Option<GpuSelection>,
}
