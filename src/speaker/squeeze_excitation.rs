//! Squeeze-and-excitation: channels scaled by what the whole utterance looks like.

use tch::{Tensor, nn};

use super::tdnn::pointwise;
use crate::nn::mixed::Conv1d;

/// SpeechBrain's `SEBlock` (Hu et al. 2018, <https://arxiv.org/abs/1709.01507>).
#[derive(Debug)]
pub struct SqueezeExcitation {
    conv1: Conv1d,
    conv2: Conv1d,
}

impl SqueezeExcitation {
    /// `hidden` channels are between the mean over time and the gains.
    pub fn new(vs: nn::Path, channels: i64, hidden: i64) -> Self {
        Self { conv1: pointwise(&vs / "conv1", channels, hidden), conv2: pointwise(&vs / "conv2", hidden, channels) }
    }

    /// (B, C, T) and the mask (B, 1, T) of real frames → (B, C, T).
    pub fn forward(&self, xs: &Tensor, mask: Option<&Tensor>) -> Tensor {
        let mean = match mask {
            Some(mask) => (xs * mask).sum_dim_intlist(2, true, None) / mask.sum_dim_intlist(2, true, None),
            None => xs.mean_dim(2, true, None),
        };
        let gains = mean.apply(&self.conv1).relu().apply(&self.conv2).sigmoid();
        gains * xs
    }
}
