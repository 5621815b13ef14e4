//! Speech to train on or to measure with: from a folder made by `process`, or any folder of recordings.

use std::path::{Path, PathBuf};

use super::{
    layout::Layout,
    manifest::{Manifest, ManifestError},
    scan,
    transcripts::Transcripts,
};
use crate::error::FileError;

/// One utterance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utterance {
    /// The audio file.
    pub path: PathBuf,
    /// What is said, if that is known.
    pub text: Option<String>,
    /// Who speaks, if `process` filed it under a name.
    pub speaker: Option<String>,
}

/// A folder without speech to use.
#[derive(Debug, thiserror::Error)]
pub enum UtterancesError {
    /// The folder can't be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A manifest can't be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// There is nothing in it.
    #[error("{} holds no recordings", .0.display())]
    Empty(PathBuf),
}

/// The utterances in `folder`, in order of their paths: the segments, if it was made by `process`, else every
/// recording below it.
///
/// # Errors
/// A folder that can't be read or holds no recordings, or a manifest that can't be used.
pub fn read_utterances(folder: &Path) -> Result<Vec<Utterance>, UtterancesError> {
    std::fs::read_dir(folder).map_err(FileError::on("read folder", folder))?;
    let layout = Layout::new(folder);
    let mut utterances = if layout.recordings().is_dir() { segments(&layout)? } else { recordings(folder) };
    utterances.sort_by(|a, b| a.path.cmp(&b.path));
    if utterances.is_empty() { Err(UtterancesError::Empty(folder.to_path_buf())) } else { Ok(utterances) }
}

fn segments(layout: &Layout) -> Result<Vec<Utterance>, UtterancesError> {
    let mut utterances = Vec::new();
    for path in manifest_paths(layout)? {
        let manifest = Manifest::read(&path)?;
        utterances.extend(manifest.segments.into_iter().map(|segment| Utterance {
            path: layout.root().join(segment.path),
            text: segment.text,
            speaker: Some(segment.speaker),
        }));
    }
    Ok(utterances)
}

/// The manifests of a dataset, in order.
pub(super) fn manifest_paths(layout: &Layout) -> Result<Vec<PathBuf>, FileError> {
    let folder = layout.recordings();
    let entries = std::fs::read_dir(&folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let paths: Vec<PathBuf> = match entries {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        entries => entries.map_err(FileError::on("read folder", &folder))?,
    };
    let mut paths: Vec<_> = paths.into_iter().filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
    paths.sort();
    Ok(paths)
}

fn recordings(folder: &Path) -> Vec<Utterance> {
    let mut transcripts = Transcripts::default();
    let utterance = |path: PathBuf| {
        let text = transcripts.find(&path).map(|transcript| transcript.text);
        Utterance { path, text, speaker: None }
    };
    scan::recordings_in(folder, None).recordings.into_iter().map(utterance).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_plain_folder_gives_its_recordings_with_their_texts() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        assert!(matches!(read_utterances(root), Err(UtterancesError::Empty(_))));
        fs::write(root.join("b.wav"), "").unwrap();
        fs::write(root.join("a.wav"), "").unwrap();
        fs::write(root.join("a.txt"), "hello").unwrap();
        let found = read_utterances(root).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].path.clone(), found[0].text.as_deref()), (root.join("a.wav"), Some("hello")));
        assert_eq!(found[1].text, None);
        assert!(matches!(read_utterances(&root.join("none")), Err(UtterancesError::File(_))));
    }
}
