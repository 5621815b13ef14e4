//! Multi-resolution discriminator over complex spectrograms (Défossez et al. 2022, "MS-STFT"), small enough for a CPU.

use tch::{Device, Kind, Tensor, nn};

use crate::features::stft::{Stft, StftConfig};
use crate::nn::judge::{Discriminator, JudgeStack, Judgement};
use crate::nn::mixed::Conv2dConfig;

/// One stack of convolutions for each resolution.
#[derive(Debug)]
pub struct SpectrogramDiscriminator {
    scales: Vec<(Stft, JudgeStack)>,
}

impl SpectrogramDiscriminator {
    /// Long windows see harmonics, short ones pulses and bursts.
    const SIZES: [i64; 3] = [1024, 512, 256];
    /// Magnitudes are raised to this power, as the ear does, or loud partials would be all that is seen.
    const COMPRESSION: f64 = 0.3;

    /// Parameters `N`, one stack a resolution.
    pub fn new(path: nn::Path, channels: i64) -> Self {
        let layer =
            |height, dilation| Conv2dConfig { channels, kernel: [height, 3], stride: [2, 1], dilation: [1, dilation] };
        let layers =
            [layer(7, 1), layer(9, 1), layer(9, 2), layer(9, 4), Conv2dConfig { stride: [1, 1], ..layer(3, 1) }];
        let device: Device = path.device();
        let scale = |(index, &n_fft): (usize, &i64)| {
            let stft = Stft::new(StftConfig { n_fft, hop: n_fft / 4 }, device);
            (stft, JudgeStack::new(&(&path / index), 2, &layers))
        };
        Self { scales: Self::SIZES.iter().enumerate().map(scale).collect() }
    }
}

impl Discriminator for SpectrogramDiscriminator {
    /// Samples (B, L).
    fn judge(&self, batch: &Tensor) -> Vec<Judgement> {
        let judge = |(stft, stack): &(Stft, JudgeStack)| {
            let spectrum = stft.forward(batch);
            let parts = spectrum.view_as_real();
            let power = parts.square().sum_dim_intlist([-1i64].as_slice(), true, Kind::Float) + 1e-6;
            let compressed = parts * power.pow_tensor_scalar((Self::COMPRESSION - 1.0) / 2.0);
            // (B, F, T, 2) -> (B, 2, F, T), channels last in memory, which is what convolutions like best.
            stack.judge(&compressed.permute([0, 3, 1, 2]))
        };
        self.scales.iter().map(judge).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sees_every_resolution_and_gives_gradients_at_silence() {
        let store = nn::VarStore::new(Device::Cpu);
        let discriminator = SpectrogramDiscriminator::new(store.root(), 4);
        let silence = Tensor::zeros([2, 8192], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let judgements = discriminator.judge(&silence);
        assert_eq!(judgements.len(), 3);
        assert_eq!(judgements[0].score.size(), [2, 1, 33, 32]);
        judgements[0].score.sum(Kind::Float).backward();
        assert!(silence.grad().isfinite().all().int64_value(&[]) == 1);
    }
}
