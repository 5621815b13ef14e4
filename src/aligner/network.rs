//! The phoneme recogniser: log-mel to class probabilities, frame by frame.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor, nn};

use super::phones::Phone;
use crate::features::mel::MelConfig;
use crate::nn::convnext::{ConvNextBlock, ConvNextConfig};

/// Sizes of the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlignerConfig {
    /// Channels C of the body.
    pub channels: i64,
    /// Channels between the pointwise layers of a block.
    pub hidden: i64,
    /// Number of blocks.
    pub blocks: i64,
    /// Width of the depthwise convolutions, in pairs of frames.
    pub kernel: i64,
    /// The features that it reads.
    pub mel: MelConfig,
}

impl Default for AlignerConfig {
    fn default() -> Self {
        Self { channels: 256, hidden: 768, blocks: 6, kernel: 9, mel: MelConfig::synthesis() }
    }
}

/// ConvNeXt blocks over pairs of frames, with a class for each frame of the pair.
#[derive(Debug)]
pub struct AlignerNetwork {
    config: AlignerConfig,
    embed: nn::Linear,
    norm: nn::LayerNorm,
    blocks: Vec<ConvNextBlock>,
    final_norm: nn::LayerNorm,
    head: nn::Linear,
    /// (K) mean probability of each class over the training data.
    prior: Tensor,
}

/// Two frames are taken at once: half the cost, and speech changes slowly enough.
const STACK: i64 = 2;

impl AlignerNetwork {
    /// Parameters `embed`, `norm`, `blocks.N`, `final_norm`, `head`, `prior`.
    pub fn new(path: nn::Path, config: AlignerConfig) -> Self {
        let AlignerConfig { channels, hidden, blocks, kernel, ref mel } = config;
        let classes = Phone::STATES as i64;
        let block = ConvNextConfig { channels, hidden, kernel, dilation: 1, layer_scale: 1.0 / blocks as f64 };
        let mut prior = path.zeros_no_train("prior", &[classes]);
        tch::no_grad(|| prior += 1.0 / classes as f64);
        Self {
            embed: nn::linear(&path / "embed", STACK * mel.n_mels, channels, Default::default()),
            norm: nn::layer_norm(&path / "norm", vec![channels], Default::default()),
            blocks: (0..blocks).map(|i| ConvNextBlock::new(&path / "blocks" / i, block)).collect(),
            final_norm: nn::layer_norm(&path / "final_norm", vec![channels], Default::default()),
            head: nn::linear(&path / "head", channels, STACK * classes, Default::default()),
            prior,
            config,
        }
    }

    /// The sizes that it was made with.
    pub fn config(&self) -> &AlignerConfig {
        &self.config
    }

    /// Log-probabilities: mel (B, M, T), mask (B, T) of ones and zeros -> (B, T, K). T must be even.
    pub fn forward(&self, mel: &Tensor, mask: &Tensor) -> Tensor {
        let (batch, bands, frames) = mel.size3().unwrap_or_default();
        let mask = mask.unsqueeze(1);
        // The mean over the utterance is the channel's, not the speech's.
        let mean = (mel * &mask).sum_dim_intlist(2, true, Kind::Float) / mask.sum_dim_intlist(2, true, Kind::Float);
        let centred = (mel - mean) * 0.5 * &mask;
        let pairs = centred.transpose(1, 2).contiguous().view([batch, frames / STACK, STACK * bands]);
        let pair_mask = mask.transpose(1, 2).slice(1, 0, None, STACK);
        let mut x = pairs.apply(&self.embed).apply(&self.norm);
        for block in &self.blocks {
            x = block.forward(&x, Some(&pair_mask));
        }
        let logits = x.apply(&self.final_norm).apply(&self.head);
        logits.view([batch, frames, Phone::STATES as i64]).log_softmax(-1, Kind::Float)
    }

    /// Scores for paths: log-probabilities less `weight` times the logarithm of the prior, so that frequent classes
    /// (silence above all) do not take what rare ones claim.
    pub fn scores(&self, log_probabilities: &Tensor, weight: f64) -> Tensor {
        log_probabilities - self.prior.clamp_min(1e-4).log() * weight
    }

    /// Moves the prior towards the mean of these probabilities over unmasked frames: (B, T, K), (B, T).
    pub fn follow_prior(&self, log_probabilities: &Tensor, mask: &Tensor, rate: f64) {
        tch::no_grad(|| {
            let mask = mask.unsqueeze(-1);
            let sum = (log_probabilities.exp() * &mask).sum_dim_intlist([0, 1].as_slice(), false, Kind::Float);
            let mean = sum / mask.sum(Kind::Float);
            let mut prior = self.prior.shallow_clone();
            prior += (mean - &self.prior) * rate;
        });
    }
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    #[test]
    fn a_masked_batch_equals_its_members() {
        tch::manual_seed(5);
        let store = nn::VarStore::new(Device::Cpu);
        let network = AlignerNetwork::new(store.root(), AlignerConfig { blocks: 2, ..Default::default() });
        let floats = (Kind::Float, Device::Cpu);
        let short = Tensor::randn([1, 80, 10], floats);
        let long = Tensor::randn([1, 80, 24], floats);
        let mask = Tensor::cat(&[Tensor::ones([1, 10], floats), Tensor::zeros([1, 14], floats)], 1);
        let masks = Tensor::cat(&[&mask, &Tensor::ones([1, 24], floats)], 0);
        let batch = network.forward(&Tensor::cat(&[&short.pad([0, 14], "constant", 9.0), &long], 0), &masks);
        let single = network.forward(&short, &Tensor::ones([1, 10], floats));
        let gap = (batch.narrow(0, 0, 1).narrow(1, 0, 10) - single).abs().max().double_value(&[]);
        assert!(gap < 1e-4, "{gap}");
    }
}
