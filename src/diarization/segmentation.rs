//! Who of up to three speakers speaks in each frame of a window: a network on what the speaker encoder knows of frames.
//!
//! It hears each frame, the embedding of the moments around it, and when it is. Beside self-attention each block has an
//! attention by likeness, whose weights are a softmax of the cosines between the embeddings: so a frame learns what the
//! same voice does elsewhere in the window, whoever it is, and the network need not know its speakers.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor, nn};

use super::powerset::Powerset;
use crate::nn::attention::SelfAttention;
use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::nn::convnext::{ConvNextBlock, ConvNextConfig};
use crate::nn::mixed;
use crate::speaker::SpeakerEncoder;
use crate::units::Seconds;

/// Sizes of the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentationConfig {
    /// Channels C of the blocks, a multiple of the heads.
    pub channels: i64,
    /// Channels inside a block.
    pub hidden: i64,
    /// Width of the convolutions over time, odd.
    pub kernel: i64,
    /// Heads of the attention.
    pub heads: i64,
    /// Frames between the points of each block's convolution.
    pub dilations: Vec<i64>,
}

impl SegmentationConfig {
    fn is_valid(&self) -> bool {
        let size = |value: i64| (1..=4096).contains(&value);
        (1..=64).contains(&self.dilations.len())
            && self.dilations.iter().all(|&d| size(d))
            && [self.channels, self.hidden, self.kernel, self.heads].map(size) == [true; 4]
            && self.channels % self.heads == 0
            && self.kernel % 2 == 1
    }
}

/// Why a segmentation network can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SegmentationError {
    /// The file is missing or broken.
    #[error(transparent)]
    Load(#[from] CheckpointError),
    /// The sizes in the file describe no network.
    #[error("its sizes describe no network: {0:?}")]
    Sizes(SegmentationConfig),
    /// It was trained on another speaker encoder.
    #[error("it was trained on the frames of another speaker encoder")]
    Encoder,
}

/// The network.
#[derive(Debug)]
pub struct Segmentation {
    config: SegmentationConfig,
    input: nn::Linear,
    voice: nn::Linear,
    time: nn::Linear,
    blocks: Vec<Block>,
    norm: nn::LayerNorm,
    output: nn::Linear,
}

impl Segmentation {
    /// Where a weights file keeps the sizes.
    pub const CONFIG_KEY: &str = "model";
    /// Where a weights file keeps the encoder's fingerprint.
    pub const ENCODER_KEY: &str = "encoder";
    /// Speakers in a window.
    pub const SPEAKERS: usize = 3;
    /// Speakers in a frame.
    pub const AT_ONCE: usize = 2;
    /// Frames of the encoder that make one of this network.
    const POOLED: i64 = 2;
    /// Frames of this network for one embedding.
    pub(super) const PER_EMBEDDING: i64 = 2;
    /// Frames of the encoder for one embedding.
    const MOMENT: i64 = Self::POOLED * Self::PER_EMBEDDING;
    /// Moments that an embedding is of: 0.84 s.
    const AROUND: i64 = 21;
    /// Sines and cosines that tell the time.
    const TIMES: i64 = 3;
    /// Samples of a frame.
    pub const HOP: i64 = Self::POOLED * SpeakerEncoder::HOP;
    /// The length of a window.
    pub const WINDOW: Seconds = Seconds(10.0);

    /// The classes.
    pub fn classes() -> Powerset {
        Powerset::new(Self::SPEAKERS, Self::AT_ONCE)
    }

    /// Makes the network in `path`, on an encoder's frames.
    pub fn new(path: nn::Path, config: SegmentationConfig, encoder: &SpeakerEncoder) -> Self {
        let SegmentationConfig { channels, hidden, kernel, heads, .. } = config;
        let layer_scale = 1.0 / config.dilations.len().max(1) as f64;
        let block = |(index, &dilation): (usize, &i64)| {
            let path = &path / "blocks" / index;
            let sizes = ConvNextConfig { channels, hidden, kernel, dilation, layer_scale };
            Block {
                likeness: Likeness::new(&path / "likeness", channels, heads),
                attention: SelfAttention::new(&path / "attention", channels, heads),
                convolution: ConvNextBlock::new(&path / "convolution", sizes),
            }
        };
        Self {
            input: nn::linear(&path / "input", encoder.frame_channels() * Self::POOLED, channels, Default::default()),
            voice: nn::linear(&path / "voice", encoder.size(), channels, Default::default()),
            time: nn::linear(&path / "time", 2 * Self::TIMES + 1, channels, Default::default()),
            blocks: config.dilations.iter().enumerate().map(block).collect(),
            norm: nn::layer_norm(&path / "norm", vec![channels], Default::default()),
            output: nn::linear(&path / "output", channels, Self::classes().len() as i64, Default::default()),
            config,
        }
    }

    /// Reads weights that were trained on `encoder`.
    ///
    /// # Errors
    /// A file that is missing or broken, or weights for another encoder.
    pub fn load(path: &Path, encoder: &SpeakerEncoder, device: Device) -> Result<Self, SegmentationError> {
        let weights = Weights::read(path)?;
        let config: SegmentationConfig = weights.json(Self::CONFIG_KEY)?;
        if !config.is_valid() {
            return Err(SegmentationError::Sizes(config));
        }
        if weights.json::<String>(Self::ENCODER_KEY)? != encoder.fingerprint() {
            return Err(SegmentationError::Encoder);
        }
        let mut store = nn::VarStore::new(device);
        let network = Self::new(store.root(), config, encoder);
        weights.load_into(&store, str::to_string)?;
        store.freeze();
        Ok(network)
    }

    /// The sizes.
    pub fn config(&self) -> &SegmentationConfig {
        &self.config
    }

    /// The encoder's frames (B, C, T) → embeddings (B, ⌈T / 4⌉, E) of the moments around every fourth.
    pub fn moments(frames: &Tensor, encoder: &SpeakerEncoder) -> Tensor {
        // Neighbours hear nearly the same: every fourth one tells as much. On a CPU one window after the other stays in
        // the cache.
        let moments = frames.slice(2, None, None, Self::MOMENT);
        let at_once = if frames.device().is_cuda() { frames.size()[0].max(1) } else { 1 };
        let windows: Vec<Tensor> =
            moments.split(at_once, 0).iter().map(|some| encoder.moving(some, Self::AROUND)).collect();
        Tensor::cat(&windows, 0)
    }

    /// The encoder's frames (B, C, T) and [`Segmentation::moments`] → logits of the classes (B, T / 2, classes).
    pub fn forward(&self, frames: &Tensor, moments: &Tensor) -> Tensor {
        self.classify(&self.enter(frames), moments)
    }

    /// The encoder's frames (B, C, T) → what the network makes of each pair of them on its own (B, T / 2, channels).
    pub fn enter(&self, frames: &Tensor) -> Tensor {
        let (batch, channels, count) = frames.size3().unwrap_or_default();
        let count = count / Self::POOLED;
        let pairs = frames.narrow(2, 0, count * Self::POOLED).transpose(1, 2);
        mixed::linear(&pairs.reshape([batch, count, channels * Self::POOLED]), &self.input)
    }

    /// The rest of [`Segmentation::forward`].
    pub fn classify(&self, entered: &Tensor, moments: &Tensor) -> Tensor {
        let count = entered.size()[1];
        let voice = Self::at_frames(&mixed::linear(moments, &self.voice), count);
        let mut x = (entered + voice).to_kind(Kind::Float) + times(count, entered.device()).apply(&self.time);
        let cosines = mixed::product(moments, &moments.transpose(1, 2)).to_kind(Kind::Float);
        for block in &self.blocks {
            x = block.likeness.forward(&x, &cosines);
            x = block.convolution.forward(&block.attention.forward(&x), None);
        }
        x.apply(&self.norm).apply(&self.output).to_kind(Kind::Float)
    }

    /// (B, ⌈T / 2⌉, C) → (B, T, C).
    fn at_frames(moments: &Tensor, count: i64) -> Tensor {
        moments.repeat_interleave_self_int(Self::PER_EMBEDDING, 1, None).narrow(1, 0, count)
    }
}

/// What the network repeats.
#[derive(Debug)]
struct Block {
    likeness: Likeness,
    attention: SelfAttention,
    convolution: ConvNextBlock,
}

/// (T, 2 K + 1): how much of a window has gone by, as itself and as sines and cosines of ever shorter periods.
fn times(count: i64, device: Device) -> Tensor {
    let time = Tensor::arange(count, (Kind::Float, device)) * (Segmentation::HOP as f64)
        / (Segmentation::WINDOW.0 * SpeakerEncoder::SAMPLE_RATE.hz());
    let mut all = vec![&time * 2.0 - 1.0];
    for octave in 0..Segmentation::TIMES {
        let angle = &time * (std::f64::consts::PI * f64::from(1 << octave));
        all.extend([angle.sin(), angle.cos()]);
    }
    Tensor::stack(&all, -1)
}

/// Attention by likeness: layer norm, means over moments weighted by how alike the voices are, residual.
#[derive(Debug)]
struct Likeness {
    norm: nn::LayerNorm,
    /// The logarithm of each head's inverse temperature.
    sharpness: Tensor,
    value: nn::Linear,
    output: nn::Linear,
}

impl Likeness {
    fn new(path: nn::Path, channels: i64, heads: i64) -> Self {
        let mut sharpness = path.var("sharpness", &[heads], nn::Init::Const(0.0));
        // From hardly to very choosy.
        let steps = Tensor::linspace(1.0, 3.5, heads, (Kind::Float, path.device()));
        tch::no_grad(|| sharpness.copy_(&steps));
        Self {
            norm: nn::layer_norm(&path / "norm", vec![channels], Default::default()),
            sharpness,
            value: nn::linear(&path / "value", channels, channels, Default::default()),
            output: nn::linear(&path / "output", channels, channels, Default::default()),
        }
    }

    /// (B, T, C), cosines (B, M, M) of M = ⌈T / 2⌉ moments → (B, T, C).
    fn forward(&self, x: &Tensor, cosines: &Tensor) -> Tensor {
        let (batch, count, channels) = x.size3().unwrap_or_default();
        let (moments, heads) = (cosines.size()[1], self.sharpness.size()[0]);
        let values = mixed::linear(&x.apply(&self.norm), &self.value).to_kind(Kind::Float);
        let spare = moments * Segmentation::PER_EMBEDDING - count;
        let values = values.constant_pad_nd([0, 0, 0, spare]);
        let values =
            values.view([batch, moments, Segmentation::PER_EMBEDDING, channels]).mean_dim(2, false, Kind::Float);
        let values = values.view([batch, moments, heads, channels / heads]).transpose(1, 2);
        let weights = (cosines.unsqueeze(1) * self.sharpness.exp().view([1, heads, 1, 1])).softmax(-1, Kind::Float);
        let joined = mixed::product(&weights, &values).transpose(1, 2).reshape([batch, moments, channels]);
        x + Segmentation::at_frames(&mixed::linear(&joined, &self.output), count)
    }
}
