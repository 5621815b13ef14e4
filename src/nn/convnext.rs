//! ConvNeXt block in one dimension (Liu et al. 2022; Siuzdak 2023 for speech), the body of all our frame networks.

use tch::{Tensor, nn};

use super::mixed;

/// Sizes of one block.
#[derive(Debug, Clone, Copy)]
pub struct ConvNextConfig {
    /// Channels C in and out.
    pub channels: i64,
    /// Channels between the two pointwise layers.
    pub hidden: i64,
    /// Width of the depthwise convolution, odd.
    pub kernel: i64,
    /// Start of the layer scale: the branch begins small, so that deep stacks train.
    pub layer_scale: f64,
}

/// Depthwise convolution, layer norm, two pointwise layers with GELU, layer scale, residual.
#[derive(Debug)]
pub struct ConvNextBlock {
    config: ConvNextConfig,
    depthwise: nn::Conv1D,
    norm: nn::LayerNorm,
    expand: nn::Linear,
    contract: nn::Linear,
    scale: Tensor,
}

impl ConvNextBlock {
    /// Parameters `dwconv`, `norm`, `pwconv1`, `pwconv2`, `gamma`, as in Vocos.
    pub fn new(path: nn::Path, config: ConvNextConfig) -> Self {
        let ConvNextConfig { channels, hidden, kernel, layer_scale } = config;
        let depthwise = nn::ConvConfig { groups: channels, ..Default::default() };
        Self {
            config,
            depthwise: nn::conv1d(&path / "dwconv", channels, channels, kernel, depthwise),
            norm: nn::layer_norm(&path / "norm", vec![channels], Default::default()),
            expand: nn::linear(&path / "pwconv1", channels, hidden, Default::default()),
            contract: nn::linear(&path / "pwconv2", hidden, channels, Default::default()),
            scale: path.var("gamma", &[channels], nn::Init::Const(layer_scale)),
        }
    }

    /// (B, T, C) -> (B, T, C). With a mask (B, T, 1), padded frames count as zeros, so a batch equals its members.
    pub fn forward(&self, x: &Tensor, mask: Option<&Tensor>) -> Tensor {
        let masked = mask.map_or_else(|| x.shallow_clone(), |mask| x * mask);
        let branch = self.over_time(&masked);
        let branch = mixed::linear(&branch.apply(&self.norm), &self.expand).gelu("none");
        x + mixed::linear(&branch, &self.contract) * &self.scale
    }

    /// The depthwise convolution, (B, T, C) -> (B, T, C). In two dimensions, of which one is 1, libtorch sees that the
    /// channels lie last and takes kernels that are four times as fast, forward and backward.
    fn over_time(&self, x: &Tensor) -> Tensor {
        let ConvNextConfig { channels, kernel, .. } = self.config;
        let weight = self.depthwise.ws.unsqueeze(2);
        let image = x.transpose(1, 2).unsqueeze(2);
        let out = image.conv2d(&weight, self.depthwise.bs.as_ref(), [1, 1], [0, kernel / 2], [1, 1], channels);
        out.squeeze_dim(2).transpose(1, 2)
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    #[test]
    fn a_masked_batch_equals_its_members() {
        tch::manual_seed(5);
        let store = nn::VarStore::new(Device::Cpu);
        let config = ConvNextConfig { channels: 8, hidden: 16, kernel: 7, layer_scale: 1.0 };
        let block = ConvNextBlock::new(store.root(), config);
        let long = Tensor::randn([1, 12, 8], (Kind::Float, Device::Cpu));
        let short = Tensor::randn([1, 5, 8], (Kind::Float, Device::Cpu));
        let padded = short.pad([0, 0, 0, 7], "constant", 3.0);
        let mask = Tensor::from_slice2(&[[1f32; 12], [1., 1., 1., 1., 1., 0., 0., 0., 0., 0., 0., 0.]]).unsqueeze(-1);
        let batch = block.forward(&Tensor::cat(&[&long, &padded], 0), Some(&mask));
        let gap = |a: Tensor, b: Tensor| (a - b).abs().max().double_value(&[]);
        assert!(gap(batch.narrow(0, 0, 1), block.forward(&long, None)) < 1e-5);
        assert!(gap(batch.narrow(0, 1, 1).narrow(1, 0, 5), block.forward(&short, None)) < 1e-5);
    }
}
