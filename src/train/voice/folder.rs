//! The folder of a voice, and the folder in which it is trained.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::VoiceTrainError;
use crate::error::FileError;
use crate::files::write_atomically;
use crate::nn::checkpoint::{Precision, Weights};
use crate::synthesis::voice::VoiceManifest;

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
}

impl WorkFolder {
    const PLAN: &'static str = "plan.json";

    /// The folder of an interrupted training with the same plan, or a new one.
    pub(super) fn open(voice: &Path, plan: &Plan) -> Result<Self, FileError> {
        let name = voice.file_name().unwrap_or_default().to_string_lossy();
        let path = voice.with_file_name(format!(".training-{name}"));
        let file = path.join(Self::PLAN);
        let known = std::fs::read(&file).ok().and_then(|text| serde_json::from_slice::<Plan>(&text).ok());
        if known.as_ref() != Some(plan) {
            if path.exists() {
                std::fs::remove_dir_all(&path).map_err(FileError::on("remove", &path))?;
            }
            std::fs::create_dir_all(&path).map_err(FileError::on("create", &path))?;
            write_atomically(&file, &serde_json::to_vec_pretty(plan).unwrap_or_default())?;
        }
        Ok(Self { path, plan: plan.clone() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The voice is done. What is left of the folder does no harm, so that failing to remove it is no failure.
    pub(super) fn remove(self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
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
    std::fs::create_dir_all(parent).map_err(FileError::on("create", parent))?;
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
        std::fs::rename(target, old).map_err(FileError::on("replace", target))?;
    }
    let made = folder.keep();
    std::fs::rename(&made, target).map_err(FileError::on("write", target))?;
    if let Some(old) = old {
        std::fs::remove_dir_all(&old).map_err(FileError::on("remove", &old))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_folder_is_replaced() {
        let parent = tempfile::tempdir().expect("a folder");
        let target = parent.path().join("voice");
        for text in ["one", "two"] {
            let made = tempfile::tempdir_in(parent.path()).expect("a folder");
            std::fs::write(made.path().join("file"), text).expect("a file");
            replace_folder(made, &target).expect("a writable folder");
            assert_eq!(std::fs::read_to_string(target.join("file")).expect("the file"), text);
        }
        assert_eq!(std::fs::read_dir(parent.path()).expect("the folder").count(), 1);
    }

    #[test]
    fn another_plan_starts_anew() {
        let parent = tempfile::tempdir().expect("a folder");
        let voice = parent.path().join("anna");
        let plan = Plan { dataset: "d".into(), base: "b".into(), steps: 10, learning_rate: 1e-3, seed: 0 };
        let work = WorkFolder::open(&voice, &plan).expect("a folder");
        std::fs::write(work.path().join("checkpoint"), "x").expect("a file");
        let again = WorkFolder::open(&voice, &plan).expect("the folder");
        assert!(again.path().join("checkpoint").exists());
        let other = WorkFolder::open(&voice, &Plan { steps: 11, ..plan }).expect("the folder");
        assert!(!other.path().join("checkpoint").exists());
        other.remove();
        assert_eq!(std::fs::read_dir(parent.path()).expect("the folder").count(), 0);
    }
}
