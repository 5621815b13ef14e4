//! Residual blocks: the receptive fields that the generator fuses.

use tch::{
    Tensor,
    nn::{self, ConvConfig, Module},
};

use super::ResidualKind;

/// Slope of the leaky ReLUs inside the generator.
pub(super) const SLOPE: f64 = 0.1;

/// `F.leaky_relu` with a slope (tch's own is fixed at 0.01).
pub(super) fn leaky_relu(xs: &Tensor, slope: f64) -> Tensor {
    xs.maximum(&(xs * slope))
}

/// Upstream's `ResBlock1` (parameters `convs1.N`, `convs2.N`) or `ResBlock2` (`convs.N`).
#[derive(Debug)]
pub(super) struct ResidualBlock {
    /// Convolutions between one addition and the next.
    branches: Vec<Vec<nn::Conv1D>>,
}

impl ResidualBlock {
    pub(super) fn new(vs: nn::Path, kind: ResidualKind, channels: i64, kernel: i64, dilations: &[i64]) -> Self {
        let conv = |list: &str, index: usize, dilation: i64| {
            let config = ConvConfig { dilation, padding: kernel / 2 * dilation, ..Default::default() };
            nn::conv1d(&vs / list / index, channels, channels, kernel, config)
        };
        let branch = |(index, &dilation): (usize, &i64)| match kind {
            ResidualKind::Paired => vec![conv("convs1", index, dilation), conv("convs2", index, 1)],
            ResidualKind::Single => vec![conv("convs", index, dilation)],
        };
        Self { branches: dilations.iter().enumerate().map(branch).collect() }
    }

    /// (B, C, L) → (B, C, L).
    pub(super) fn forward(&self, xs: &Tensor) -> Tensor {
        self.branches.iter().fold(xs.shallow_clone(), |xs, convs| {
            let branch = convs.iter().fold(xs.shallow_clone(), |ys, conv| conv.forward(&leaky_relu(&ys, SLOPE)));
            branch + xs
        })
    }
}
