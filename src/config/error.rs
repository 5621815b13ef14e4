//! What can be wrong with settings.

use crate::{config::Source, error::FileError};

/// A setting that can't be used, with where it was given.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The settings file can't be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The settings file is not TOML.
    #[error("{origin} is not valid TOML: {message}")]
    Syntax {
        /// The file.
        origin: Source,
        /// What is wrong and where.
        message: String,
    },
    /// There is no such setting.
    #[error("unknown setting {key} ({origin}); did you mean {nearest}?")]
    UnknownKey {
        /// As it was given.
        key: String,
        /// Where it was given.
        origin: Source,
        /// The most similar valid key, or environment variable.
        nearest: String,
    },
    /// The value is not one of those allowed.
    #[error("{key} = {actual} ({origin}): expected {expected}")]
    Value {
        /// The setting.
        key: String,
        /// Where it was given.
        origin: Source,
        /// What is allowed.
        expected: String,
        /// What was given.
        actual: String,
    },
    /// Two settings contradict each other.
    #[error("{0}")]
    Contradiction(String),
    /// The values are each allowed but do not make a configuration: a mistake in the program.
    #[error("the settings do not fit together: {0}")]
    Assembly(String),
}
