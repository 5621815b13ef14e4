//! What `models/recipes/speaker.toml` says.

use serde::Deserialize;

use crate::augment::{AugmentConfig, Speed};
use crate::train::runner::RunConfig;

/// How the speaker encoder is trained.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeakerRecipe {
    /// Speakers kept for measuring.
    pub held_out: Vec<String>,
    /// Collections of the corpus.
    pub collections: Vec<String>,
    /// The collection of background sounds.
    pub noise: String,
    /// Sources of background sounds kept for measuring.
    pub noise_held_out: Vec<String>,
    /// Speeds at which utterances are played; each makes new speakers of all.
    pub speeds: Vec<Speed>,
    /// Share of crops that are mixtures of two utterances.
    pub mixtures: f64,
    /// Seconds of audio in a batch.
    pub batch_s: f64,
    /// Shortest and longest crop.
    pub crop_s: (f64, f64),
    /// Channels of the network.
    pub channels: i64,
    /// Margin in radians.
    pub margin: f64,
    /// Scale of the cosines before the softmax.
    pub scale: f64,
    /// Weight of telling the training speakers apart.
    pub margin_weight: f64,
    /// Weight of the distance to the teacher.
    pub teacher_weight: f64,
    /// Weight of the distance to the teacher's frames, where it tells them.
    #[serde(default)]
    pub frames_weight: f64,
    /// What crops go through.
    pub augment: AugmentConfig,
    /// Length and learning rate.
    pub run: RunConfig,
}
