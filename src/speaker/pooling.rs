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

impl AttentiveStatisticsPooling {
    /// (B, C, T) → (B, 2 C, T): what [`Self::forward`] makes of the `width` frames (odd) around each, where each frame's
    /// attention sees the context around itself.
    pub fn moving(&self, xs: &Tensor, width: i64) -> Tensor {
        /// What a frame weighs at least against the channel's heaviest: moving sums are differences, which lose digits.
        const LEAST_WEIGHT: f64 = 1e-3;
        let xs = &xs.to_kind(Kind::Float);
        let around = Around::new(xs, width);
        let deviation = |mean: &Tensor, square: Tensor| (square - mean.square()).clamp_min(MIN_VARIANCE).sqrt();
        let plain = around.sum(xs) / &around.count;
        let context = [xs, &plain, &deviation(&plain, around.sum(&xs.square()) / &around.count)];
        let scores = self.tdnn.forward_parts(&context, false).tanh().apply(&self.conv).to_kind(Kind::Float);
        let weights = (&scores - scores.amax([2], true)).exp().clamp_min(LEAST_WEIGHT);
        let sum = around.sum(&weights);
        let weighted = &weights * xs;
        let mean = around.sum(&weighted) / &sum;
        let square = around.sum(&(weighted * xs)) / sum;
        Tensor::cat(&[&mean, &deviation(&mean, square)], 1)
    }
}

/// Stretches of frames around each, cut off at the ends.
struct Around {
    from: Tensor,
    to: Tensor,
    /// Frames of each.
    count: Tensor,
}

impl Around {
    fn new(xs: &Tensor, width: i64) -> Self {
        let frames = xs.size().last().copied().unwrap_or_default();
        let middle = Tensor::arange(frames, (Kind::Int64, xs.device()));
        let from = (&middle - width / 2).clamp(0, frames);
        let to = (middle + width / 2 + 1).clamp(0, frames);
        Self { count: (&to - &from).to_kind(Kind::Float), from, to }
    }

    /// (B, C, T) → sums (B, C, T).
    fn sum(&self, xs: &Tensor) -> Tensor {
        let sums = xs.cumsum(2, None).constant_pad_nd([1, 0]);
        sums.index_select(2, &self.to) - sums.index_select(2, &self.from)
    }
}

/// Mean and standard deviation over time, each (B, C, 1), by weights that sum to 1 over time.
fn weighted_statistics(xs: &Tensor, weights: &Tensor) -> (Tensor, Tensor) {
    let mean = (weights * xs).sum_dim_intlist(2, true, None);
    let variance = (weights * (xs - &mean).square()).sum_dim_intlist(2, true, None);
    (mean, variance.clamp_min(MIN_VARIANCE).sqrt())
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    #[test]
    fn moving_statistics_are_those_of_the_stretch_around() {
        tch::manual_seed(4);
        let store = nn::VarStore::new(Device::Cpu);
        let pooling = AttentiveStatisticsPooling::new(store.root(), 6, 4);
        let xs = Tensor::randn([2, 6, 40], (Kind::Float, Device::Cpu));
        // Attention that sees no context, so that each stretch can be pooled on its own.
        tch::no_grad(|| {
            let mut layer = store.variables().remove("tdnn.conv.conv.weight").expect("the layer");
            let _ = layer.narrow(1, 6, 12).zero_();
            let _ = layer.g_mul_scalar_(0.3);
        });
        let moving = pooling.moving(&xs, 9);
        assert_eq!(moving.size(), [2, 12, 40]);
        for middle in 0..40 {
            let (from, to) = ((middle - 4i64).max(0), (middle + 5).min(40));
            let expected = pooling.forward(&xs.narrow(2, from, to - from), None, false).squeeze_dim(2);
            let difference = (moving.select(2, middle) - expected).abs().max().double_value(&[]);
            assert!(difference < 1e-4, "{middle}: {difference}");
        }
    }
}
