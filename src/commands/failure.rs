//! How the process ends when a command fails.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use serde_json::json;

use super::interrupt::{self, Interrupted};
use crate::config::ConfigError;

/// The command can't be carried out as it was typed: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// The result is printed, but it is not what was asked for: exit code 1 without a second document.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Incomplete(pub String);

/// The code for `error`: 2 for wrong usage, 130 for Ctrl-C, 1 for everything else.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    if error.chain().any(|cause| cause.is::<Interrupted>()) {
        return interrupt::EXIT_CODE;
    }
    let usage = error.chain().any(|cause| cause.is::<Usage>() || cause.is::<ConfigError>());
    if usage { 2 } else { 1 }
}

/// Prints the chain of causes to stderr, with `json` also as a document on stdout, and gives the exit code.
///
/// A reader of stdout that went away (`voice-clone voices | head -1`) is no failure.
pub fn report(error: &anyhow::Error, json: bool) -> ExitCode {
    if error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(is_closed_pipe) {
        return ExitCode::SUCCESS;
    }
    let message = message(error);
    // Nothing can be done about a stderr or stdout that refuses the message.
    let _ = writeln!(io::stderr(), "error: {message}");
    let printed = error.chain().any(|cause| cause.is::<Incomplete>());
    if json && !printed {
        let causes: Vec<_> = error.chain().map(ToString::to_string).collect();
        let document = json!({ "error": message, "causes": causes, "exit_code": exit_code(error) });
        let _ = writeln!(io::stdout(), "{document:#}");
    }
    ExitCode::from(exit_code(error))
}

/// The chain of causes in one line. Some errors name their cause themselves; it is not said twice.
fn message(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |said, cause| match cause.to_string() {
        cause if said.is_empty() => cause,
        cause if said.ends_with(&cause) => said,
        cause => format!("{said}: {cause}"),
    })
}

fn is_closed_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let missing = io::Error::other("no such file");
        let file = crate::error::FileError::on("read", std::path::Path::new("a.wav"))(missing);
        let error = anyhow::Error::from(file).context("processing failed");
        assert_eq!(message(&error), "processing failed: cannot read a.wav: no such file");
    }

    #[test]
    fn wrong_usage_is_recognised_below_its_context() {
        let usage = Err::<(), _>(Usage("two outputs".into())).context("generate").unwrap_err();
        assert_eq!(exit_code(&usage), 2);
        let failed = Err::<(), _>(io::Error::other("disk")).context("generate").unwrap_err();
        assert_eq!(exit_code(&failed), 1);
    }
}
