//! Res2Net block, and its use between two time-delay blocks with squeeze-and-excitation.

use tch::{Tensor, nn};

use super::{EcapaConfig, SqueezeExcitation, TdnnBlock};

/// SpeechBrain's `Res2NetBlock`: groups of channels, each convolved after the output of the group before is added to
/// it, so that one layer sees several time scales (Gao et al. 2019, <https://arxiv.org/abs/1904.01169>).
#[derive(Debug)]
pub struct Res2NetBlock {
    blocks: Vec<TdnnBlock>,
}

impl Res2NetBlock {
    /// `channels` is a multiple of `scale`, the number of groups.
    pub fn new(vs: nn::Path, channels: i64, scale: i64, kernel: i64, dilation: i64) -> Self {
        let width = channels / scale;
        let block = |index| TdnnBlock::new(&vs / "blocks" / index, width, width, kernel, dilation);
        Self { blocks: (0..scale - 1).map(block).collect() }
    }

    /// (B, C, T) → (B, C, T). The first group passes unchanged.
    pub fn forward(&self, xs: &Tensor, train: bool) -> Tensor {
        let groups = xs.chunk(self.blocks.len() as i64 + 1, 1);
        let mut outputs = vec![groups[0].shallow_clone()];
        for (index, (block, group)) in self.blocks.iter().zip(&groups[1..]).enumerate() {
            let output = match index {
                0 => block.forward(group, train),
                _ => block.forward(&(group + &outputs[index]), train),
            };
            outputs.push(output);
        }
        Tensor::cat(&outputs, 1)
    }
}

/// SpeechBrain's `SERes2NetBlock`: TDNN, Res2Net, TDNN, squeeze-and-excitation, around which the input is added.
#[derive(Debug)]
pub struct SeRes2NetBlock {
    tdnn1: TdnnBlock,
    res2net_block: Res2NetBlock,
    tdnn2: TdnnBlock,
    se_block: SqueezeExcitation,
}

impl SeRes2NetBlock {
    /// The block of the configuration's layer `layer`, of as many channels out as in.
    pub fn new(vs: nn::Path, config: &EcapaConfig, layer: usize) -> Self {
        let (channels, scale) = (config.channels[layer], config.res2net_scale);
        let (kernel, dilation) = (config.kernel_sizes[layer], config.dilations[layer]);
        Self {
            tdnn1: TdnnBlock::new(&vs / "tdnn1", channels, channels, 1, 1),
            res2net_block: Res2NetBlock::new(&vs / "res2net_block", channels, scale, kernel, dilation),
            tdnn2: TdnnBlock::new(&vs / "tdnn2", channels, channels, 1, 1),
            se_block: SqueezeExcitation::new(&vs / "se_block", channels, config.se_channels),
        }
    }

    /// (B, C, T) and the mask (B, 1, T) of real frames → (B, C, T).
    pub fn forward(&self, xs: &Tensor, mask: Option<&Tensor>, train: bool) -> Tensor {
        let hidden = self.tdnn1.forward(xs, train);
        let hidden = self.res2net_block.forward(&hidden, train);
        let hidden = self.tdnn2.forward(&hidden, train);
        self.se_block.forward(&hidden, mask) + xs
    }
}
