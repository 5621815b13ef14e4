//! Finds recordings in folders.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::{audio::is_audio_path, error::FileError};

/// What a search found.
#[derive(Debug, Default)]
pub struct Found {
    /// Recordings, in order of their paths.
    pub recordings: Vec<PathBuf>,
    /// Folders that can't be read.
    pub unreadable: Vec<FileError>,
}

/// Which of the files found are wanted.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Whether subfolders are searched.
    recursive: bool,
    /// None wants all.
    include: Option<GlobSet>,
    exclude: GlobSet,
}

impl Default for Choice {
    /// Everything.
    fn default() -> Self {
        Self { recursive: true, include: None, exclude: GlobSet::empty() }
    }
}

impl Choice {
    /// Files that match one of `include`, or any if there are none, and none of `exclude`. A pattern without a slash is
    /// for names, one with a slash for paths inside the folder.
    ///
    /// # Errors
    /// What is no pattern.
    pub fn new(recursive: bool, include: &[String], exclude: &[String]) -> Result<Self, globset::Error> {
        let include = if include.is_empty() { None } else { Some(patterns(include)?) };
        Ok(Self { recursive, include, exclude: patterns(exclude)? })
    }

    fn wants(&self, inside: &Path) -> bool {
        self.include.as_ref().is_none_or(|include| include.is_match(inside)) && !self.exclude.is_match(inside)
    }
}

fn patterns(list: &[String]) -> Result<GlobSet, globset::Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in list {
        let anywhere = if pattern.contains('/') { pattern.clone() } else { format!("**/{pattern}") };
        set.add(GlobBuilder::new(&anywhere).literal_separator(true).case_insensitive(true).build()?);
    }
    set.build()
}

/// Searches `folder` with its subfolders for files with the extension of audio, links followed.
///
/// Hidden files and folders are passed over (some systems put `._a.wav`, which is no audio, beside `a.wav`), and so
/// is `except`. A folder that can't be read is reported, and the search goes on.
pub fn recordings_in(folder: &Path, except: Option<&Path>) -> Found {
    chosen_in(folder, except, &Choice::default())
}

/// The same, of the files that are wanted.
pub fn chosen_in(folder: &Path, except: Option<&Path>, choice: &Choice) -> Found {
    let root = folder;
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
                        if choice.recursive {
                            open.push(path);
                        }
                    } else if is_audio_path(&path) && choice.wants(path.strip_prefix(root).unwrap_or(&path)) {
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
