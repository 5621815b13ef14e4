//! Decoder: frames of encoded text to mel, F0 and voicing.

use tch::{Tensor, nn};

use super::config::AcousticConfig;
use super::expand::{Expansion, pair_mask};
use super::film::ConditionedStack;
use super::variance::pitch_hz;

/// What the decoder says of each frame.
#[derive(Debug)]
pub struct Frames {
    /// (B, M, T) log-mel.
    pub mel: Tensor,
    /// (B, T) pitch, see [`super::variance::log_pitch`].
    pub pitch: Tensor,
    /// (B, T) logit of being voiced.
    pub voicing: Tensor,
}

impl Frames {
    /// (B, T) F0 in Hz, without gaps, within what voices do.
    pub fn f0_hz(&self) -> Tensor {
        pitch_hz(&self.pitch).clamp(50.0, 600.0)
    }
}

/// A plain regression decoder over pairs of frames.
#[derive(Debug)]
pub struct Decoder {
    position: nn::Linear,
    pairs: nn::Linear,
    stack: ConditionedStack,
    norm: nn::LayerNorm,
    head: nn::Linear,
    bands: i64,
}

/// Two frames are taken at once: half the cost, at the frame rate where most of it is.
const STACK: i64 = 2;
/// Mean and inverse spread of log-mel values: the head learns around zero.
const MEL_OFFSET: f64 = -6.0;
const MEL_SCALE: f64 = 2.0;

impl Decoder {
    /// Parameters `position`, `pairs`, `stack`, `norm`, `head`.
    pub fn new(path: nn::Path, config: &AcousticConfig) -> Self {
        let AcousticConfig { channels, decoder_blocks, ref mel, .. } = *config;
        Self {
            position: nn::linear(&path / "position", 3, channels, Default::default()),
            pairs: nn::linear(&path / "pairs", STACK * channels, channels, Default::default()),
            stack: ConditionedStack::new(&(&path / "stack"), config, decoder_blocks),
            norm: nn::layer_norm(&path / "norm", vec![channels], Default::default()),
            head: nn::linear(&path / "head", channels, STACK * (mel.n_mels + 2), Default::default()),
            bands: mel.n_mels,
        }
    }

    /// Encoded text (B, N, C), its layout over T frames, speaker (B, S) -> mel, pitch and voicing.
    pub fn forward(&self, text: &Tensor, expansion: &Expansion, speaker: &Tensor) -> Frames {
        let frames = expansion.apply(text) + expansion.position.apply(&self.position) * &expansion.mask;
        let (batch, count, channels) = frames.size3().unwrap_or_default();
        let mask = pair_mask(&expansion.mask);
        let pairs = frames.view([batch, count / STACK, STACK * channels]).apply(&self.pairs);
        let out = self.stack.forward(&pairs, speaker, &mask).apply(&self.norm).apply(&self.head);
        let out = out.view([batch, count, self.bands + 2]);
        Frames {
            mel: (out.narrow(-1, 0, self.bands) * MEL_SCALE + MEL_OFFSET).transpose(1, 2),
            pitch: out.select(-1, self.bands),
            voicing: out.select(-1, self.bands + 1),
        }
    }
}
