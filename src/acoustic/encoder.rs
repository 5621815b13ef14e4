//! Text encoder: symbols in their context.

use tch::{Tensor, nn};

use super::config::AcousticConfig;
use crate::nn::convnext::ConvNextBlock;
use crate::text::symbols::Symbol;

/// Embedding and ConvNeXt blocks. It does not know the speaker: pronunciation is everybody's.
#[derive(Debug)]
pub struct TextEncoder {
    embedding: nn::Embedding,
    blocks: Vec<ConvNextBlock>,
    norm: nn::LayerNorm,
}

impl TextEncoder {
    /// Parameters `embedding`, `blocks.N`, `norm`.
    pub fn new(path: nn::Path, config: &AcousticConfig) -> Self {
        let init = nn::Init::Randn { mean: 0.0, stdev: (config.channels as f64).powf(-0.5) };
        let table = nn::EmbeddingConfig { ws_init: init, ..Default::default() };
        let block = config.block(config.encoder_blocks);
        Self {
            embedding: nn::embedding(&path / "embedding", Symbol::COUNT as i64, config.channels, table),
            blocks: (0..config.encoder_blocks).map(|i| ConvNextBlock::new(&path / "blocks" / i, block)).collect(),
            norm: nn::layer_norm(&path / "norm", vec![config.channels], Default::default()),
        }
    }

    /// Symbol ids (B, N), mask (B, N, 1) -> (B, N, C).
    pub fn forward(&self, symbols: &Tensor, mask: &Tensor) -> Tensor {
        let mut x = symbols.apply(&self.embedding);
        for block in &self.blocks {
            x = block.forward(&x, Some(mask));
        }
        x.apply(&self.norm) * mask
    }
}
