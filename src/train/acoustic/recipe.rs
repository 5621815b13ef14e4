//! How the acoustic model is trained.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::listener::ListenerConfig;
use crate::acoustic::config::AcousticConfig;
use crate::train::adversary::AdversaryConfig;
use crate::train::runner::RunConfig;

/// What `models/recipes/acoustic.toml` says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcousticRecipe {
    /// Speakers kept for measuring.
    pub held_out: Vec<String>,
    /// Collections of the corpus.
    pub collections: Vec<String>,
    /// Voices that work right after installation: a name for each of these speakers.
    pub built_in: BTreeMap<String, String>,
    /// Utterances of a speaker that are embedded.
    pub references: usize,
    /// Frames in a batch, padding included.
    pub batch_frames: usize,
    /// Weight of the durations' squared error.
    pub duration_weight: f64,
    /// Weight of the squared errors of pitch and energy per symbol.
    pub variance_weight: f64,
    /// Weight of the pitch error per frame.
    pub pitch_weight: f64,
    /// Weight of the voicing's cross entropy.
    pub voicing_weight: f64,
    /// The discriminator, where there is one.
    pub adversary: Option<AdversaryConfig>,
    /// Who hears what is made through the vocoder, where somebody does; the vocoder must be trained first.
    pub listener: Option<ListenerConfig>,
    /// Sizes of the network.
    pub model: AcousticConfig,
    /// Length and learning rate.
    pub run: RunConfig,
}

/// Weights of the loss.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LossWeights {
    /// Of the durations' squared error.
    pub duration: f64,
    /// Of the squared errors of pitch and energy per symbol.
    pub variance: f64,
    /// Of the pitch error per frame.
    pub pitch: f64,
    /// Of the voicing's cross entropy.
    pub voicing: f64,
}

impl Default for LossWeights {
    fn default() -> Self {
        Self { duration: 0.2, variance: 0.1, pitch: 0.2, voicing: 0.1 }
    }
}

impl AcousticRecipe {
    /// The loss that it asks for.
    pub fn weights(&self) -> LossWeights {
        LossWeights {
            duration: self.duration_weight,
            variance: self.variance_weight,
            pitch: self.pitch_weight,
            voicing: self.voicing_weight,
        }
    }
}
