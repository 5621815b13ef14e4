//! What a run is asked to do, and what it says of itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::gpu::gauge::{Gauge, Load};
use crate::nn::adamw::AdamWConfig;
use crate::nn::schedule::Schedule;

/// How long and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// The run ends after this many steps.
    pub steps: u64,
    /// Learning rate over the run.
    pub schedule: Schedule,
    /// Optimiser.
    #[serde(default)]
    pub adamw: AdamWConfig,
    /// Decay of the published average.
    pub ema_decay: f64,
    /// Steps between validations.
    pub validate_every: u64,
    /// Batches whose gradients make one step. Replicas share them, and there are at least as many as replicas.
    #[serde(default = "one")]
    pub batches_per_step: u64,
}

pub(in crate::train) fn one() -> u64 {
    1
}

/// What the user sets for one run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Where `checkpoint.safetensors`, `weights.safetensors` and `log.jsonl` go.
    pub folder: PathBuf,
    /// Ends the run after this time, and stretches the schedule over it; not reproducible to the bit.
    pub time_limit: Option<Duration>,
    /// Goes on from the checkpoint in the folder.
    pub resume: bool,
    /// Weights to begin with, instead of random ones.
    pub start: Option<PathBuf>,
    /// Seed of everything random.
    pub seed: u64,
    /// Time between checkpoints.
    pub checkpoint_every: Duration,
    /// What reads the GPUs, where there are any.
    pub gauge: Option<Arc<Gauge>>,
}

/// One line of the log.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// Steps done.
    pub step: u64,
    /// Share of the run that is done, 0 to 1.
    pub progress: f64,
    /// Time in training, earlier sessions included.
    pub elapsed_s: f64,
    /// Loss and its parts.
    pub losses: Vec<(&'static str, f64)>,
    /// Learning rate.
    pub learning_rate: f64,
    /// Norm of the gradients before clipping.
    pub gradient_norm: f64,
    /// Seconds of audio per second.
    pub speed: f64,
    /// How the GPUs were used since the line before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<Load>,
    /// Measures on held-out data, where this step has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Vec<(&'static str, f64)>>,
}
