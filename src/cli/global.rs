//! Flags that every command takes.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::values::Assignment;

/// Flags that every command takes, before or after its name.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Print one JSON document on stdout instead of text.
    #[arg(long, global = true)]
    pub json: bool,

    /// Log more (-v what is done, -vv every detail); RUST_LOG overrides.
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,

    /// Log errors only and show no progress.
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Read the settings from this file.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Change any setting for this run (see `voice-clone config`).
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", action = ArgAction::Append)]
    pub assignments: Vec<Assignment>,

    /// Random seed: the same seed, input and machine give the same output.
    #[arg(long, global = true, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    pub seed: Option<u64>,

    /// Use at most this share of the CPU's cores.
    #[arg(long, global = true, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub cpu_limit: Option<u8>,
}
