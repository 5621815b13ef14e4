//! Sizes of the acoustic model.

use serde::{Deserialize, Serialize};

use crate::features::mel::MelConfig;
use crate::nn::convnext::ConvNextConfig;

/// The default, 9 M parameters, trains on a CPU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AcousticConfig {
    /// Channels C of encoder and decoder.
    pub channels: i64,
    /// Channels between the pointwise layers of a block.
    pub hidden: i64,
    /// Blocks of the text encoder.
    pub encoder_blocks: i64,
    /// Blocks of the predictors of duration, pitch and energy.
    pub variance_blocks: i64,
    /// Blocks of the decoder.
    pub decoder_blocks: i64,
    /// Width of the depthwise convolutions, in symbols or pairs of frames.
    pub kernel: i64,
    /// Values in a speaker embedding.
    pub speaker: i64,
    /// The mel spectrogram that it makes.
    pub mel: MelConfig,
}

impl Default for AcousticConfig {
    fn default() -> Self {
        Self {
            channels: 256,
            hidden: 1024,
            encoder_blocks: 4,
            variance_blocks: 3,
            decoder_blocks: 8,
            kernel: 7,
            speaker: 192,
            mel: MelConfig::synthesis(),
        }
    }
}

impl AcousticConfig {
    /// One of a stack of `blocks` blocks.
    pub fn block(&self, blocks: i64) -> ConvNextConfig {
        let Self { channels, hidden, kernel, .. } = *self;
        ConvNextConfig { channels, hidden, kernel, dilation: 1, layer_scale: 1.0 / blocks.max(1) as f64 }
    }
}
