//! What discriminators share: layers and judgements.

use tch::{
    Tensor,
    nn::{self, Module},
};

use super::mixed::{Conv2d, Conv2dConfig};

/// What one network says of a batch.
#[derive(Debug)]
pub struct Judgement {
    /// Near 1 for what it takes for real, near 0 for what it takes for made; of any shape.
    pub score: Tensor,
    /// Outputs of its hidden layers.
    pub features: Vec<Tensor>,
}

impl Judgement {
    /// The same without gradients.
    pub fn detach(&self) -> Self {
        Self { score: self.score.detach(), features: self.features.iter().map(Tensor::detach).collect() }
    }
}

/// Tells real from made.
pub trait Discriminator: std::fmt::Debug {
    /// One judgement a network.
    fn judge(&self, batch: &Tensor) -> Vec<Judgement>;
}

/// Convolutions over an image with leaky ReLU (slope 0.01), and a last one that gives the score.
#[derive(Debug)]
pub struct JudgeStack {
    layers: Vec<Conv2d>,
    last: Conv2d,
}

impl JudgeStack {
    /// Parameters `N` and `last`.
    pub fn new(path: &nn::Path, channels_in: i64, layers: &[Conv2dConfig]) -> Self {
        let mut before = channels_in;
        let mut stack = Vec::new();
        for (index, layer) in layers.iter().enumerate() {
            stack.push(Conv2d::new(path / index, before, *layer));
            before = layer.channels;
        }
        let last = Conv2dConfig { channels: 1, kernel: [3, 3], stride: [1, 1], dilation: [1, 1] };
        Self { layers: stack, last: Conv2d::new(path / "last", before, last) }
    }

    /// (B, C, H, W) -> the judgement.
    pub fn judge(&self, image: &Tensor) -> Judgement {
        let mut features = Vec::with_capacity(self.layers.len());
        let mut x = image.shallow_clone();
        for layer in &self.layers {
            x = layer.forward(&x).leaky_relu();
            features.push(x.shallow_clone());
        }
        Judgement { score: self.last.forward(&x), features }
    }
}
