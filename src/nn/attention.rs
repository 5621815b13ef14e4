//! Self-attention over frames (Vaswani et al. 2017), before which a layer norm stands.

use tch::{Tensor, nn};

use super::mixed;

/// Layer norm, attention of several heads, residual.
#[derive(Debug)]
pub struct SelfAttention {
    heads: i64,
    norm: nn::LayerNorm,
    /// Queries, keys and values.
    input: nn::Linear,
    output: nn::Linear,
}

impl SelfAttention {
    /// Parameters `norm`, `in_proj` and `out_proj`; `channels` is a multiple of `heads`.
    pub fn new(path: nn::Path, channels: i64, heads: i64) -> Self {
        Self {
            heads,
            norm: nn::layer_norm(&path / "norm", vec![channels], Default::default()),
            input: nn::linear(&path / "in_proj", channels, 3 * channels, Default::default()),
            output: nn::linear(&path / "out_proj", channels, channels, Default::default()),
        }
    }

    /// (B, T, C) → (B, T, C). Every frame hears every other; where frames stand does not matter.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let (batch, frames, channels) = x.size3().unwrap_or_default();
        let heads = mixed::linear(&x.apply(&self.norm), &self.input)
            .view([batch, frames, 3, self.heads, channels / self.heads])
            .permute([2, 0, 3, 1, 4]);
        let [query, key, value] = [0, 1, 2].map(|part| heads.get(part));
        let heard = if mixed::is_on() {
            // On a CPU the plain products are faster than libtorch's fused attention, backward above all.
            let scores = mixed::product(&query, &key.transpose(2, 3)) / ((channels / self.heads) as f64).sqrt();
            mixed::product(&scores.softmax(-1, scores.kind()), &value)
        } else {
            Tensor::scaled_dot_product_attention(&query, &key, &value, None::<&Tensor>, 0.0, false, None, false)
        };
        let joined = heard.transpose(1, 2).reshape([batch, frames, channels]);
        x + mixed::linear(&joined, &self.output)
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    /// The formula, a head and a frame at a time.
    #[test]
    fn each_frame_is_the_mean_of_all_weighted_by_likeness() {
        let store = nn::VarStore::new(Device::Cpu);
        let attention = SelfAttention::new(store.root(), 6, 2);
        // Tests draw from one generator, whichever runs first: these values are always the same.
        let values = |count: i64| (Tensor::arange(count, (Kind::Float, Device::Cpu)) * 1.7).sin();
        tch::no_grad(|| {
            for (_, mut weights) in store.variables().into_iter().filter(|(name, _)| !name.starts_with("norm")) {
                weights.copy_(&(values(weights.numel() as i64).view_as(&weights) * 0.4));
            }
        });
        let x = values(24).view([1, 4, 6]);
        let projected = x.layer_norm([6], None::<Tensor>, None::<Tensor>, 1e-5, false).get(0).apply(&attention.input);
        let mut rows = Vec::new();
        for frame in 0..4 {
            for head in 0..2 {
                let part = |kind: i64| projected.narrow(1, kind * 6 + head * 3, 3);
                let scores = part(1).matmul(&part(0).get(frame)) / 3f64.sqrt();
                rows.push(scores.softmax(0, Kind::Float).unsqueeze(0).matmul(&part(2)));
            }
        }
        let expected = &x + Tensor::cat(&rows, 0).view([1, 4, 6]).apply(&attention.output);
        let gap = |heard: Tensor| (heard - &expected).abs().max().double_value(&[]);
        assert!(gap(attention.forward(&x)) < 1e-5);
        assert!(gap(mixed::scoped(true, || attention.forward(&x))) < 0.03);
    }
}
