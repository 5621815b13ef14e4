//! The short-time spectrum that the network sees in training, at 16 kHz.

use tch::{Device, Kind, Tensor};

/// Samples of a frame at 16 kHz: 32 ms.
pub const WINDOW: i64 = 512;
/// Samples between frames at 16 kHz: 16 ms.
pub const HOP: i64 = WINDOW / 2;
/// Frequency bins, 31.25 Hz apart, up to 8 kHz.
pub const BINS: i64 = WINDOW / 2 + 1;

/// Analysis and synthesis with the root of a Hann window, which at half overlap adds up to 1.
#[derive(Debug)]
pub struct Spectrum {
    window: Tensor,
}

impl Spectrum {
    /// Prepares the window.
    pub fn new(device: Device) -> Self {
        Self { window: Tensor::hann_window(WINDOW, (Kind::Float, device)).sqrt() }
    }

    /// Samples (B, L), L a multiple of [`HOP`] → (B, T, F, 2), real and imaginary parts, with T = L / [`HOP`] + 1.
    /// Frame t is centred on sample t * [`HOP`].
    pub fn forward(&self, samples: &Tensor) -> Tensor {
        let frames = samples.pad([HOP, HOP], "constant", None).unfold(1, WINDOW, HOP) * &self.window;
        frames.fft_rfft(None, -1, "backward").view_as_real()
    }

    /// The signal of a spectrum, (B, T, F, 2) → (B, L).
    pub fn inverse(&self, spectrum: &Tensor) -> Tensor {
        let frames = spectrum.size()[1];
        let segments = spectrum.contiguous().view_as_complex().fft_irfft(WINDOW, -1, "backward") * &self.window;
        let total = (frames + 1) * HOP;
        let signal = segments.transpose(1, 2).col2im([1, total], [1, WINDOW], [1, 1], [0, 0], [1, HOP]);
        signal.flatten(1, -1).narrow(1, HOP, total - WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_apart_comes_together() {
        let spectrum = Spectrum::new(Device::Cpu);
        let signal = Tensor::randn([2, 10 * HOP], (Kind::Float, Device::Cpu));
        let frames = spectrum.forward(&signal);
        assert_eq!(frames.size(), [2, 11, BINS, 2]);
        assert!((spectrum.inverse(&frames) - signal).abs().max().double_value(&[]) < 1e-5);
    }
}
