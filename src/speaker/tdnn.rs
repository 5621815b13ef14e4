//! Time-delay block: a dilated convolution over time, ReLU, batch normalisation.

use tch::{
    Tensor,
    nn::{self, BatchNormConfig, ConvConfig, Init, ModuleT, PaddingMode},
};

use crate::nn::mixed::Conv1d;

/// Batch normalisation that starts as the identity (tch's own default starts with random gains).
pub(super) fn batch_norm(vs: nn::Path, channels: i64) -> nn::BatchNorm {
    let config = BatchNormConfig { ws_init: Init::Const(1.0), ..Default::default() };
    nn::batch_norm1d(vs / "norm", channels, config)
}

/// A convolution of one frame, under SpeechBrain's name `conv`.
pub(super) fn pointwise(vs: nn::Path, channels_in: i64, channels_out: i64) -> Conv1d {
    Conv1d::new(vs / "conv", channels_in, channels_out, 1, ConvConfig::default())
}

/// SpeechBrain's `TDNNBlock`: convolution that keeps the number of frames (edges are reflected), ReLU, batch norm.
#[derive(Debug)]
pub struct TdnnBlock {
    conv: Conv1d,
    norm: nn::BatchNorm,
}

impl TdnnBlock {
    /// `kernel` (odd) and `dilation` are in frames.
    pub fn new(vs: nn::Path, channels_in: i64, channels_out: i64, kernel: i64, dilation: i64) -> Self {
        let padding = kernel / 2 * dilation;
        let padding_mode = if padding == 0 { PaddingMode::Zeros } else { PaddingMode::Reflect };
        let config = ConvConfig { dilation, padding, padding_mode, ..Default::default() };
        Self {
            conv: Conv1d::new(&vs / "conv" / "conv", channels_in, channels_out, kernel, config),
            norm: batch_norm(&vs / "norm", channels_out),
        }
    }

    /// (B, C in, T) → (B, C out, T).
    pub fn forward(&self, xs: &Tensor, train: bool) -> Tensor {
        self.norm.forward_t(&xs.apply(&self.conv).relu(), train)
    }

    /// [`Self::forward`] of parts that are joined along the channels ([`Conv1d::forward_parts`]).
    pub fn forward_parts(&self, parts: &[&Tensor], train: bool) -> Tensor {
        self.norm.forward_t(&self.conv.forward_parts(parts).relu(), train)
    }
}
