//! The command line: what can be typed.
//!
//! Nothing here touches libtorch: the front binary compiles this folder on its own, so that help and usage
//! errors are answered before 450 MB of library are loaded (see `main.rs`).

mod diarize;
mod evaluate;
mod generate;
mod global;
mod gpu;
mod mix;
mod models;
mod process;
mod speaker;
mod text;
mod train;
mod values;

use clap::{Args, Parser, Subcommand};

pub use self::{
    diarize::{DiarizeArgs, WhoArgs},
    evaluate::EvaluateArgs,
    generate::{AudioFormat, GenerateArgs},
    global::GlobalArgs,
    gpu::{GpuArgs, GpuShowArgs, StrategyName},
    mix::MixArgs,
    models::{ImportArgs, ModelKind, ModelsAction, ModelsArgs},
    process::ProcessArgs,
    speaker::{
        CompareArgs, DecisionArgs, EmbedArgs, EnrollArgs, ForgetArgs, IdentifyArgs, SpeakerArgs, SpeakerCommand,
    },
    text::{AlphabetName, TextArgs},
    train::{Component, TrainArgs},
    values::{Assignment, VoiceName},
};

/// From a folder of recordings to a voice that says any text, on your own hardware.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "voice-clone",
    bin_name = "voice-clone",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = EXAMPLES
)]
pub struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  voice-clone process  --input recordings/ --output data/anna
  voice-clone train    --input data/anna --model anna --gpu 0
  voice-clone generate --text \"Hello\" --voice anna --output hello.wav
  voice-clone evaluate --model anna --test-data held-out/

Results go to stdout, logs and progress to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
Clone a voice only with its owner's consent.";

/// The commands; the documentation of their arguments is their help.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    Process(ProcessArgs),
    Train(TrainArgs),
    Generate(GenerateArgs),
    Evaluate(EvaluateArgs),
    Diarize(DiarizeArgs),
    Mix(MixArgs),
    Speaker(SpeakerArgs),
    Text(TextArgs),
    Voices(VoicesArgs),
    Models(ModelsArgs),
    Gpu(GpuShowArgs),
    Config(ConfigArgs),
}

/// List the voices that `generate` knows.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voice-clone voices
  voice-clone voices --json

Voices lie in the folder of the setting voices.dir, one folder each.")]
pub struct VoicesArgs {}

/// Show the settings in force and where each one comes from.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
A setting is taken from, in this order: a flag (or --set), the environment, the settings file, the default.
The settings file is the first of: --config, $VOICE_CLONE_CONFIG, ./voice-clone.toml,
~/.config/voice-clone/config.toml. The environment variable of output.loudness_lufs is
VOICE_CLONE_OUTPUT_LOUDNESS_LUFS, and so on. The program's config.toml explains every setting.

Examples:
  voice-clone config
  voice-clone config --set output.loudness_lufs=-14
  VOICE_CLONE_RUNTIME_CPU_LIMIT=50 voice-clone config --json")]
pub struct ConfigArgs {}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_examples_and_every_flag_help() {
        let command = Cli::command();
        let (subs, nested) =
            (command.get_subcommands(), command.get_subcommands().flat_map(|sub| sub.get_subcommands()));
        for sub in subs.chain(nested) {
            assert!(sub.get_after_help().is_some_and(|help| help.to_string().contains("Examples:")), "{sub}");
            for arg in sub.get_arguments().chain(command.get_arguments()) {
                assert!(arg.get_help().is_some(), "{sub} {arg}");
            }
        }
    }
}
