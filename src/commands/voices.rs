//! `voice-clone voices`: the voices that `generate` knows.

use super::{Session, paths};

/// Lists the voices.
///
/// # Errors
/// A folder of voices that can't be read.
pub fn run(session: &Session) -> anyhow::Result<()> {
    let folder = paths::voices_dir(session.config());
    anyhow::bail!("listing the voices of {} is not built into this program yet", folder.display())
}
