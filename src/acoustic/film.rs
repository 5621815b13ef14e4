//! Conditioning on the speaker: a scale and a shift for each channel (FiLM, Perez et al. 2018).

use tch::{Tensor, nn};

use super::config::AcousticConfig;
use crate::nn::convnext::ConvNextBlock;

/// ConvNeXt blocks, each told who speaks.
#[derive(Debug)]
pub struct ConditionedStack {
    layers: Vec<(nn::Linear, ConvNextBlock)>,
}

impl ConditionedStack {
    /// Parameters `N.speaker` and `N.block`. The conditioning starts as none at all.
    pub fn new(path: &nn::Path, config: &AcousticConfig, blocks: i64) -> Self {
        let zero = nn::LinearConfig { ws_init: nn::Init::Const(0.0), bs_init: Some(nn::Init::Const(0.0)), bias: true };
        let layer = |index: i64| {
            let path = path / index;
            let speaker = nn::linear(&path / "speaker", config.speaker, 2 * config.channels, zero);
            (speaker, ConvNextBlock::new(&path / "block", config.block(blocks)))
        };
        Self { layers: (0..blocks).map(layer).collect() }
    }

    /// (B, T, C), speaker (B, S), mask (B, T, 1) -> (B, T, C).
    pub fn forward(&self, x: &Tensor, speaker: &Tensor, mask: &Tensor) -> Tensor {
        let mut x = x.shallow_clone();
        for (film, block) in &self.layers {
            let conditions = speaker.apply(film).unsqueeze(1).chunk(2, -1);
            x = block.forward(&(&x * (&conditions[0] + 1.0) + &conditions[1]), Some(mask));
        }
        x
    }
}
