//! Why training stops before its end.

use std::path::PathBuf;

use super::replica::Left;
use crate::error::FileError;
use crate::nn::checkpoint::CheckpointError;
use crate::synthesis::models::ModelError;

/// Why training stopped.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A checkpoint could not be read or written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A base model that this training builds on could not be loaded.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A log could not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another training is at work in the folder.
    #[error("another training is writing to {}; wait for it to end", .0.display())]
    Busy(PathBuf),
    /// The gradients were not finite for many steps in a row.
    #[error("training diverged at step {step}: the gradients are not finite; lower the learning rate")]
    Diverged { step: u64 },
    /// Another replica failed; its own error says more.
    #[error(transparent)]
    Left(#[from] Left),
    /// Not even the smallest batches fit.
    #[error("the device has too little memory even for the smallest batches; a smaller network may fit")]
    Memory,
    /// The data cannot be trained on.
    #[error("{0}")]
    Data(String),
}
