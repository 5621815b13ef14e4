//! `voice-clone speaker`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::values::{VoiceName, probability, seconds_of_window};

/// Tell who is speaking: embed, compare, enroll and identify speakers.
///
/// Only the speech of a recording counts. Probabilities come from the calibration of the speaker encoder; they
/// are estimates, worse for short, noisy or disguised speech, and no proof of who somebody is.
#[derive(Debug, Clone, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  voice-clone speaker compare a.wav b.wav
  voice-clone speaker enroll --name anna anna/*.wav
  voice-clone speaker identify meeting/
  arecord -f S16_LE -r 16000 | voice-clone speaker embed - --stream --identify"
)]
pub struct SpeakerArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: SpeakerCommand,
}

/// What can be done with speakers; the documentation of the arguments is their help.
#[derive(Debug, Clone, Subcommand)]
pub enum SpeakerCommand {
    Embed(EmbedArgs),
    Compare(CompareArgs),
    Enroll(EnrollArgs),
    Identify(IdentifyArgs),
    List(ListArgs),
    Forget(ForgetArgs),
}

/// Turn speech into the values that stand for its speaker.
///
/// A folder gives an embedding per recording and their mean. With --stream, the embedding of the latest speech
/// and the mean so far are printed every half second, one JSON document a line, while the audio comes in.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voice-clone speaker embed anna.wav --json
  voice-clone speaker embed anna/ --json > anna.json
  arecord -f S16_LE -r 16000 | voice-clone speaker embed - --stream --identify
  ffmpeg -i talk.mp4 -f s16le -ar 16000 -ac 1 - | voice-clone speaker embed - --stream --raw")]
pub struct EmbedArgs {
    /// A recording, a folder of recordings, or - for stdin (with --stream: WAV, or what --raw says).
    #[arg(value_name = "FILE|DIR|-")]
    pub input: PathBuf,

    /// Embed while the audio comes in: a line of JSON every half second.
    #[arg(long)]
    pub stream: bool,

    /// The stream has no header: 16-bit little-endian samples, mono, 16 kHz.
    #[arg(long, requires = "stream")]
    pub raw: bool,

    /// How much of the latest speech an update embeds, in seconds: 1 to 10.
    #[arg(long, value_name = "SECONDS", value_parser = seconds_of_window, default_value = "3", requires = "stream")]
    pub window: f64,

    /// Name the enrolled speaker at each update, or "unknown".
    #[arg(long, requires = "stream")]
    pub identify: bool,

    /// How an enrolled speaker is accepted.
    #[command(flatten)]
    pub decision: DecisionArgs,
}

/// When a speaker counts as known.
#[derive(Debug, Clone, Copy, Args)]
pub struct DecisionArgs {
    /// How probable it is, before anything is heard, that it is a given enrolled speaker [default: 0.5].
    #[arg(long, value_name = "PROBABILITY", value_parser = probability)]
    pub prior: Option<f64>,

    /// Accept from this log-likelihood ratio on [default: where the probability is one half].
    #[arg(long, value_name = "LLR", allow_negative_numbers = true)]
    pub threshold: Option<f64>,
}

/// Say whether two recordings are of the same speaker.
///
/// The log-likelihood ratio (LLR) says how much more likely the two are for one speaker than for two: 0 is as
/// likely, 3 is 20 times. The probability is for equal priors; the verdict needs nine in ten.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voice-clone speaker compare a.wav b.wav
  voice-clone speaker compare anna/ unknown.wav --json")]
pub struct CompareArgs {
    /// A recording, or a folder of recordings of one speaker.
    #[arg(value_name = "A")]
    pub first: PathBuf,

    /// Another one.
    #[arg(value_name = "B")]
    pub second: PathBuf,
}

/// Make a speaker known, so that identify finds them.
///
/// What is known of the speaker is kept in the folder of the setting speakers.dir: embeddings, and names and
/// hashes of the files, but no audio. Enrolling again adds to it. Ask people before you enroll them.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voice-clone speaker enroll --name anna anna.wav
  voice-clone speaker enroll --name anna anna/
  voice-clone speaker enroll --name anna new/*.wav --replace")]
pub struct EnrollArgs {
    /// The speaker's name.
    #[arg(long, value_name = "NAME")]
    pub name: VoiceName,

    /// Recordings of the speaker, or folders of them; more than 10 s of speech are good.
    #[arg(value_name = "FILE|DIR", required = true)]
    pub inputs: Vec<PathBuf>,

    /// Start anew instead of adding.
    #[arg(long)]
    pub replace: bool,

    /// Accept recordings that seem to hold more than one speaker, or another one than the rest.
    #[arg(long)]
    pub force: bool,
}

/// Say which enrolled speaker a recording is of, or "unknown".
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voice-clone speaker identify unknown.wav
  voice-clone speaker identify recordings/ --json
  voice-clone speaker identify unknown.wav --prior 0.1")]
pub struct IdentifyArgs {
    /// Recordings, or folders of them.
    #[arg(value_name = "FILE|DIR", required = true)]
    pub inputs: Vec<PathBuf>,

    /// How an enrolled speaker is accepted.
    #[command(flatten)]
    pub decision: DecisionArgs,
}

/// List the enrolled speakers.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voice-clone speaker list
  voice-clone speaker list --json")]
pub struct ListArgs {}

/// Remove all that is kept of an enrolled speaker.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voice-clone speaker forget --name anna")]
pub struct ForgetArgs {
    /// The speaker's name.
    #[arg(long, value_name = "NAME")]
    pub name: VoiceName,
}
