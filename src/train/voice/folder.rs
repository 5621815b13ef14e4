//! The folder of a voice, and the folder in which it is trained.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::VoiceTrainError;
use crate::error::FileError;
use crate::files::write_atomically;
use crate::nn::checkpoint::{Precision, Weights};
use crate::synthesis::voice::VoiceManifest;
use crate::train::lock;

/// What a training depends on. One that was interrupted goes on only if all of it is the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// Hash of recordings and transcripts.
    pub(super) dataset: String,
    /// Hash of the base acoustic model.
    pub(super) base: String,
    /// Length of the training.
    pub(super) steps: u64,
    /// Highest learning rate.
    pub(super) learning_rate: f64,
    /// Seed of everything random.
    pub(super) seed: u64,
}

/// `.training-<name>` beside the voice: prepared recordings, checkpoint and log, until the voice is done.
#[derive(Debug)]
pub(super) struct WorkFolder {
    path: PathBuf,
    plan: Plan,
    /// Held as long as the training is at work.
    _lock: File,
}

impl WorkFolder {
    const PLAN: &'static str = "plan.json";

    /// The folder of an interrupted training with the same plan, or a new one.
    ///
    /// # Errors
    /// A folder that can't be written, or in which another training is at work.
    pub(super) fn open(voice: &Path, plan: &Plan) -> Result<Self, VoiceTrainError> {
        let name = voice.file_name().unwrap_or_default().to_string_lossy();
        let path = voice.with_file_name(format!(".training-{name}"));
        let lock = lock::lock(&path)?;
        let file = path.join(Self::PLAN);
        let known = fs::read(&file).ok().and_then(|text| serde_json::from_slice::<Plan>(&text).ok());
        if known.as_ref() != Some(plan) {
            Self::empty(&path)?;
            write_atomically(&file, &serde_json::to_vec_pretty(plan).unwrap_or_default())?;
        }
        Ok(Self { path, plan: plan.clone(), _lock: lock })
    }

    /// Removes all but the lock.
    fn empty(path: &Path) -> Result<(), FileError> {
        for entry in fs::read_dir(path).map_err(FileError::on("read", path))? {
            let entry = entry.map_err(FileError::on("read", path))?.path();
            if entry.file_name().is_some_and(|name| name == lock::NAME) {
                continue;
            }
            let removed = if entry.is_dir() { fs::remove_dir_all(&entry) } else { fs::remove_file(&entry) };
            removed.map_err(FileError::on("remove", &entry))?;
        }
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The voice is done. What is left of the folder does no harm, so that failing to remove it is no failure.
    pub(super) fn remove(self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            tracing::warn!("cannot remove {}: {error}", self.path.display());
        }
    }
}

/// Writes the folder under another name first: a voice is there whole or not at all.
pub(super) fn write_voice(
    output: &Path,
    manifest: &VoiceManifest,
    adapter: Option<Weights>,
) -> Result<(), VoiceTrainError> {
    let parent = output.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(FileError::on("create", parent))?;
    let folder =
        tempfile::Builder::new().prefix(".voice-").tempdir_in(parent).map_err(FileError::on("create", parent))?;
    if let Some(adapter) = adapter {
        adapter.write(&folder.path().join(VoiceManifest::ADAPTER), Precision::Half)?;
    }
    let text = serde_json::to_vec_pretty(manifest).unwrap_or_default();
    write_atomically(&folder.path().join(VoiceManifest::FILE), &text)?;
    replace_folder(folder, output)?;
    Ok(())
}

/// Puts a finished folder in place of an older one.
fn replace_folder(folder: tempfile::TempDir, target: &Path) -> Result<(), FileError> {
    let old: Option<PathBuf> = target.exists().then(|| folder.path().with_extension("old"));
    if let Some(old) = &old {
        fs::rename(target, old).map_err(FileError::on("replace", target))?;
    }
    let made = folder.keep();
    fs::rename(&made, target).map_err(FileError::on("write", target))?;
    if let Some(old) = old {
        fs::remove_dir_all(&old).map_err(FileError::on("remove", &old))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::runner::TrainError;

    #[test]
    fn an_older_folder_is_replaced() {
        let parent = tempfile::tempdir().expect("a folder");
        let target = parent.path().join("voice");
        for text in ["one", "two"] {
            let made = tempfile::tempdir_in(parent.path()).expect("a folder");
            fs::write(made.path().join("file"), text).expect("a file");
            replace_folder(made, &target).expect("a writable folder");
            assert_eq!(fs::read_to_string(target.join("file")).expect("the file"), text);
        }
        assert_eq!(fs::read_dir(parent.path()).expect("the folder").count(), 1);
    }

    #[test]
    fn another_plan_starts_anew() {
        let parent = tempfile::tempdir().expect("a folder");
        let voice = parent.path().join("anna");
        let plan = Plan { dataset: "d".into(), base: "b".into(), steps: 10, learning_rate: 1e-3, seed: 0 };
        let work = WorkFolder::open(&voice, &plan).expect("a folder");
        fs::write(work.path().join("checkpoint"), "x").expect("a file");
        fs::create_dir(work.path().join("prepared")).expect("a folder");
        drop(work);
        let again = WorkFolder::open(&voice, &plan).expect("the folder");
        assert!(again.path().join("checkpoint").exists());
        drop(again);
        let other = WorkFolder::open(&voice, &Plan { steps: 11, ..plan }).expect("the folder");
        assert!(!other.path().join("checkpoint").exists() && !other.path().join("prepared").exists());
        other.remove();
        assert_eq!(fs::read_dir(parent.path()).expect("the folder").count(), 0);
    }

    #[test]
    fn two_trainings_of_a_voice_do_not_share_a_folder() {
        let parent = tempfile::tempdir().expect("a folder");
        let voice = parent.path().join("anna");
        let plan = |steps| Plan { dataset: "d".into(), base: "b".into(), steps, learning_rate: 1e-3, seed: 0 };
        let first = WorkFolder::open(&voice, &plan(10)).expect("a folder");
        fs::write(first.path().join("checkpoint"), "x").expect("a file");
        for steps in [10, 11] {
            let second = WorkFolder::open(&voice, &plan(steps));
            assert!(matches!(second, Err(VoiceTrainError::Train(TrainError::Busy(_)))), "{second:?}");
        }
        assert!(first.path().join("checkpoint").exists());
        WorkFolder::open(&parent.path().join("ben"), &plan(10)).expect("another voice's folder");
        drop(first);
        WorkFolder::open(&voice, &plan(10)).expect("the folder");
    }
}
