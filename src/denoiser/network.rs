//! From a noisy spectrum to a complex mask.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor, nn};

use super::spectrum::BINS;
use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::nn::convnext::{ConvNextBlock, ConvNextConfig};
use crate::nn::mixed;

/// Sizes of the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenoiserConfig {
    /// Channels of the convolutions over frequency, each of which halves the bins.
    pub bands: Vec<i64>,
    /// Channels of each bin before the mask.
    pub bins: i64,
    /// Channels C of the blocks.
    pub channels: i64,
    /// Channels inside a block.
    pub hidden: i64,
    /// Width of the convolutions over time, odd.
    pub kernel: i64,
    /// Frames between the points of each block's convolution.
    pub dilations: Vec<i64>,
}

impl DenoiserConfig {
    fn block(&self, dilation: i64) -> ConvNextConfig {
        let Self { channels, hidden, kernel, .. } = *self;
        ConvNextConfig { channels, hidden, kernel, dilation, layer_scale: 1.0 / self.dilations.len().max(1) as f64 }
    }

    /// Whether the sizes describe a network.
    fn is_valid(&self) -> bool {
        let size = |value: i64| (1..=4096).contains(&value);
        let dilations = !self.dilations.is_empty() && self.dilations.len() <= 64;
        dilations
            && self.dilations.iter().all(|&d| size(d))
            && [self.channels, self.hidden, self.kernel].map(size) == [true; 3]
    }
}

/// Why a denoiser can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DenoiserError {
    /// The file is missing or broken.
    #[error(transparent)]
    Load(#[from] CheckpointError),
    /// The sizes in the file describe no network.
    #[error("its sizes describe no network: {0:?}")]
    Sizes(DenoiserConfig),
}

/// The network: convolutions over frequency down and up again, with shortcuts, and blocks over time between.
#[derive(Debug)]
pub struct Denoiser {
    config: DenoiserConfig,
    down: Vec<mixed::Conv1d>,
    input: nn::Linear,
    /// (C) what is added when reverberation is to go, too.
    dereverb: Tensor,
    blocks: Vec<ConvNextBlock>,
    norm: nn::LayerNorm,
    output: nn::Linear,
    up: Vec<mixed::Doubling>,
    mask: mixed::Conv1d,
}

/// What the network remembers of a stream: its last frames, and each block's.
#[derive(Debug)]
pub struct Memory {
    /// (B, 2, F, 3)
    features: Tensor,
    /// (B, reach, C) each.
    blocks: Vec<Tensor>,
}

impl Denoiser {
    /// Where a weights file keeps the sizes.
    pub const CONFIG_KEY: &str = "model";
    /// The mask of a frame is known when so many more frames have been heard.
    pub const LOOKAHEAD: i64 = 1;
    /// Features of a bin: compressed real and imaginary part and magnitude.
    const FEATURES: i64 = 3;
    /// Frames that the convolutions over frequency see: the one before, this one, the one after.
    const NEAR: i64 = 3;
    /// Width of the convolutions over frequency.
    const KERNEL: i64 = 5;
    /// Exponent of the compression.
    const COMPRESSION: f64 = 0.3;
    /// Neither part of the mask is larger.
    const LARGEST: f64 = 2.0;

    /// Makes the network in `path`.
    pub fn new(path: nn::Path, config: DenoiserConfig) -> Self {
        let channels = config.channels;
        let block =
            |(index, &dilation): (usize, &i64)| ConvNextBlock::new(&path / "blocks" / index, config.block(dilation));
        let convolution = nn::ConvConfig { stride: 2, padding: Self::KERNEL / 2, ..Default::default() };
        let mut down = Vec::new();
        let (mut inside, mut bins) = (Self::NEAR * Self::FEATURES, BINS);
        for (index, &outside) in config.bands.iter().enumerate() {
            down.push(mixed::Conv1d::new(&path / "down" / index, inside, outside, Self::KERNEL, convolution));
            (inside, bins) = (outside, (bins + 1) / 2);
        }
        // What is made from above and what comes by the shortcut lie side by side.
        let mut up = Vec::new();
        for (index, &channels) in config.bands.iter().enumerate().rev() {
            let outside = if index == 0 { config.bins } else { config.bands[index - 1] };
            up.push(mixed::Doubling::new(&path / "up" / index, 2 * channels, outside, Self::KERNEL));
        }
        let last = nn::ConvConfig { padding: 1, ..Default::default() };
        Self {
            down,
            input: nn::linear(&path / "input", inside * bins, channels, Default::default()),
            dereverb: path.var("dereverb", &[channels], nn::Init::Const(0.0)),
            blocks: config.dilations.iter().enumerate().map(block).collect(),
            norm: nn::layer_norm(&path / "norm", vec![channels], Default::default()),
            output: nn::linear(&path / "output", channels, inside * bins, Default::default()),
            up,
            mask: mixed::Conv1d::new(&path / "mask", config.bins + Self::NEAR * Self::FEATURES, 2, 3, last),
            config,
        }
    }

    /// Reads a network for use.
    pub fn load(path: &Path, device: Device) -> Result<Self, DenoiserError> {
        let weights = Weights::read(path)?;
        let config: DenoiserConfig = weights.json(Self::CONFIG_KEY)?;
        if !config.is_valid() {
            return Err(DenoiserError::Sizes(config));
        }
        let mut store = nn::VarStore::new(device);
        let network = Self::new(store.root(), config);
        weights.load_into(&store, str::to_string)?;
        store.freeze();
        Ok(network)
    }

    /// The sizes.
    pub fn config(&self) -> &DenoiserConfig {
        &self.config
    }

    /// Where it runs.
    pub fn device(&self) -> Device {
        self.dereverb.device()
    }

    /// The memory of `batch` streams that have just begun.
    pub fn memory(&self, batch: i64) -> Memory {
        let zeros = |sizes: &[i64]| Tensor::zeros(sizes, (Kind::Float, self.device()));
        let block = |&dilation: &i64| zeros(&[batch, self.config.block(dilation).reach(), self.config.channels]);
        let features = zeros(&[batch, Self::NEAR - 1, BINS, Self::FEATURES]);
        Memory { features, blocks: self.config.dilations.iter().map(block).collect() }
    }

    /// The next frames of a stream, (B, T, F, 2) → the mask (B, T, F, 2) of the frames one
    /// ([`Denoiser::LOOKAHEAD`]) before: the first of a stream belongs to no frame.
    ///
    /// `dereverb` (B, 1, 1) is 1 where reverberation is to go, else 0.
    pub fn next(&self, spectrum: &Tensor, dereverb: &Tensor, memory: &mut Memory) -> Tensor {
        let [batch, frames] = [0, 1].map(|axis| spectrum.size()[axis]);
        let all = Tensor::cat(&[&memory.features, &features(spectrum)], 1);
        memory.features = all.narrow(1, frames, Self::NEAR - 1);
        // (B T, F, C): each frame with the one before and the one after it.
        let near: Vec<Tensor> = (0..Self::NEAR).map(|shift| all.narrow(1, shift, frames)).collect();
        let near = Tensor::cat(&near, 3).flatten(0, 1);
        let mut shortcuts = vec![];
        let mut x = near.shallow_clone();
        for layer in &self.down {
            x = layer.forward_last(&[&x]).silu();
            shortcuts.push(x.shallow_clone());
        }
        let [_, bins, channels] = [0, 1, 2].map(|axis| x.size()[axis]);
        let flat = x.transpose(1, 2).reshape([batch, frames, channels * bins]);
        let mut hidden = mixed::linear(&flat, &self.input).to_kind(Kind::Float) + dereverb * &self.dereverb;
        for (block, past) in self.blocks.iter().zip(&mut memory.blocks) {
            hidden = block.forward_causal(&hidden, past);
        }
        let unfolded = mixed::linear(&hidden.apply(&self.norm), &self.output).silu();
        x = unfolded.view([batch * frames, channels, bins]).transpose(1, 2);
        for (layer, shortcut) in self.up.iter().zip(shortcuts.iter().rev()) {
            x = layer.forward_last(&[&x, shortcut]).silu();
        }
        let mask = self.mask.forward_last(&[&x, &near]).to_kind(Kind::Float);
        let identity = Tensor::from_slice(&[1f32, 0.0]).to_device(mask.device());
        (mask + identity).clamp(-Self::LARGEST, Self::LARGEST).view([batch, frames, BINS, 2])
    }

    /// A whole spectrum without its noise, (B, T, F, 2) → (B, T, F, 2).
    pub fn clean(&self, spectrum: &Tensor, dereverb: &Tensor) -> Tensor {
        let [batch, frames] = [0, 1].map(|axis| spectrum.size()[axis]);
        let padded = spectrum.pad([0, 0, 0, 0, 0, Self::LOOKAHEAD], "constant", None);
        let mask = self.next(&padded, dereverb, &mut self.memory(batch)).narrow(1, Self::LOOKAHEAD, frames);
        multiply(spectrum, &mask)
    }
}

/// Complex product of (.., 2) and (.., 2).
fn multiply(a: &Tensor, b: &Tensor) -> Tensor {
    let part = |tensor: &Tensor, index| tensor.select(-1, index);
    let ((ar, ai), (br, bi)) = ((part(a, 0), part(a, 1)), (part(b, 0), part(b, 1)));
    Tensor::stack(&[&ar * &br - &ai * &bi, ar * bi + ai * br], -1)
}

/// (B, T, F, 2) → (B, T, F, 3).
fn features(spectrum: &Tensor) -> Tensor {
    let (real, imaginary) = (spectrum.select(-1, 0), spectrum.select(-1, 1));
    let power = real.square() + imaginary.square() + 1e-8;
    let scale = power.pow_tensor_scalar((Denoiser::COMPRESSION - 1.0) / 2.0);
    let magnitude = power.pow_tensor_scalar(Denoiser::COMPRESSION / 2.0);
    Tensor::stack(&[real * &scale, imaginary * scale, magnitude], 3)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn tiny() -> (nn::VarStore, Denoiser) {
        tch::manual_seed(2);
        let store = nn::VarStore::new(Device::Cpu);
        let config =
            DenoiserConfig { bands: vec![2, 3], bins: 2, channels: 8, hidden: 16, kernel: 3, dilations: vec![1, 2] };
        let network = Denoiser::new(store.root(), config);
        (store, network)
    }

    #[test]
    fn a_stream_in_pieces_equals_the_whole() {
        let (_store, network) = tiny();
        let spectrum = Tensor::randn([1, 20, BINS, 2], (Kind::Float, Device::Cpu));
        let dereverb = Tensor::zeros([1, 1, 1], (Kind::Float, Device::Cpu));
        let whole = network.next(&spectrum, &dereverb, &mut network.memory(1));
        let mut memory = network.memory(1);
        let pieces: Vec<Tensor> = spectrum
            .split_with_sizes([1, 2, 17], 1)
            .iter()
            .map(|piece| network.next(piece, &dereverb, &mut memory))
            .collect();
        assert!((whole - Tensor::cat(&pieces, 1)).abs().max().double_value(&[]) < 1e-5);
    }

    #[test]
    fn a_frame_hears_one_frame_ahead_and_no_more() {
        let (_store, network) = tiny();
        let spectrum = Tensor::randn([1, 12, BINS, 2], (Kind::Float, Device::Cpu));
        let dereverb = Tensor::zeros([1, 1, 1], (Kind::Float, Device::Cpu));
        let before = network.clean(&spectrum, &dereverb);
        let _ = spectrum.narrow(1, 8, 4).fill_(3.0);
        let change = (network.clean(&spectrum, &dereverb) - before).abs().amax([0, 2, 3], false);
        assert_eq!(change.narrow(0, 0, 7).max().double_value(&[]), 0.0);
        assert!(change.double_value(&[7]) > 0.0);
    }

    #[test]
    fn sizes_that_are_none_are_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("w.safetensors");
        let (store, network) = tiny();
        let mut weights = Weights::from_store(&store);
        let config = DenoiserConfig { channels: -1, ..network.config().clone() };
        weights.set_json(Denoiser::CONFIG_KEY, &config).expect("sizes");
        weights.write(&path, crate::nn::checkpoint::Precision::Half).expect("a file");
        assert!(matches!(Denoiser::load(&path, Device::Cpu), Err(DenoiserError::Sizes(_))));
    }
}
