//! The engine: what `voice-clone` (see `main.rs`) becomes once the command line is known to be right.

use std::process::ExitCode;

use clap::Parser;
use voice_clone::{cli::Cli, commands};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.global.json;
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => commands::failure::report(&error, json),
    }
}
