//! The whole ECAPA-TDNN.

use tch::{
    Kind, Tensor,
    nn::{self, Module, ModuleT},
};

use super::{
    AttentiveStatisticsPooling, EcapaConfig, EcapaConfigError, SeRes2NetBlock, TdnnBlock,
    tdnn::{batch_norm, pointwise},
};
use crate::nn::mixed::Conv1d;

/// SpeechBrain's `ECAPA_TDNN`: filterbanks to a speaker embedding.
#[derive(Debug)]
pub struct EcapaTdnn {
    first: TdnnBlock,
    blocks: Vec<SeRes2NetBlock>,
    mfa: TdnnBlock,
    asp: AttentiveStatisticsPooling,
    asp_bn: nn::BatchNorm,
    fc: Conv1d,
}

impl EcapaTdnn {
    /// Builds the network's variables below `vs`.
    ///
    /// # Errors
    /// A configuration that describes no network.
    pub fn new(vs: nn::Path, config: &EcapaConfig) -> Result<Self, EcapaConfigError> {
        config.validate()?;
        let last = config.channels.len() - 1;
        let (hidden, aggregated) = (config.channels[0], config.channels[last]);
        let (kernels, dilations) = (&config.kernel_sizes, &config.dilations);
        let block = |layer| SeRes2NetBlock::new(&vs / "blocks" / layer, config, layer);
        let joined = hidden * (last as i64 - 1);
        Ok(Self {
            first: TdnnBlock::new(&vs / "blocks" / 0, config.bands, hidden, kernels[0], dilations[0]),
            blocks: (1..last).map(block).collect(),
            mfa: TdnnBlock::new(&vs / "mfa", joined, aggregated, kernels[last], dilations[last]),
            asp: AttentiveStatisticsPooling::new(&vs / "asp", aggregated, config.attention_channels),
            asp_bn: batch_norm(&vs / "asp_bn", 2 * aggregated),
            fc: pointwise(&vs / "fc", 2 * aggregated, config.embedding),
        })
    }

    /// Filterbanks (B, T, bands) → embeddings (B, embedding), not normalised; T at least [`EcapaConfig::min_frames`].
    ///
    /// `lengths` (B) says what part of the T frames of each row is real, in (0, 1]; without it all are. `train` chooses
    /// between the batch's statistics and the running ones.
    pub fn forward(&self, features: &Tensor, lengths: Option<&Tensor>, train: bool) -> Tensor {
        let mask = lengths.map(|lengths| frame_mask(lengths, features));
        self.pool(&self.frames(features, mask.as_ref(), train), mask.as_ref(), train)
    }

    /// Filterbanks (B, T, bands) → what is known of each frame, (B, C, T), of which [`EcapaTdnn::pool`] makes the
    /// embedding. `mask` (B, 1, T) is 1 for real frames and 0 for padding.
    pub fn frames(&self, features: &Tensor, mask: Option<&Tensor>, train: bool) -> Tensor {
        self.first_and_last(features, mask, train).1
    }

    /// The same with what the first layer makes of each frame, (B, C first, T).
    pub fn first_and_last(&self, features: &Tensor, mask: Option<&Tensor>, train: bool) -> (Tensor, Tensor) {
        let first = self.first.forward(&features.transpose(1, 2), train);
        let mut xs = first.shallow_clone();
        let mut outputs = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            xs = block.forward(&xs, mask, train);
            outputs.push(xs.shallow_clone());
        }
        (first, self.mfa.forward(&Tensor::cat(&outputs, 1), train))
    }

    /// Frames (B, C, T) → embeddings (B, embedding) of those that `mask` (B, 1, T) has 1 for; not normalised.
    pub fn pool(&self, frames: &Tensor, mask: Option<&Tensor>, train: bool) -> Tensor {
        self.embed(&self.asp.forward(frames, mask, train), train).squeeze_dim(2)
    }

    /// Frames (B, C, T) → embeddings (B, embedding, T) of the `width` frames (odd) around each.
    pub fn moving(&self, frames: &Tensor, width: i64) -> Tensor {
        self.embed(&self.asp.moving(frames, width), false)
    }

    fn embed(&self, statistics: &Tensor, train: bool) -> Tensor {
        self.fc.forward(&self.asp_bn.forward_t(statistics, train)).to_kind(Kind::Float)
    }
}

/// 1 for real frames and 0 for padding, (B, 1, T), from relative lengths (B) (SpeechBrain's `length_to_mask`).
fn frame_mask(lengths: &Tensor, features: &Tensor) -> Tensor {
    let frames = features.size()[1];
    let position = Tensor::arange(frames, (Kind::Float, features.device()));
    let lengths = lengths.to_device(features.device()).to_kind(Kind::Float) * frames as f64;
    position.unsqueeze(0).lt_tensor(&lengths.unsqueeze(1)).to_kind(features.kind()).unsqueeze(1)
}
