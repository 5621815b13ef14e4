//! ConvNeXt block in one dimension (Liu et al. 2022; Siuzdak 2023 for speech), the body of all our frame networks.

use tch::{Device, Tensor, nn};

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
    /// Distance between the points of the depthwise convolution.
    pub dilation: i64,
    /// Start of the layer scale: the branch begins small, so that deep stacks train.
    pub layer_scale: f64,
}

impl ConvNextConfig {
    /// Frames beside the present one that the depthwise convolution sees.
    pub fn reach(&self) -> i64 {
        (self.kernel - 1) * self.dilation
    }
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
        let ConvNextConfig { channels, hidden, kernel, layer_scale, .. } = config;
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
        x + self.branch(&self.over_time(&masked, self.config.reach() / 2))
    }

    /// (B, T, C) -> (B, T, C) without hearing what is to come: `past` (B, R, C) are the [`ConvNextConfig::reach`]
    /// frames before, which become the last ones up to now.
    pub fn forward_causal(&self, x: &Tensor, past: &mut Tensor) -> Tensor {
        let all = Tensor::cat(&[&*past, x], 1);
        *past = all.narrow(1, x.size()[1], self.config.reach());
        x + self.branch(&self.over_time(&all, 0))
    }

    fn branch(&self, x: &Tensor) -> Tensor {
        let hidden = mixed::linear(&x.apply(&self.norm), &self.expand).gelu("none");
        mixed::linear(&hidden, &self.contract) * &self.scale
    }

    /// The depthwise convolution, (B, T, C) -> (B, T + 2 padding - reach, C). In two dimensions, of which one is 1,
    /// libtorch sees that the channels lie last and takes kernels that are four times as fast, forward and backward.
    fn over_time(&self, x: &Tensor, padding: i64) -> Tensor {
        let ConvNextConfig { channels, dilation, .. } = self.config;
        if dilation > 1 && x.device() == Device::Cpu {
            return self.over_rows(x, padding);
        }
        let weight = self.depthwise.ws.unsqueeze(2);
        let image = x.transpose(1, 2).unsqueeze(2);
        let out = image.conv2d(&weight, self.depthwise.bs.as_ref(), [1, 1], [0, padding], [1, dilation], channels);
        out.squeeze_dim(2).transpose(1, 2)
    }

    /// The same of frames in rows of as many as the points are apart: each point's frames lie in one column, where they
    /// are neighbours. On a CPU, points that are apart take five to fifteen times as long.
    fn over_rows(&self, x: &Tensor, padding: i64) -> Tensor {
        let ConvNextConfig { channels, dilation, .. } = self.config;
        let (batch, frames, _) = x.size3().unwrap_or_default();
        let image = x.constant_pad_nd([0, 0, 0, (-frames).rem_euclid(dilation)]);
        let image = image.view([batch, -1, dilation, channels]).permute([0, 3, 1, 2]);
        let weight = self.depthwise.ws.unsqueeze(3);
        let out = image.conv2d(&weight, self.depthwise.bs.as_ref(), [1, 1], [padding / dilation, 0], [1, 1], channels);
        let out = out.permute([0, 2, 3, 1]).reshape([batch, -1, channels]);
        out.narrow(1, 0, frames + 2 * padding - self.config.reach())
    }
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;

    #[test]
    fn a_masked_batch_equals_its_members() {
        tch::manual_seed(5);
        let store = nn::VarStore::new(Device::Cpu);
        let config = ConvNextConfig { channels: 8, hidden: 16, kernel: 7, dilation: 1, layer_scale: 1.0 };
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

    #[test]
    fn points_that_are_apart_hear_what_libtorchs_hear() {
        tch::manual_seed(8);
        let store = nn::VarStore::new(Device::Cpu);
        for (dilation, frames) in [(2, 30), (4, 30), (8, 3), (3, 1)] {
            let config = ConvNextConfig { channels: 8, hidden: 16, kernel: 5, dilation, layer_scale: 1.0 };
            let block = ConvNextBlock::new(store.root() / dilation, config);
            let x = Tensor::randn([2, frames, 8], (Kind::Float, Device::Cpu));
            let (weight, bias) = (&block.depthwise.ws, block.depthwise.bs.as_ref());
            let plain = |padding: i64| x.transpose(1, 2).conv1d(weight, bias, 1, padding, dilation, 8).transpose(1, 2);
            let padding = config.reach() / 2;
            assert!(block.over_time(&x, padding).allclose(&plain(padding), 1e-5, 1e-6, false), "{dilation}");
            if frames > config.reach() {
                assert!(block.over_time(&x, 0).allclose(&plain(0), 1e-5, 1e-6, false), "{dilation}, without a margin");
            }
        }
    }

    #[test]
    fn in_pieces_the_past_is_remembered_and_the_future_not_needed() {
        tch::manual_seed(6);
        let store = nn::VarStore::new(Device::Cpu);
        let config = ConvNextConfig { channels: 8, hidden: 16, kernel: 3, dilation: 4, layer_scale: 1.0 };
        let block = ConvNextBlock::new(store.root(), config);
        let x = Tensor::randn([2, 30, 8], (Kind::Float, Device::Cpu));
        let silence = || Tensor::zeros([2, config.reach(), 8], (Kind::Float, Device::Cpu));
        let whole = block.forward_causal(&x, &mut silence());
        // With as many frames of silence behind as before, the middle of the symmetric block is the same.
        let shifted = block.forward(&x.pad([0, 0, config.reach() / 2, 0], "constant", None), None);
        let mut past = silence();
        let pieces: Vec<Tensor> =
            x.split_with_sizes([1, 7, 22], 1).iter().map(|piece| block.forward_causal(piece, &mut past)).collect();
        let gap = |a: &Tensor, b: &Tensor| (a - b).abs().max().double_value(&[]);
        assert!(gap(&whole, &Tensor::cat(&pieces, 1)) < 1e-5);
        let branch = |y: &Tensor, x: &Tensor| y - x;
        let late = branch(&shifted.narrow(1, 0, 30), &x.pad([0, 0, 4, 0], "constant", None).narrow(1, 0, 30));
        assert!(gap(&branch(&whole, &x), &late) < 1e-5);
    }
}
