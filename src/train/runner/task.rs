//! What a component in training is to the loop.

use tch::Tensor;

use super::replica::{Left, Replica};
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

impl Loss {
    /// The same without what gradients need.
    pub(super) fn detached(self) -> Self {
        let parts = self.parts.into_iter().map(|(name, part)| (name, part.detach())).collect();
        Self { total: self.total.detach(), parts, audio_s: self.audio_s }
    }

    /// The mean over a step's `batches`, from the sum over the share that one of `replicas` had.
    pub(super) fn shared(self, batches: u64, replicas: usize) -> Self {
        let share = batches as f64 / replicas as f64;
        let parts = self.parts.into_iter().map(|(name, part)| (name, part / share)).collect();
        Self { total: self.total / share, parts, audio_s: self.audio_s * replicas as f64 }
    }
}

impl std::ops::Add for Loss {
    type Output = Self;

    /// Parts that only one of them has, such as of a discriminator that had nothing to judge, are left out.
    fn add(self, other: Self) -> Self {
        let both = self.parts.into_iter().filter_map(|(name, part)| {
            let same = other.parts.iter().find(|(theirs, _)| *theirs == name)?;
            Some((name, part + &same.1))
        });
        Self { parts: both.collect(), total: self.total + other.total, audio_s: self.audio_s + other.audio_s }
    }
}

/// Variables whose names begin so serve the training alone: published weights don't have them, and a run that begins with
/// such weights makes them anew.
pub const TRAINING_ONLY: &str = "training.";

/// A component in training.
pub trait Task {
    /// The loss on a batch, when the share `progress` of the run is done. Random choices must follow from the seed and
    /// the batch's number, or from libtorch's generator, which the runner seeds for every batch.
    fn loss(&self, batch: u64, progress: f64) -> Loss;

    /// Lets networks beside the trained one, such as a discriminator, take their step, when they have gradients of all
    /// `batches` of it, of which the replicas had their shares.
    ///
    /// # Errors
    /// A replica that has left.
    fn step_others(&self, _batches: u64, _replica: &Replica) -> Result<(), Left> {
        Ok(())
    }

    /// Makes batches half as large, for a device with too little memory, and forgets gradients of networks beside the
    /// trained one. False where they can't be smaller.
    fn halve_batches(&self) -> bool {
        false
    }

    /// Makes batches twice as large, for a device that has room. False where they can't be larger.
    fn double_batches(&self) -> bool {
        false
    }

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
