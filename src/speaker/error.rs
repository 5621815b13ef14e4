//! What can go wrong between samples and an embedding.

use super::EcapaConfigError;
use crate::{nn::checkpoint::CheckpointError, units::Seconds};

/// Why there is no embedding.
#[derive(Debug, thiserror::Error)]
pub enum SpeakerError {
    /// The weights could not be read or do not fit the network.
    #[error("speaker encoder: {0}")]
    Weights(#[from] CheckpointError),
    /// The configuration in the weights describes no network.
    #[error("speaker encoder: {0}")]
    Config(#[from] EcapaConfigError),
    /// The weights want another input than the program computes.
    #[error("speaker encoder: the weights expect {expected} filterbanks, but {actual} are computed")]
    Bands {
        /// What the network takes.
        expected: i64,
        /// What there is.
        actual: i64,
    },
    /// The network looks further than the shortest recording lasts.
    #[error("speaker encoder: the network needs {needed} frames, but the shortest recording has {available}")]
    Context {
        /// The fewest frames that the network takes.
        needed: i64,
        /// Frames in the shortest recording that is accepted.
        available: i64,
    },
    /// Too little to tell a voice by.
    #[error("a voice needs at least {min} of speech to be recognised, but there is only {actual}")]
    TooShort {
        /// The least that is accepted.
        min: Seconds,
        /// What was given.
        actual: Seconds,
    },
    /// Nothing can be heard.
    #[error("the recording is silent: its level is {actual_db:.0} dBFS, and a voice needs more than {min_db:.0} dBFS")]
    Silent {
        /// The least that is accepted.
        min_db: f64,
        /// The root mean square of what was given.
        actual_db: f64,
    },
    /// Windows that go through the network at once have one length.
    #[error("windows of {expected} and of {actual} samples can't be embedded together")]
    Lengths {
        /// The length of the first window, in samples.
        expected: usize,
        /// The length of another.
        actual: usize,
    },
    /// Samples that are no numbers.
    #[error("sample {index} of the recording is not a finite number")]
    NotFinite {
        /// The first such sample.
        index: usize,
    },
}
