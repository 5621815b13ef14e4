//! `voice-clone voices`: the voices that `generate` knows.

use serde_json::json;

use super::{Session, paths, table};
use crate::synthesis::{models::Models, voice::trained_voices};

/// Lists the trained voices and those that came with the program.
///
/// # Errors
/// Base models that can't be read, or a stdout that can't be written to.
pub fn run(session: &Session) -> anyhow::Result<()> {
    let config = session.config();
    let folder = paths::voices_dir(config);
    let trained = trained_voices(&folder);
    let built_in = Models::new(&paths::models_dir(config), tch::Device::Cpu).built_in_voices()?;
    let names: Vec<&String> = built_in.keys().collect();
    session.print(&json!({ "folder": folder, "trained": trained, "built_in": names }), || {
        let own =
            trained.iter().map(|voice| [voice.name.clone(), "trained".to_owned(), format!("{:.1}", voice.minutes)]);
        let rows: Vec<_> =
            own.chain(names.iter().map(|name| [(*name).clone(), "built in".to_owned(), String::new()])).collect();
        table::layout(["VOICE", "KIND", "MINUTES"], &rows)
    })
}
