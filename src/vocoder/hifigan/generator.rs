//! The generator network.

use tch::{
    Tensor,
    nn::{self, ConvConfig, ConvTransposeConfig, Module},
};

use super::{
    HifiGanConfig, HifiGanConfigError,
    residual::{ResidualBlock, SLOPE, leaky_relu},
};

/// Slope of the last leaky ReLU: upstream leaves it at PyTorch's default.
const LAST_SLOPE: f64 = 0.01;

/// Upstream's `Generator`, with weight normalisation folded into the weights.
#[derive(Debug)]
pub struct Generator {
    conv_pre: nn::Conv1D,
    stages: Vec<Stage>,
    conv_post: nn::Conv1D,
}

/// An upsampling layer and the residual blocks side by side behind it.
#[derive(Debug)]
struct Stage {
    up: nn::ConvTranspose1D,
    blocks: Vec<ResidualBlock>,
}

impl Generator {
    /// Builds the variables `conv_pre`, `ups.N`, `resblocks.N`, `conv_post` below `vs`.
    ///
    /// # Errors
    /// A configuration that describes no generator.
    pub fn new(vs: nn::Path, config: &HifiGanConfig) -> Result<Self, HifiGanConfigError> {
        config.validate()?;
        let wide = ConvConfig { padding: 3, ..Default::default() };
        let layers = config.upsample_rates.len();
        Ok(Self {
            conv_pre: nn::conv1d(&vs / "conv_pre", config.num_mels, config.upsample_initial_channel, 7, wide),
            stages: (0..layers).map(|layer| Stage::new(&vs, config, layer)).collect(),
            conv_post: nn::conv1d(&vs / "conv_post", config.channels(layers - 1), 1, 7, wide),
        })
    }

    /// Log-mel (B, M, T) → samples (B, T · hop) in [-1, 1].
    pub fn forward(&self, mel: &Tensor) -> Tensor {
        let xs = self.stages.iter().fold(self.conv_pre.forward(mel), |xs, stage| stage.forward(&xs));
        self.conv_post.forward(&leaky_relu(&xs, LAST_SLOPE)).tanh().squeeze_dim(1)
    }
}

impl Stage {
    fn new(vs: &nn::Path, config: &HifiGanConfig, layer: usize) -> Self {
        let (rate, kernel) = (config.upsample_rates[layer], config.upsample_kernel_sizes[layer]);
        let channels = config.channels(layer);
        let up = ConvTransposeConfig { stride: rate, padding: (kernel - rate) / 2, ..Default::default() };
        let first = layer * config.resblock_kernel_sizes.len();
        let shapes = config.resblock_kernel_sizes.iter().zip(&config.resblock_dilation_sizes).enumerate();
        let block = |(index, (&kernel, dilations)): (usize, (&i64, &Vec<i64>))| {
            ResidualBlock::new(vs / "resblocks" / (first + index), config.resblock, channels, kernel, dilations)
        };
        Self {
            up: nn::conv_transpose1d(vs / "ups" / layer, 2 * channels, channels, kernel, up),
            blocks: shapes.map(block).collect(),
        }
    }

    /// (B, 2 C, L) → (B, C, L · rate).
    fn forward(&self, xs: &Tensor) -> Tensor {
        let xs = self.up.forward(&leaky_relu(xs, SLOPE));
        let sum = self.blocks.iter().map(|block| block.forward(&xs)).reduce(|sum, output| sum + output);
        sum.map_or(xs, |sum| sum / self.blocks.len() as f64)
    }
}
