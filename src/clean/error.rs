//! Why a recording was not cleaned.

use std::path::PathBuf;

use crate::{audio::AudioError, nn::pool::LoadError};

/// Why a recording was not cleaned.
#[derive(Debug, thiserror::Error)]
pub enum CleanError {
    /// The recording can't be read.
    #[error(transparent)]
    Source(AudioError),
    /// The denoiser can't be loaded.
    #[error("cannot load the denoiser")]
    Denoiser(#[source] LoadError),
    /// A file can't be written.
    #[error("cannot write {}: {source}", path.display())]
    Output {
        /// The file, or the folder of a temporary one.
        path: PathBuf,
        /// What went wrong.
        source: AudioError,
    },
}
