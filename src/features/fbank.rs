//! Kaldi's log-mel filterbanks: what the speaker encoder hears.
//!
//! Framing differs from [`super::stft`]: frames lie wholly inside the signal, and each is freed of its mean and
//! pre-emphasised on its own (`compute-fbank-feats` of Kaldi, `torchaudio.compliance.kaldi.fbank`).

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::mel::{MelScale, triangles};
use crate::units::SampleRate;

/// What a sample of 1.0 counts as. It moves all values by the same amount, except where they meet the floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FullScale {
    /// 1, as when torchaudio is given floating-point samples.
    Unit,
    /// 32,768, as when Kaldi reads 16-bit files.
    Int16,
}

impl FullScale {
    fn gain(self) -> f64 {
        match self {
            Self::Unit => 1.0,
            Self::Int16 => 32_768.0,
        }
    }
}

/// Sizes and constants of the filterbanks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FbankConfig {
    /// Rate of the signal.
    pub rate: SampleRate,
    /// Length of a frame in samples.
    pub window: i64,
    /// Step between frames in samples.
    pub hop: i64,
    /// Number of filters, M.
    pub n_mels: i64,
    /// Lower edge of the lowest filter.
    pub low_hz: f64,
    /// Upper edge of the highest filter.
    pub high_hz: f64,
    /// What a sample of 1.0 counts as.
    pub full_scale: FullScale,
}

impl Default for FbankConfig {
    /// 80 filters from 20 Hz to 8 kHz, 25 ms every 10 ms.
    fn default() -> Self {
        let rate = SampleRate::ANALYSIS;
        Self { rate, window: 400, hop: 160, n_mels: 80, low_hz: 20.0, high_hz: 8000.0, full_scale: FullScale::Unit }
    }
}

impl FbankConfig {
    /// The number of frames T in `samples` samples; a rest shorter than a frame is dropped.
    pub fn frames(&self, samples: i64) -> i64 {
        if samples < self.window { 0 } else { (samples - self.window) / self.hop + 1 }
    }

    /// Length of the transform: the window, filled with zeros to a power of two.
    fn n_fft(&self) -> i64 {
        (self.window as u64).next_power_of_two() as i64
    }

    /// Filters (F, M) that are triangles on the mel scale, not on that of frequency, and have a peak of 1.
    fn filters(&self) -> Tensor {
        let scale = MelScale::Htk;
        let (low, high) = (scale.mel(self.low_hz), scale.mel(self.high_hz));
        let step = (high - low) / (self.n_mels + 1) as f64;
        let edges: Vec<f64> = (0..self.n_mels + 2).map(|i| low + step * i as f64).collect();
        let bin_hz = self.rate.hz() / self.n_fft() as f64;
        let bins = self.n_fft() / 2 + 1;
        let positions: Vec<f64> = (0..bins).map(|bin| scale.mel(bin as f64 * bin_hz)).collect();
        let rows: Vec<f32> = triangles(&edges, &positions).concat().iter().map(|&weight| weight as f32).collect();
        Tensor::from_slice(&rows).view([self.n_mels, bins]).transpose(0, 1).contiguous()
    }
}

/// Computes log-mel filterbanks on one device.
#[derive(Debug)]
pub struct Fbank {
    config: FbankConfig,
    window: Tensor,
    filters: Tensor,
}

impl Fbank {
    /// Kaldi's pre-emphasis.
    const PRE_EMPHASIS: f64 = 0.97;
    /// "Povey's" window is a Hann window to this power.
    const WINDOW_POWER: f64 = 0.85;

    /// With the default configuration.
    pub fn new(device: Device) -> Self {
        Self::with_config(FbankConfig::default(), device)
    }

    /// Prepares window and filters.
    pub fn with_config(config: FbankConfig, device: Device) -> Self {
        let hann = Tensor::hann_window_periodic(config.window, false, (Kind::Float, device));
        let filters = config.filters().to_device(device);
        Self { window: hann.pow_tensor_scalar(Self::WINDOW_POWER), filters, config }
    }

    /// The sizes that it was made with.
    pub fn config(&self) -> &FbankConfig {
        &self.config
    }

    /// Samples (B, L) in [-1, 1] → natural logarithms of the filters' power (B, T, M), with
    /// T = [`FbankConfig::frames`], which is 0 for signals shorter than a frame.
    pub fn forward(&self, samples: &Tensor) -> Tensor {
        let [batch, length] = samples.size()[..] else {
            panic!("filterbanks take (B, L), but got {:?}", samples.size());
        };
        if length < self.config.window {
            return Tensor::zeros([batch, 0, self.config.n_mels], (Kind::Float, samples.device()));
        }
        let frames = (samples * self.config.full_scale.gain()).unfold(1, self.config.window, self.config.hop);
        let frames = &frames - frames.mean_dim(-1, true, None);
        let first = frames.narrow(-1, 0, 1);
        let before = Tensor::cat(&[&first, &frames.narrow(-1, 0, self.config.window - 1)], -1);
        let frames = (frames - before * Self::PRE_EMPHASIS) * &self.window;
        let spectrum = frames.fft_rfft(self.config.n_fft(), -1, "backward").view_as_real();
        let power = spectrum.square().sum_dim_intlist(-1, false, None);
        power.matmul(&self.filters).clamp_min(f64::from(f32::EPSILON)).log()
    }
}

/// Subtracts each filter's mean over time, and so what a microphone and a level add: (B, T, M) → (B, T, M).
pub fn subtract_mean(features: &Tensor) -> Tensor {
    features - features.mean_dim(1, true, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_lie_inside_the_signal() {
        let fbank = Fbank::new(Device::Cpu);
        for (samples, frames) in [(0, 0), (399, 0), (400, 1), (559, 1), (560, 2), (16_000, 98)] {
            let features = fbank.forward(&Tensor::zeros([2, samples], (Kind::Float, Device::Cpu)));
            assert_eq!(features.size(), [2, frames, 80]);
            assert_eq!(fbank.config().frames(samples), frames);
        }
    }

    #[test]
    fn a_tone_is_loudest_in_its_band() {
        let time = Tensor::arange(4000, (Kind::Float, Device::Cpu)) / 16_000.0;
        let tone = (time * (std::f64::consts::TAU * 1000.0)).sin().unsqueeze(0);
        let features = Fbank::new(Device::Cpu).forward(&tone);
        let mel = |hz: f64| MelScale::Htk.mel(hz);
        let band = (mel(1000.0) - mel(20.0)) / (mel(8000.0) - mel(20.0)) * 81.0 - 1.0;
        let loudest = features.argmax(-1, false);
        assert!((loudest.min().double_value(&[]) - band).abs() <= 0.5, "{loudest}");
        assert!((loudest.max().double_value(&[]) - band).abs() <= 0.5, "{loudest}");
    }

    #[test]
    fn silence_is_the_floor_and_offsets_vanish() {
        let offset = Tensor::full([1, 800], 0.25, (Kind::Float, Device::Cpu));
        let features = Fbank::new(Device::Cpu).forward(&offset);
        assert!((features - f64::from(f32::EPSILON).ln()).abs().max().double_value(&[]) < 1e-5);
    }

    #[test]
    fn the_mean_is_gone() {
        let features = subtract_mean(&Tensor::arange(24, (Kind::Float, Device::Cpu)).view([2, 3, 4]));
        assert!(features.mean_dim(1, false, None).abs().max().double_value(&[]) < 1e-6);
    }
}
