//! Folders of speakers.

use std::path::{Path, PathBuf};

use crate::{dataset::scan::recordings_in, error::FileError};

/// Somebody, and recordings of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speaker {
    /// The name of the folder.
    pub name: String,
    /// In order of their paths.
    pub recordings: Vec<PathBuf>,
}

/// Why folders can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// A folder can't be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is nobody to tell from others.
    #[error("{} speakers with recordings in {}; at least two are needed, a folder each", found, list(folders))]
    TooFew {
        /// How many there are.
        found: usize,
        /// Where was looked.
        folders: Vec<PathBuf>,
    },
    /// A speaker that was asked for is not there.
    #[error("there is no speaker {name:?} in {}", list(folders))]
    Unknown {
        /// The name.
        name: String,
        /// Where was looked.
        folders: Vec<PathBuf>,
    },
}

fn list(folders: &[PathBuf]) -> String {
    folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// The speakers in `folders`, each a subfolder with recordings, in order; with `only`, those of these names.
///
/// # Errors
/// A folder that can't be read, a name in `only` that is not there, or fewer than two speakers.
pub fn collect(folders: &[PathBuf], only: &[String]) -> Result<Vec<Speaker>, CollectError> {
    let mut speakers = Vec::new();
    for folder in folders {
        for path in subfolders(folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !only.is_empty() && !only.contains(&name) {
                continue;
            }
            let recordings = recordings_in(&path, None).recordings;
            if !recordings.is_empty() {
                speakers.push(Speaker { name, recordings });
            }
        }
    }
    let found = speakers.len();
    if let Some(name) = only.iter().find(|&name| !speakers.iter().any(|speaker| speaker.name == *name)) {
        return Err(CollectError::Unknown { name: name.clone(), folders: folders.to_vec() });
    }
    let too_few = CollectError::TooFew { found, folders: folders.to_vec() };
    if found < 2 { Err(too_few) } else { Ok(speakers) }
}

fn subfolders(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let entries = std::fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut paths: Vec<PathBuf> = entries.map_err(FileError::on("read folder", folder))?;
    paths.retain(|path| path.is_dir());
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_a_speaker_if_it_holds_recordings() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path();
        for file in ["b/1.wav", "a/deep/2.wav", "a/1.wav", "empty/notes.txt", "loose.wav"] {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, "").expect("a file");
        }
        let folders = [root.to_path_buf()];
        let found = collect(&folders, &[]).expect("two speakers");
        let names: Vec<_> = found.iter().map(|speaker| (speaker.name.as_str(), speaker.recordings.len())).collect();
        assert_eq!(names, [("a", 2), ("b", 1)]);
        let error = collect(&folders, &["a".to_owned(), "c".to_owned()]).expect_err("nobody of that name");
        assert!(error.to_string().starts_with("there is no speaker \"c\" in "), "{error}");
        let error = collect(&folders, &["a".to_owned()]).expect_err("one is too few");
        assert!(error.to_string().starts_with("1 speakers with recordings"), "{error}");
        assert!(matches!(collect(&[root.join("none")], &[]), Err(CollectError::File(_))));
    }
}
