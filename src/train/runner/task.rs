//! What a component in training is to the loop.

use tch::Tensor;

use crate::nn::checkpoint::{CheckpointError, Weights};

/// What a step minimises.
#[derive(Debug)]
pub struct Loss {
    /// The scalar to minimise.
    pub total: Tensor,
    /// Its parts, for the log.
    pub parts: Vec<(&'static str, Tensor)>,
    /// Seconds of audio in the batch, for the speed.
    pub audio_s: f64,
}

/// A component in training.
pub trait Task {
    /// The loss on the batch of `step`, when the share `progress` of the run is done. Random choices must follow from the seed and `step`, or from libtorch's
    /// generator, which the runner seeds at every step.
    fn loss(&self, step: u64, progress: f64) -> Loss;

    /// Measures on held-out data; the first is the one that should fall.
    fn validate(&self) -> Vec<(&'static str, f64)>;

    /// What the published weights must carry to be loaded again.
    fn metadata(&self, weights: &mut Weights) -> Result<(), CheckpointError>;

    /// Weights that are published beside the component's own, in a file of that name: what else learnt in the run.
    fn companion(&self) -> Option<(&'static str, Weights)> {
        None
    }

    /// Tensors beside the trained variables that a resumed run needs, such as a discriminator's; metadata is not kept.
    fn state(&self) -> Weights {
        Weights::default()
    }

    /// Restores what [`Task::state`] gave.
    fn restore(&self, _state: &Weights) -> Result<(), CheckpointError> {
        Ok(())
    }
}
