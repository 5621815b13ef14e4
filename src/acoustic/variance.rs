//! Predictors of duration, pitch and energy, and their way back into the text's encoding.

use tch::{Device, Tensor, nn};

use super::config::AcousticConfig;
use super::film::ConditionedStack;

/// Duration, pitch and energy of each symbol.
///
/// All (B, N): duration as `ln(1 + frames)`, pitch as [`log_pitch`], energy as the mean log-mel value.
#[derive(Debug)]
pub struct Variance {
    /// `ln(1 + frames)`.
    pub log_duration: Tensor,
    /// See [`log_pitch`].
    pub pitch: Tensor,
    /// Mean log-mel over bands and frames, see [`scale_energy`].
    pub energy: Tensor,
}

impl Variance {
    /// The same elsewhere.
    pub fn to_device(&self, device: Device) -> Self {
        let Self { log_duration, pitch, energy } = self;
        let [log_duration, pitch, energy] = [log_duration, pitch, energy].map(|values| values.to_device(device));
        Self { log_duration, pitch, energy }
    }
}

/// Pitch as the models see it: `2 (ln F0 - 5)`, about -1 to 2 for speech.
pub fn log_pitch(f0_hz: &Tensor) -> Tensor {
    (f0_hz.clamp_min(40.0).log() - 5.0) * 2.0
}

/// The inverse of [`log_pitch`].
pub fn pitch_hz(pitch: &Tensor) -> Tensor {
    (pitch * 0.5 + 5.0).exp()
}

/// Energy as the models see it, around zero.
pub fn scale_energy(mean_log_mel: &Tensor) -> Tensor {
    (mean_log_mel + 6.0) * 0.5
}

/// Energy in dB of mel magnitude: the inverse of [`scale_energy`].
pub fn energy_db(energy: &Tensor) -> Tensor {
    (energy * 2.0 - 6.0) * (20.0 / std::f64::consts::LN_10)
}

/// Predicts all three from the text and the speaker.
#[derive(Debug)]
pub struct VariancePredictor {
    stack: ConditionedStack,
    norm: nn::LayerNorm,
    head: nn::Linear,
}

impl VariancePredictor {
    /// Parameters `stack`, `norm`, `head`.
    pub fn new(path: nn::Path, config: &AcousticConfig) -> Self {
        Self {
            stack: ConditionedStack::new(&(&path / "stack"), config, config.variance_blocks),
            norm: nn::layer_norm(&path / "norm", vec![config.channels], Default::default()),
            head: nn::linear(&path / "head", config.channels, 3, Default::default()),
        }
    }

    /// Text (B, N, C), speaker (B, S), mask (B, N, 1) -> three times (B, N).
    pub fn forward(&self, text: &Tensor, speaker: &Tensor, mask: &Tensor) -> Variance {
        let out = self.stack.forward(text, speaker, mask).apply(&self.norm).apply(&self.head);
        let [log_duration, pitch, energy] = [0, 1, 2].map(|index| out.select(-1, index));
        Variance { log_duration, pitch, energy }
    }
}

/// Adds pitch and energy to the text's encoding.
#[derive(Debug)]
pub struct VarianceEmbedding {
    embed: nn::Linear,
}

impl VarianceEmbedding {
    /// Parameter `embed`.
    pub fn new(path: nn::Path, config: &AcousticConfig) -> Self {
        Self { embed: nn::linear(&path / "embed", 2, config.channels, Default::default()) }
    }

    /// (B, N, C), (B, N), (B, N) -> (B, N, C).
    pub fn forward(&self, text: &Tensor, pitch: &Tensor, energy: &Tensor) -> Tensor {
        text + Tensor::stack(&[pitch, energy], -1).apply(&self.embed)
    }
}
