//! `voice-clone config`: what is in force, and why.

use serde_json::json;

use super::{Session, table};

/// Prints every setting with its value and source.
///
/// # Errors
/// A stdout that can't be written to.
pub fn run(session: &Session) -> anyhow::Result<()> {
    let settings = &session.settings;
    session.print(&json!({ "file": settings.file, "settings": settings.entries }), || {
        let rows: Vec<_> = settings
            .entries
            .iter()
            .map(|entry| [entry.key.clone(), entry.value.to_string(), entry.source.to_string()])
            .collect();
        table::layout(["SETTING", "VALUE", "SOURCE"], &rows)
    })
}
