//! Attentive statistics pooling: from frames to one vector.

use tch::{Kind, Tensor, nn};

use super::{TdnnBlock, tdnn::pointwise};
use crate::nn::mixed::Conv1d;

/// The least variance, so that the gradient of the square root stays finite (SpeechBrain's `eps`).
const MIN_VARIANCE: f64 = 1e-12;

/// SpeechBrain's `AttentiveStatisticsPooling` with global context: mean and standard deviation over time, where each
/// channel weighs the frames by an attention that also sees the plain mean and deviation of the utterance.
#[derive(Debug)]
pub struct AttentiveStatisticsPooling {
    tdnn: TdnnBlock,
    conv: Conv1d,
}

impl AttentiveStatisticsPooling {
    /// `hidden` channels are between the context and the attention.
    pub fn new(vs: nn::Path, channels: i64, hidden: i64) -> Self {
        Self {
            tdnn: TdnnBlock::new(&vs / "tdnn", 3 * channels, hidden, 1, 1),
            conv: pointwise(&vs / "conv", hidden, channels),
        }
    }

    /// (B, C, T) and the mask (B, 1, T) of real frames → (B, 2 C, 1): means, then deviations.
    pub fn forward(&self, xs: &Tensor, mask: Option<&Tensor>, train: bool) -> Tensor {
        let xs = &xs.to_kind(Kind::Float);
        let (_, _, frames) = xs.size3().unwrap_or_default();
        let uniform = match mask {
            Some(mask) => mask / mask.sum_dim_intlist(2, true, None),
            None => (xs.narrow(1, 0, 1).ones_like()) / frames as f64,
        };
        let (mean, deviation) = weighted_statistics(xs, &uniform);
        // The context is the same in all frames.
        let scores = self.tdnn.forward_parts(&[xs, &mean, &deviation], train);
        let scores = scores.tanh().apply(&self.conv).to_kind(Kind::Float);
        let scores = match mask {
            Some(mask) => scores.masked_fill(&mask.eq(0.0), f64::NEG_INFINITY),
            None => scores,
        };
        let (mean, deviation) = weighted_statistics(xs, &scores.softmax(2, None));
        Tensor::cat(&[mean, deviation], 1)
    }
}

/// Mean and standard deviation over time, each (B, C, 1), by weights that sum to 1 over time.
fn weighted_statistics(xs: &Tensor, weights: &Tensor) -> (Tensor, Tensor) {
    let mean = (weights * xs).sum_dim_intlist(2, true, None);
    let variance = (weights * (xs - &mean).square()).sum_dim_intlist(2, true, None);
    (mean, variance.clamp_min(MIN_VARIANCE).sqrt())
}
