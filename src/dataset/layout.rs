//! Where everything is in a folder made by `process`.

use std::path::{Path, PathBuf};

/// The folder of a dataset.
///
/// ```text
/// raw/                              the recordings as they came
/// processed/normalized/             whole recordings, mono, cleaned, levelled
/// processed/speaker_segments/<who>/ utterances
/// metadata/recordings/              a manifest per recording
/// metadata/turns/                   who speaks when, an RTTM file per recording
/// metadata/report.json, .html       what the last run did
/// metadata/pictures/                levels and spectrograms, before and after cleaning
/// metadata/settings.toml            and with which settings
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout below `root`.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    /// The dataset's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The recordings as they came.
    pub fn raw(&self) -> PathBuf {
        self.root.join("raw")
    }

    /// Whole recordings, levelled.
    pub fn normalized(&self) -> PathBuf {
        self.root.join("processed/normalized")
    }

    /// Utterances, one folder per speaker.
    pub fn speaker_segments(&self) -> PathBuf {
        self.root.join("processed/speaker_segments")
    }

    /// Manifests.
    pub fn recordings(&self) -> PathBuf {
        self.metadata().join("recordings")
    }

    /// The manifest of the recording `id`.
    pub fn manifest(&self, id: &str) -> PathBuf {
        self.recordings().join(format!("{id}.json"))
    }

    /// Who speaks when in the recording `id`.
    pub fn turns(&self, id: &str) -> PathBuf {
        self.turns_folder().join(format!("{id}.rttm"))
    }

    fn turns_folder(&self) -> PathBuf {
        self.metadata().join("turns")
    }

    fn metadata(&self) -> PathBuf {
        self.root.join("metadata")
    }

    /// The same as a page for a browser.
    pub fn page(&self) -> PathBuf {
        self.metadata().join("report.html")
    }

    /// Pictures of recordings.
    pub fn pictures(&self) -> PathBuf {
        self.metadata().join("pictures")
    }

    /// What the last run did.
    pub fn report(&self) -> PathBuf {
        self.metadata().join("report.json")
    }

    /// The settings of the last run.
    pub fn settings(&self) -> PathBuf {
        self.metadata().join("settings.toml")
    }

    /// Held while a run is at work.
    pub(super) fn lock(&self) -> PathBuf {
        self.metadata().join(".lock")
    }

    /// All folders that hold files, but for those of speakers; outer ones first.
    pub(super) fn folders(&self) -> [PathBuf; 7] {
        [
            self.raw(),
            self.normalized(),
            self.speaker_segments(),
            self.metadata(),
            self.recordings(),
            self.turns_folder(),
            self.pictures(),
        ]
    }

    /// `path` as manifests give it: relative to the dataset, with forward slashes.
    pub fn relative(&self, path: &Path) -> String {
        let inside = path.strip_prefix(&self.root).unwrap_or(path);
        inside.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    }
}
