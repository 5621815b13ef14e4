//! `voice-clone mix`.

use std::path::PathBuf;

use clap::Args;

use super::values::{people, seconds_range};

/// Mix conversations whose truth is known, to test diarization or to learn from.
///
/// Each is a WAV file at 16 kHz and an RTTM file that says who speaks when: people take turns, interrupt each other, say
/// a word while somebody else speaks, at different distances in one room, with noise or over a telephone. Labels are of
/// the speech in the recordings before anything is done to them; the recordings should be of one speaker each, and clean.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voice-clone mix --speakers people/ --output truth/ --count 20
  voice-clone mix --speakers people/ --only anna,ben --people 2 --length 60-180 --noise noise/ --output truth/
  voice-clone diarize --input truth/ --output found/
  voice-clone evaluate --rttm-ref truth/ --rttm-hyp found/

A file for --manner has any of the lines below [conversation] in models/recipes/segmentation.toml, such as
interruption = 0.3 (turns that begin before the one before has ended, as a share) or snr_db = [5.0, 25.0].")]
pub struct MixArgs {
    /// A folder with a folder of recordings for each speaker; may be given several times.
    #[arg(long, value_name = "DIR", required = true)]
    pub speakers: Vec<PathBuf>,

    /// The folder for the conversations; made if need be.
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,

    /// Take only these speakers, by the names of their folders.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub only: Vec<String>,

    /// A folder with recordings of background sounds; without it noises are made.
    #[arg(long, value_name = "DIR")]
    pub noise: Option<PathBuf>,

    /// How many conversations.
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub count: u32,

    /// How many people are in each: a number, or the least and the most.
    #[arg(long, value_name = "LEAST-MOST", default_value = "2-5", value_parser = people)]
    pub people: (usize, usize),

    /// How long each is in seconds: a number, or the least and the most.
    #[arg(long, value_name = "LEAST-MOST", default_value = "60-180", value_parser = seconds_range)]
    pub length: (f64, f64),

    /// How people talk and where, as TOML.
    #[arg(long, value_name = "FILE")]
    pub manner: Option<PathBuf>,

    /// The same seed makes the same conversations [default: setting runtime.seed].
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
}
