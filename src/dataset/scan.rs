//! Finds recordings in folders.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use crate::{audio::is_audio_path, error::FileError};

/// What a search found.
#[derive(Debug, Default)]
pub struct Found {
    /// Recordings, in order of their paths.
    pub recordings: Vec<PathBuf>,
    /// Folders that can't be read.
    pub unreadable: Vec<FileError>,
}

/// Searches `folder` with its subfolders for files with the extension of audio, links followed.
///
/// Hidden files and folders are passed over (some systems put `._a.wav`, which is no audio, beside `a.wav`), and so
/// is `except`. A folder that can't be read is reported, and the search goes on.
pub fn recordings_in(folder: &Path, except: Option<&Path>) -> Found {
    let mut found = Found::default();
    // Real paths of the folders seen: links may lead in circles.
    let mut seen: HashSet<PathBuf> = except.and_then(|path| path.canonicalize().ok()).into_iter().collect();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let new = folder.canonicalize().is_ok_and(|real| seen.insert(real));
        if !new {
            continue;
        }
        match entries(&folder) {
            Ok(entries) => {
                for path in entries {
                    if path.is_dir() {
                        open.push(path);
                    } else if is_audio_path(&path) {
                        found.recordings.push(path);
                    }
                }
            }
            Err(error) => found.unreadable.push(error),
        }
    }
    found.recordings.sort();
    found
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let read = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let paths: Vec<PathBuf> = read.map_err(FileError::on("read folder", folder))?;
    Ok(paths.into_iter().filter(|path| !hidden(path)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subfolders_are_searched_and_hidden_files_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for file in ["b.wav", "a/z.MP3", "a/notes.txt", ".hidden.wav", ".git/c.wav", "out/d.wav"] {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = recordings_in(root, Some(&root.join("out")));
        assert_eq!(found.recordings, [root.join("a/z.MP3"), root.join("b.wav")]);
        assert!(found.unreadable.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn links_in_circles_end() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::write(root.join("a.wav"), "").unwrap();
        std::os::unix::fs::symlink(root, root.join("again")).unwrap();
        assert_eq!(recordings_in(root, None).recordings, [root.join("a.wav")]);
    }

    #[test]
    fn a_missing_folder_has_nothing() {
        assert!(recordings_in(Path::new("no/such"), None).recordings.is_empty());
    }
}
