//! How the process ends when a command fails.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use serde_json::json;

use crate::config::ConfigError;

/// The command can't be carried out as it was typed: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// The code for `error`: 2 for wrong usage, 1 for everything else.
pub fn exit_code(error: &anyhow::Error) -> u8 {
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
    // Nothing can be done about a stderr or stdout that refuses the message.
    let _ = writeln!(io::stderr(), "error: {error:#}");
    if json {
        let causes: Vec<_> = error.chain().map(ToString::to_string).collect();
        let document = json!({ "error": format!("{error:#}"), "causes": causes, "exit_code": exit_code(error) });
        let _ = writeln!(io::stdout(), "{document:#}");
    }
    ExitCode::from(exit_code(error))
}

fn is_closed_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn wrong_usage_is_recognised_below_its_context() {
        let usage = Err::<(), _>(Usage("two outputs".into())).context("generate").unwrap_err();
        assert_eq!(exit_code(&usage), 2);
        let failed = Err::<(), _>(io::Error::other("disk")).context("generate").unwrap_err();
        assert_eq!(exit_code(&failed), 1);
    }
}
