//! The front of the program: answers help, version and wrong usage at once, and hands the rest to the engine.
//!
//! The engine (`src/bin/voice-clone-engine.rs`) is linked to libtorch, which takes a third of a second to load
//! before `main` is even reached. So this binary is a crate root of its own that holds the definition of the
//! command line and nothing else of the library, and becomes the engine by `exec`.

// The library makes use of what the command line says; here it is only checked.
#[allow(dead_code, unused_imports)]
mod cli;
#[allow(dead_code)]
mod gpu {
    pub mod selection;
}
mod launcher;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // Prints and leaves with 0 for help and version, with 2 for wrong usage.
    cli::Cli::parse();
    match launcher::become_engine() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
