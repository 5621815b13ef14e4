//! Files of earlier runs: half-written ones, and utterances that may be out of date.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{dataset::layout::Layout, error::FileError, files};

/// Utterances on disk, by the recording that they are from.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    segments: HashMap<String, Vec<PathBuf>>,
}

impl Leftovers {
    /// Looks through the dataset, and removes what a killed run left half-written. The dataset must be locked.
    pub(super) fn collect(layout: &Layout) -> Result<Self, FileError> {
        let mut leftovers = Self::default();
        let mut folders = layout.folders().to_vec();
        let segments = layout.speaker_segments();
        while let Some(folder) = folders.pop() {
            for path in entries(&folder)? {
                if path.is_dir() {
                    if folder.starts_with(&segments) {
                        folders.push(path);
                    }
                } else if path.extension().is_some_and(|extension| *extension == *files::PART.trim_start_matches('.')) {
                    files::remove_if_there(&path)?;
                } else if let Some(id) = recording_of(&path).filter(|_| folder.starts_with(&segments)) {
                    leftovers.segments.entry(id).or_default().push(path);
                }
            }
        }
        Ok(leftovers)
    }

    /// Removes the utterances of the recording `id`.
    pub(super) fn remove_segments(&self, id: &str) -> Result<(), FileError> {
        self.segments.get(id).into_iter().flatten().try_for_each(|path| files::remove_if_there(path))
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let entries = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    entries.map_err(FileError::on("read folder", folder))
}

/// `a` for `a_0001.wav`.
fn recording_of(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_str()?;
    let (id, number) = stem.rsplit_once('_')?;
    let counted = number.len() >= 4 && number.bytes().all(|byte| byte.is_ascii_digit());
    counted.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_written_files_go_and_whole_ones_stay() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        let mut folders = layout.folders().to_vec();
        folders.push(layout.speaker_segments().join("anna"));
        for folder in &folders {
            fs::create_dir_all(folder).unwrap();
        }
        for folder in &folders {
            fs::write(folder.join(".writing-x.part"), "half").unwrap();
            fs::write(folder.join("a_0001.wav"), "whole").unwrap();
        }
        let leftovers = Leftovers::collect(&layout).unwrap();
        for folder in &folders {
            assert!(!folder.join(".writing-x.part").exists(), "{}", folder.display());
            assert!(folder.join("a_0001.wav").exists(), "{}", folder.display());
        }
        leftovers.remove_segments("a").unwrap();
        assert!(!layout.speaker_segments().join("anna/a_0001.wav").exists());
        assert!(layout.normalized().join("a_0001.wav").exists());
    }

    #[test]
    fn the_recording_is_told_by_the_name() {
        for (name, id) in [
            ("a_0001.wav", Some("a")),
            ("a_0001_0002.txt", Some("a_0001")),
            ("a_12345.flac", Some("a")),
            ("a_001.wav", None),
            ("a.wav", None),
            ("a_x001.wav", None),
        ] {
            assert_eq!(recording_of(Path::new(name)).as_deref(), id, "{name}");
        }
    }
}
