//! Multi-window discriminator over mel spectrograms (Wu and Luan 2020; Ye et al. 2022).
//!
//! A regression gives the mean of all ways to say a thing, which no speaker says: blurred over time and frequency.
//! Judging windows of mel is a hundred times cheaper than judging the waveform, and takes the blur away.

use tch::{Tensor, nn};

use crate::nn::judge::{Discriminator, JudgeStack, Judgement};
use crate::nn::mixed::Conv2dConfig;

/// A stack of convolutions over (M, T) windows.
#[derive(Debug)]
pub struct MelDiscriminator {
    stacks: Vec<JudgeStack>,
}

impl MelDiscriminator {
    /// Networks with other strides over time: one sees texture, the other how sounds follow each other.
    const TIME_STRIDES: [i64; 2] = [1, 2];

    /// Parameters `N`.
    pub fn new(path: nn::Path, channels: i64) -> Self {
        let stack = |(index, &stride): (usize, &i64)| {
            let layer = |channels, kernel| Conv2dConfig { channels, kernel, stride: [2, stride], dilation: [1, 1] };
            let layers = [
                layer(channels, [5, 3]),
                layer(2 * channels, [5, 3]),
                layer(2 * channels, [5, 3]),
                Conv2dConfig { stride: [1, 1], ..layer(2 * channels, [3, 3]) },
            ];
            JudgeStack::new(&(&path / index), 1, &layers)
        };
        Self { stacks: Self::TIME_STRIDES.iter().enumerate().map(stack).collect() }
    }
}

impl Discriminator for MelDiscriminator {
    /// Windows of log-mel (B, M, T).
    fn judge(&self, batch: &Tensor) -> Vec<Judgement> {
        let image = ((batch + 6.0) * 0.5).unsqueeze(1);
        self.stacks.iter().map(|stack| stack.judge(&image)).collect()
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    #[test]
    fn both_networks_judge() {
        let store = nn::VarStore::new(Device::Cpu);
        let discriminator = MelDiscriminator::new(store.root(), 4);
        let judgements = discriminator.judge(&Tensor::zeros([3, 80, 64], (Kind::Float, Device::Cpu)));
        assert_eq!(judgements[0].score.size(), [3, 1, 10, 64]);
        assert_eq!(judgements[1].score.size(), [3, 1, 10, 8]);
    }
}
