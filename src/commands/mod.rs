//! One file a command: load, call, report.

pub mod config;
pub mod diarize;
mod diarize_stream;
pub mod evaluate;
mod evaluate_rttm;
mod evaluate_speakers;
pub mod failure;
pub mod generate;
pub mod gpu;
mod input;
mod interrupt;
mod logging;
pub mod mix;
pub mod models;
mod overrides;
pub mod paths;
pub mod process;
mod process_pipe;
pub mod progress;
pub mod session;
pub mod speaker;
pub mod table;
pub mod text;
mod text_report;
pub mod train;
pub mod train_base;
pub mod voices;
mod who;

use crate::{
    cli::{Cli, Command},
    processes::Processes,
};

pub use self::session::Session;

/// Carries out what was typed.
///
/// # Errors
/// Whatever keeps the command from its result; [`failure::exit_code`] says how the process ends.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    let (processes, membership) = Processes::join()?;
    let result = Session::open(&cli, processes).and_then(|session| carry_out(cli, &session));
    if result.is_err() {
        membership.abandon();
    }
    result
}

fn carry_out(cli: Cli, session: &Session) -> anyhow::Result<()> {
    session.refuse_processes(&cli.command)?;
    match cli.command {
        Command::Process(args) => process::run(&args, session),
        Command::Train(args) => train::run(&args, session),
        Command::Generate(args) => generate::run(&args, session),
        Command::Evaluate(args) => evaluate::run(&args, session),
        Command::Diarize(args) => diarize::run(&args, session),
        Command::Mix(args) => mix::run(&args, session),
        Command::Speaker(args) => speaker::run(&args, session),
        Command::Text(args) => text::run(&args, session),
        Command::Voices(_) => voices::run(session),
        Command::Models(args) => models::run(&args, session),
        Command::Gpu(args) => gpu::run(&args, session),
        Command::Config(_) => config::run(session),
    }
}
