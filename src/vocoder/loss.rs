//! Spectral losses between waveforms.

use tch::{Device, Kind, Tensor};

use crate::features::mel::{MelConfig, MelSpectrogram};
use crate::features::stft::{Stft, StftConfig};

/// Multi-resolution STFT loss (Yamamoto et al. 2020) with a mel term (Kong et al. 2020).
///
/// Short windows see when energy comes within a pitch period, and with it phase; long ones see harmonics.
#[derive(Debug)]
pub struct SpectralLoss {
    transforms: Vec<Stft>,
    mel: MelSpectrogram,
}

/// The terms of the loss, each a scalar.
#[derive(Debug)]
pub struct SpectralTerms {
    /// Mean of |log a - log b| over all resolutions.
    pub log_magnitude: Tensor,
    /// Norm of a - b over the norm of the target, mean over all resolutions.
    pub convergence: Tensor,
    /// Mean of |mel a - mel b|, of the logarithms.
    pub mel: Tensor,
}

impl SpectralTerms {
    /// Weighted sum.
    pub fn total(&self) -> Tensor {
        &self.log_magnitude + &self.convergence + &self.mel * 2.0
    }
}

impl SpectralLoss {
    const SIZES: [i64; 4] = [2048, 1024, 512, 128];
    /// Magnitudes below this are inaudible beside speech.
    const FLOOR: f64 = 1e-3;

    /// Prepares windows and filters.
    pub fn new(mel: &MelConfig, device: Device) -> Self {
        let transform = |&n_fft: &i64| Stft::new(StftConfig { n_fft, hop: n_fft / 4 }, device);
        let full_band = MelConfig { high_hz: mel.rate.hz() / 2.0, ..mel.clone() };
        Self { transforms: Self::SIZES.iter().map(transform).collect(), mel: MelSpectrogram::new(&full_band, device) }
    }

    /// (B, L) made, (B, L) real.
    pub fn terms(&self, made: &Tensor, real: &Tensor) -> SpectralTerms {
        let (mut logs, mut convergences) = (Vec::new(), Vec::new());
        for transform in &self.transforms {
            let (made, real) = (transform.magnitude(made), transform.magnitude(real));
            let log = |magnitude: &Tensor| magnitude.clamp_min(Self::FLOOR).log();
            logs.push((log(&made) - log(&real)).abs().mean(Kind::Float));
            convergences.push(
                (&made - &real).square().sum(Kind::Float).sqrt() / (real.square().sum(Kind::Float).sqrt() + 1e-3),
            );
        }
        let mean = |terms: Vec<Tensor>| Tensor::stack(&terms, 0).mean(Kind::Float);
        let mel = (self.mel.forward(made) - self.mel.forward(real)).abs().mean(Kind::Float);
        SpectralTerms { log_magnitude: mean(logs), convergence: mean(convergences), mel }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_like_itself_and_half_of_it_is_log_two_away() {
        tch::manual_seed(2);
        let loss = SpectralLoss::new(&MelConfig::synthesis(), Device::Cpu);
        let noise = Tensor::randn([1, 8192], (Kind::Float, Device::Cpu));
        assert_eq!(loss.terms(&noise, &noise).total().double_value(&[]), 0.0);
        let terms = loss.terms(&(&noise * 0.5), &noise);
        assert!((terms.log_magnitude.double_value(&[]) - 2f64.ln()).abs() < 1e-3);
        assert!((terms.convergence.double_value(&[]) - 0.5).abs() < 1e-3);
        assert!((terms.mel.double_value(&[]) - 2f64.ln()).abs() < 1e-3);
    }
}
