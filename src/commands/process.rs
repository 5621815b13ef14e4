//! `voice-clone process`: recordings to clean, catalogued speech.

use super::Session;
use crate::cli::ProcessArgs;

/// Processes.
///
/// # Errors
/// Nothing usable in the input, or an output that can't be written.
pub fn run(args: &ProcessArgs, _session: &Session) -> anyhow::Result<()> {
    anyhow::bail!("processing {} is not built into this program yet", args.input.display())
}
