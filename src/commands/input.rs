//! What a command works on: a text (typed, from a file or from stdin), or the recordings in a folder.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::dataset::scan::recordings_in;

/// More text than anyone means to have read in one go (about 20 hours); protects against `--text-file disk.img`.
const TEXT_LIMIT_BYTES: u64 = 1 << 20;

/// The text typed, else that of the file, else (and for the file `-`) what comes from stdin.
///
/// # Errors
/// A file that can't be read, and a text that is too long or not UTF-8.
pub fn read_text(typed: Option<&str>, file: Option<&Path>) -> anyhow::Result<String> {
    match (typed, file) {
        (Some(text), _) => Ok(text.to_owned()),
        (None, Some(path)) if path.as_os_str() != "-" => {
            let context = || format!("cannot read the text from {}", path.display());
            read_limited(fs::File::open(path).with_context(context)?).with_context(context)
        }
        _ => read_limited(io::stdin()).context("cannot read the text from stdin"),
    }
}

/// The recordings in a folder and its subfolders; says what of it can't be read.
///
/// # Errors
/// A folder without any.
pub fn folder_of_recordings(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let found = recordings_in(folder, None);
    found.unreadable.iter().for_each(|error| tracing::warn!("{error}"));
    anyhow::ensure!(!found.recordings.is_empty(), "{} holds no recordings", folder.display());
    Ok(found.recordings)
}

fn read_limited(source: impl Read) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    source.take(TEXT_LIMIT_BYTES + 1).read_to_end(&mut bytes)?;
    anyhow::ensure!(bytes.len() as u64 <= TEXT_LIMIT_BYTES, "more than {TEXT_LIMIT_BYTES} bytes; split the text");
    String::from_utf8(bytes).context("the text is not UTF-8")
}
