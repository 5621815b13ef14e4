//! One training at a time writes to a folder.

use std::fs::{self, File};
use std::path::Path;

use super::runner::TrainError;
use crate::error::FileError;
use crate::files;

/// The file within the folder.
pub(super) const NAME: &str = ".lock";

/// Held while a training writes to `folder`, which is made if need be.
///
/// # Errors
/// A folder that can't be written, or in which another training is at work.
pub(super) fn lock(folder: &Path) -> Result<File, TrainError> {
    fs::create_dir_all(folder).map_err(FileError::on("create", folder))?;
    files::lock(&folder.join(NAME))?.ok_or_else(|| TrainError::Busy(folder.to_path_buf()))
}
