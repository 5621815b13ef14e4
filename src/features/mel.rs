//! Mel filterbanks and the log-mel spectrogram of synthesis.

use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};

use super::stft::{Stft, StftConfig};
use crate::units::SampleRate;

/// How pitch is mapped to frequency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MelScale {
    /// Linear below 1 kHz, logarithmic above (Slaney's Auditory Toolbox, librosa's default).
    Slaney,
    /// `2595 log10(1 + f / 700)`.
    Htk,
}

impl MelScale {
    /// Slaney's scale: 200/3 Hz a mel below 1 kHz, then 27 steps for a factor of 6.4.
    const SLANEY_STEP_HZ: f64 = 200.0 / 3.0;
    const SLANEY_KNEE_HZ: f64 = 1000.0;

    fn slaney_log_step() -> f64 {
        6.4_f64.ln() / 27.0
    }

    /// Frequency in Hz to mel.
    pub fn mel(self, hz: f64) -> f64 {
        match self {
            Self::Htk => 2595.0 * (1.0 + hz / 700.0).log10(),
            Self::Slaney if hz < Self::SLANEY_KNEE_HZ => hz / Self::SLANEY_STEP_HZ,
            Self::Slaney => {
                let knee = Self::SLANEY_KNEE_HZ / Self::SLANEY_STEP_HZ;
                knee + (hz / Self::SLANEY_KNEE_HZ).ln() / Self::slaney_log_step()
            }
        }
    }

    /// Mel to frequency in Hz.
    pub fn hz(self, mel: f64) -> f64 {
        let knee = Self::SLANEY_KNEE_HZ / Self::SLANEY_STEP_HZ;
        match self {
            Self::Htk => 700.0 * (10_f64.powf(mel / 2595.0) - 1.0),
            Self::Slaney if mel < knee => mel * Self::SLANEY_STEP_HZ,
            Self::Slaney => Self::SLANEY_KNEE_HZ * ((mel - knee) * Self::slaney_log_step()).exp(),
        }
    }
}

/// A bank of triangular filters over the bins of a transform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MelConfig {
    /// Rate of the signal.
    pub rate: SampleRate,
    /// Length of the transform in samples.
    pub n_fft: i64,
    /// Step between frames in samples.
    pub hop: i64,
    /// Number of filters, M.
    pub n_mels: i64,
    /// Lower edge of the lowest filter.
    pub low_hz: f64,
    /// Upper edge of the highest filter.
    pub high_hz: f64,
}

impl MelConfig {
    /// The convention of HiFi-GAN at 22.05 kHz, so that published vocoders and acoustic models fit.
    pub fn synthesis() -> Self {
        Self { rate: SampleRate::SYNTHESIS, n_fft: 1024, hop: 256, n_mels: 80, low_hz: 0.0, high_hz: 8000.0 }
    }

    /// Frames per second.
    pub fn frame_rate(&self) -> f64 {
        self.rate.hz() / self.hop as f64
    }

    /// The transform under the filters.
    pub fn stft(&self) -> StftConfig {
        StftConfig { n_fft: self.n_fft, hop: self.hop }
    }

    /// Triangular filters on Slaney's scale, each with unit area (`librosa.filters.mel`): M rows of F weights.
    pub fn filters(&self) -> Vec<Vec<f32>> {
        let scale = MelScale::Slaney;
        let (low, high) = (scale.mel(self.low_hz), scale.mel(self.high_hz));
        let step = (high - low) / (self.n_mels + 1) as f64;
        let edges: Vec<f64> = (0..self.n_mels + 2).map(|i| scale.hz(low + step * i as f64)).collect();
        let bin_hz = self.rate.hz() / self.n_fft as f64;
        let bins: Vec<f64> = (0..self.stft().bins()).map(|bin| bin as f64 * bin_hz).collect();
        let unit_area = |(row, edge): (Vec<f64>, &[f64])| {
            let norm = 2.0 / (edge[2] - edge[0]);
            row.into_iter().map(|weight| (weight * norm) as f32).collect()
        };
        triangles(&edges, &bins).into_iter().zip(edges.windows(3)).map(unit_area).collect()
    }
}

/// Overlapping triangles with a peak of 1, one between each edge and the next but one, as weights of the points at
/// `positions`. Edges and positions are on one axis: of frequency for librosa's filters, of mel for Kaldi's.
pub(super) fn triangles(edges: &[f64], positions: &[f64]) -> Vec<Vec<f64>> {
    let triangle = |edge: &[f64]| {
        let weight = |&position: &f64| {
            let rise = (position - edge[0]) / (edge[1] - edge[0]);
            let fall = (edge[2] - position) / (edge[2] - edge[1]);
            rise.min(fall).max(0.0)
        };
        positions.iter().map(weight).collect()
    };
    edges.windows(3).map(triangle).collect()
}

/// Log-mel spectrogram: natural logarithm of `max(filters · magnitude, 1e-5)`.
#[derive(Debug)]
pub struct MelSpectrogram {
    stft: Stft,
    filters: Tensor,
}

impl MelSpectrogram {
    /// The smallest magnitude that is told apart from silence.
    pub const FLOOR: f64 = 1e-5;

    /// Prepares window and filters.
    pub fn new(config: &MelConfig, device: Device) -> Self {
        let rows = config.filters();
        let flat: Vec<f32> = rows.concat();
        let filters = Tensor::from_slice(&flat).view([config.n_mels, config.stft().bins()]).to_device(device);
        Self { stft: Stft::new(config.stft(), device), filters }
    }

    /// (B, L) in [-1, 1] -> (B, M, T).
    pub fn forward(&self, samples: &Tensor) -> Tensor {
        self.from_magnitude(&self.stft.magnitude(samples))
    }

    /// Of one recording, without history: samples in [-1, 1] -> (M, T).
    pub fn of(&self, samples: &[f32]) -> Tensor {
        let samples = Tensor::from_slice(samples).unsqueeze(0).to_device(self.filters.device());
        tch::no_grad(|| self.forward(&samples).squeeze_dim(0))
    }

    /// Magnitude spectrum to log-mel: (B, F, T) -> (B, M, T).
    pub fn from_magnitude(&self, magnitude: &Tensor) -> Tensor {
        self.filters.matmul(magnitude).clamp_min(Self::FLOOR).log()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_scales_invert() {
        for scale in [MelScale::Slaney, MelScale::Htk] {
            for hz in [0.0, 440.0, 1000.0, 7999.0] {
                assert!((scale.hz(scale.mel(hz)) - hz).abs() < 1e-6, "{scale:?} {hz}");
            }
        }
    }

    #[test]
    fn slaney_knows_its_landmarks() {
        assert!((MelScale::Slaney.mel(1000.0) - 15.0).abs() < 1e-12);
        assert!((MelScale::Slaney.mel(6400.0) - 42.0).abs() < 1e-9);
        assert!((MelScale::Htk.mel(1000.0) - 1000.0).abs() < 0.02);
    }

    #[test]
    fn silence_is_the_floor() {
        let mel = MelSpectrogram::new(&MelConfig::synthesis(), Device::Cpu);
        let out = mel.forward(&Tensor::zeros([1, 2560], (tch::Kind::Float, Device::Cpu)));
        assert_eq!(out.size(), [1, 80, 10]);
        let floor = MelSpectrogram::FLOOR.ln();
        assert!((out.max().double_value(&[]) - floor).abs() < 0.1, "{out:?}");
    }
}
