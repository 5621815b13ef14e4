//! Short-time Fourier transform and its inverse, framed as in HiFi-GAN.
//!
//! The signal is padded by `(n_fft - hop) / 2` samples on both sides, so that L samples give `L / hop` frames
//! and frame t is centred on sample `t * hop + hop / 2`.

use tch::{Device, Kind, Tensor};

/// Sizes of a transform, in samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StftConfig {
    /// Length of one transform; the window has the same length.
    pub n_fft: i64,
    /// Step between frames.
    pub hop: i64,
}

impl StftConfig {
    /// The number of frequency bins, F.
    pub fn bins(self) -> i64 {
        self.n_fft / 2 + 1
    }

    /// Samples added on each side.
    pub fn padding(self) -> i64 {
        (self.n_fft - self.hop) / 2
    }

    /// The number of frames T that `samples` samples give.
    pub fn frames(self, samples: i64) -> i64 {
        samples / self.hop
    }
}

/// A transform with a periodic Hann window on one device.
#[derive(Debug)]
pub struct Stft {
    config: StftConfig,
    window: Tensor,
}

impl Stft {
    /// Prepares the window.
    pub fn new(config: StftConfig, device: Device) -> Self {
        Self { config, window: Tensor::hann_window(config.n_fft, (Kind::Float, device)) }
    }

    /// The sizes that it was made with.
    pub fn config(&self) -> StftConfig {
        self.config
    }

    /// Complex spectrum: (B, L) -> (B, F, T). Edges are mirrored; signals too short to mirror are padded with zeros.
    pub fn forward(&self, samples: &Tensor) -> Tensor {
        let StftConfig { n_fft, .. } = self.config;
        let pad = self.config.padding();
        let length = samples.size()[1];
        let mode = if length > pad { "reflect" } else { "constant" };
        let padded = samples.unsqueeze(1).pad([pad, pad], mode, None).squeeze_dim(1);
        let missing = n_fft - padded.size()[1];
        let padded = if missing > 0 { padded.pad([0, missing], "constant", None) } else { padded };
        self.framed(&padded)
    }

    /// Complex spectrum of samples that are padded already: (B, L + 2 padding) -> (B, F, L / hop).
    pub fn framed(&self, padded: &Tensor) -> Tensor {
        let StftConfig { n_fft, hop } = self.config;
        padded.stft(n_fft, hop, n_fft, Some(&self.window), false, true, true, false)
    }

    /// Magnitude spectrum, with gradient 0 at silence: (B, L) -> (B, F, T).
    pub fn magnitude(&self, samples: &Tensor) -> Tensor {
        self.forward(samples).abs()
    }

    /// The signal whose spectrum is nearest (Griffin and Lim 1984, equation 6): (B, F, T) -> (B, T * hop).
    pub fn inverse(&self, spectrum: &Tensor) -> Tensor {
        let frames = [1, self.config.n_fft, spectrum.size()[2]];
        let envelope = self.overlap_add(&self.power().expand(frames, false).contiguous());
        self.overlap_add(&self.segments(spectrum)) / envelope.clamp_min(1e-8)
    }

    /// The same of the frames that `mask` (B, 1, T) has 1 for, and not 0.
    pub fn inverse_within(&self, spectrum: &Tensor, mask: &Tensor) -> Tensor {
        let envelope = self.overlap_add(&(self.power() * mask));
        self.overlap_add(&(self.segments(spectrum) * mask)) / envelope.clamp_min(1e-8)
    }

    /// The window's square, (1, n_fft, 1).
    fn power(&self) -> Tensor {
        self.window.square().view([1, -1, 1])
    }

    /// Windowed samples of each frame, (B, n_fft, T).
    fn segments(&self, spectrum: &Tensor) -> Tensor {
        spectrum.fft_irfft(self.config.n_fft, 1, "backward") * self.window.unsqueeze(-1)
    }

    /// (B, n_fft, T) -> (B, T * hop).
    fn overlap_add(&self, segments: &Tensor) -> Tensor {
        let (StftConfig { n_fft, hop }, frames) = (self.config, segments.size()[2]);
        let total = (frames - 1) * hop + n_fft;
        let signal = segments.col2im([1, total], [1, n_fft], [1, 1], [0, 0], [1, hop]).flatten(1, -1);
        signal.narrow(1, self.config.padding(), frames * hop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: StftConfig = StftConfig { n_fft: 1024, hop: 256 };

    #[test]
    fn a_sine_of_bin_frequency_has_half_the_window_sum() {
        let stft = Stft::new(CONFIG, Device::Cpu);
        let time = Tensor::arange(8192, (Kind::Float, Device::Cpu));
        let sine = (time * (std::f64::consts::TAU * 40.0 / 1024.0)).cos().unsqueeze(0);
        let magnitude = stft.magnitude(&sine);
        assert_eq!(magnitude.size(), [1, 513, 32]);
        let peak = magnitude.double_value(&[0, 40, 16]);
        assert!((peak - 256.0).abs() < 0.1, "{peak}");
    }

    #[test]
    fn the_inverse_restores_the_signal() {
        tch::manual_seed(1);
        let stft = Stft::new(CONFIG, Device::Cpu);
        let signal = Tensor::randn([2, 256 * 20], (Kind::Float, Device::Cpu));
        let restored = stft.inverse(&stft.forward(&signal));
        let error = (restored - signal).abs().max().double_value(&[]);
        assert!(error < 1e-4, "{error}");
    }

    #[test]
    fn short_signals_are_padded() {
        let stft = Stft::new(CONFIG, Device::Cpu);
        for length in [1, 255, 256, 385] {
            let spectrum = stft.forward(&Tensor::zeros([1, length], (Kind::Float, Device::Cpu)));
            assert!(spectrum.size()[2] >= 1, "{length}");
        }
    }
}
