//! `voice-clone models`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Import models that others trained, and list those that are there.
#[derive(Debug, Clone, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  voice-clone models list
  voice-clone models import --kind ecapa embedding_model.ckpt

An imported model serves only where a setting names it."
)]
pub struct ModelsArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: ModelsAction,
}

/// What to do with models; the documentation of the arguments is their help.
#[derive(Debug, Clone, Subcommand)]
pub enum ModelsAction {
    List(ListArgs),
    Import(ImportArgs),
}

/// List the base models and those imported.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voice-clone models list
  voice-clone models list --json

Base models lie in the folder of the setting models.dir, imported ones in
~/.local/share/voice-clone/models or where the setting models.speaker says.")]
pub struct ListArgs {}

/// Import a published checkpoint.
///
/// It is read as data: safetensors, or a checkpoint of PyTorch. A checkpoint that would call anything but what makes
/// tensors and containers is refused. The sizes are found from the tensors, and every name and shape is checked.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voice-clone models import --kind ecapa embedding_model.ckpt
  voice-clone models import --kind ecapa embedding_model.ckpt --output voxceleb.safetensors
  voice-clone config --set models.speaker=voxceleb.safetensors

The imported encoder compares voices where the setting models.speaker names it. It does not
replace the built-in one, whose embeddings the voices are made of.")]
pub struct ImportArgs {
    /// The checkpoint.
    pub file: PathBuf,

    /// What it is.
    #[arg(long, value_enum, value_name = "KIND")]
    pub kind: ModelKind,

    /// Where to put the model [default: ~/.local/share/voice-clone/models/KIND-NAME.safetensors].
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// A kind of model that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModelKind {
    /// A speaker encoder: ECAPA_TDNN of SpeechBrain (embedding_model.ckpt)
    Ecapa,
}

impl ModelKind {
    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ecapa => "ecapa",
        }
    }
}
