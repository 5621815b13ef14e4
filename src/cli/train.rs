//! `voice-clone train`.

use std::{num::NonZeroUsize, path::PathBuf};

use clap::{ArgGroup, Args, ValueEnum};

use super::gpu::GpuArgs;
use super::values::{VoiceName, positive_number};

/// Train a voice from processed speech, or a base component from a corpus.
///
/// With --input and --model: adapts the base models to one speaker. The input is a folder made by `process`,
/// or any folder of recordings, with transcripts (metadata.csv in LJSpeech form, or .txt/.lab beside the audio)
/// or without (the aligner labels them).
///
/// With --base and --corpus: trains one of the base models themselves. A run that was stopped goes on with
/// --resume and ends where it would have ended without the stop.
#[derive(Debug, Clone, Args)]
#[command(
    group = ArgGroup::new("what").required(true).args(["input", "base"]),
    after_help = "\
Examples:
  voice-clone train --input data/anna --model anna --gpu 0,2
  voice-clone train --input data/anna --model anna --gpu none --minutes 15 --consent \"Anna, in writing\"
  voice-clone train --input data/anna --model anna --quick
  voice-clone train --base vocoder --corpus corpus/ --output models/ --minutes 120 --threads 2
  voice-clone train --base vocoder --corpus corpus/ --output models/ --minutes 60 --resume"
)]
pub struct TrainArgs {
    /// The speech of one speaker: a folder made by `process`, or of recordings.
    #[arg(short, long, value_name = "DIR", requires = "model")]
    pub input: Option<PathBuf>,

    /// The name of the voice to make.
    #[arg(short, long, value_name = "NAME", requires = "input")]
    pub model: Option<VoiceName>,

    /// Make a voice of the speaker's embedding alone, in seconds: less like the speaker than a trained one.
    #[arg(long, requires = "input", conflicts_with_all = ["minutes", "steps"])]
    pub quick: bool,

    /// The licence of the recordings, for the voice's manifest.
    #[arg(long, value_name = "TEXT", requires = "input")]
    pub licence: Option<String>,

    /// Who agreed to the voice being made, and how, for the voice's manifest.
    #[arg(long, value_name = "TEXT", requires = "input")]
    pub consent: Option<String>,

    /// Which GPUs it may use.
    #[command(flatten)]
    pub gpu: GpuArgs,

    /// Stop after this many minutes of training.
    #[arg(long, value_parser = positive_number)]
    pub minutes: Option<f64>,

    /// Stop after this many steps, counted from the start of training.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: Option<u64>,

    /// Go on from the last checkpoint.
    #[arg(long)]
    pub resume: bool,

    /// The number of CPU threads [default: all, or what --cpu-limit allows].
    #[arg(long, conflicts_with = "cpu_limit")]
    pub threads: Option<NonZeroUsize>,

    /// Train this base component instead of a voice.
    #[arg(long, value_enum, value_name = "COMPONENT", requires = "corpus", conflicts_with_all = ["input", "model"])]
    #[arg(help_heading = "Base training")]
    pub base: Option<Component>,

    /// The corpus to train the base component on.
    #[arg(long, value_name = "DIR", requires = "base", help_heading = "Base training")]
    pub corpus: Option<PathBuf>,

    /// Weights of the same sizes to begin with, instead of random ones.
    #[arg(long, value_name = "FILE", requires = "base", help_heading = "Base training")]
    pub from: Option<PathBuf>,

    /// A teacher's embeddings of the corpus, for the speaker encoder (see scripts/teacher_embeddings.py).
    #[arg(long, value_name = "FILE", requires = "base", help_heading = "Base training")]
    pub teacher: Option<PathBuf>,

    /// How to train, instead of the recipe that comes with the program (see models/recipes).
    #[arg(long, value_name = "FILE", requires = "base", help_heading = "Base training")]
    pub recipe: Option<PathBuf>,

    /// Where the base component and its checkpoints go [default: setting models.dir].
    #[arg(short, long, value_name = "DIR", requires = "base", help_heading = "Base training")]
    pub output: Option<PathBuf>,
}

/// The base models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Component {
    /// Recognises phonemes and when they are said.
    Aligner,
    /// Turns a mel spectrogram into a waveform.
    Vocoder,
    /// Turns phonemes, prosody and a speaker into a mel spectrogram.
    Acoustic,
    /// Tells speakers apart.
    Speaker,
    /// Takes noise away.
    Denoiser,
    /// Tells who speaks when, and where two speak at once.
    Segmentation,
}

impl Component {
    /// The name as typed, and as used in file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aligner => "aligner",
            Self::Vocoder => "vocoder",
            Self::Acoustic => "acoustic",
            Self::Speaker => "speaker",
            Self::Denoiser => "denoiser",
            Self::Segmentation => "segmentation",
        }
    }
}
