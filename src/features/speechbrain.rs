//! SpeechBrain's log-mel filterbanks: what speaker encoders trained there hear.
//!
//! They are `speechbrain.lobes.features.Fbank(n_mels=80)` at 16 kHz. Unlike those of [`super::fbank`], frames are centred
//! and reach into zeros at both ends, there is no pre-emphasis, the triangles are symmetric on the axis of frequency,
//! and values are in dB with a floor below each recording's own maximum.

use tch::{Device, Kind, Tensor};

use super::mel::{MelScale, triangles};
use crate::units::SampleRate;

/// Computes log-mel filterbanks on one device.
#[derive(Debug)]
pub struct SpeechBrainFbank {
    window: Tensor,
    filters: Tensor,
}

impl SpeechBrainFbank {
    /// Rate of the signal.
    pub const RATE: SampleRate = SampleRate::ANALYSIS;
    /// Number of filters, M.
    pub const N_MELS: i64 = 80;
    /// Length of the window and of the transform, 25 ms.
    const N_FFT: i64 = 400;
    /// Step between frames, 10 ms.
    const HOP: i64 = 160;
    /// The least power.
    const MIN_POWER: f64 = 1e-10;
    /// What lies further than this below the loudest value of a signal is raised to there.
    const TOP_DB: f64 = 80.0;

    /// Prepares window and filters.
    pub fn new(device: Device) -> Self {
        Self {
            window: Tensor::hamming_window(Self::N_FFT, (Kind::Float, device)),
            filters: filters().to_device(device),
        }
    }

    /// The number of frames T in `samples` samples.
    pub fn frames(samples: i64) -> i64 {
        samples / Self::HOP + 1
    }

    /// Samples (B, L) in [-1, 1] → filters' power in dB (B, T, M), with T = [`Self::frames`].
    pub fn forward(&self, samples: &Tensor) -> Tensor {
        let padded = samples.constant_pad_nd([Self::N_FFT / 2; 2]);
        let window = Some(&self.window);
        let spectrum = padded.stft(Self::N_FFT, Self::HOP, Self::N_FFT, window, false, true, true, false);
        let power = spectrum.view_as_real().square().sum_dim_intlist(-1, false, None).transpose(1, 2);
        let level_db = power.matmul(&self.filters).clamp_min(Self::MIN_POWER).log10() * 10.0;
        let floor_db = level_db.amax([1i64, 2].as_slice(), true) - Self::TOP_DB;
        level_db.maximum(&floor_db)
    }
}

/// Filters (F, M) from 0 Hz to half the rate: each falls over as many Hz as it rises (`Filterbank._triangular_filters`).
fn filters() -> Tensor {
    let (scale, nyquist) = (MelScale::Htk, SpeechBrainFbank::RATE.hz() / 2.0);
    let (count, bins) = (SpeechBrainFbank::N_MELS, SpeechBrainFbank::N_FFT / 2 + 1);
    let step = scale.mel(nyquist) / (count + 1) as f64;
    let edges: Vec<f64> = (0..count + 2).map(|i| scale.hz(step * i as f64)).collect();
    let bins_hz: Vec<f64> = (0..bins).map(|bin| bin as f64 * nyquist / (bins - 1) as f64).collect();
    let symmetric = |edge: &[f64]| triangles(&[edge[0], edge[1], 2.0 * edge[1] - edge[0]], &bins_hz).concat();
    let weights: Vec<f64> = edges.windows(3).flat_map(symmetric).collect();
    Tensor::from_slice(&weights).view([count, bins]).transpose(0, 1).to_kind(Kind::Float).contiguous()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_reach_beyond_both_ends() {
        let fbank = SpeechBrainFbank::new(Device::Cpu);
        for (samples, frames) in [(0, 1), (159, 1), (160, 2), (16_000, 101)] {
            let features = fbank.forward(&Tensor::zeros([2, samples], (Kind::Float, Device::Cpu)));
            assert_eq!(features.size(), [2, frames, 80]);
            assert_eq!(SpeechBrainFbank::frames(samples), frames);
            assert!((features + 100.0).abs().max().double_value(&[]) < 1e-4, "silence is -100 dB");
        }
    }

    #[test]
    fn each_signal_has_a_floor_80_db_below_its_own_maximum() {
        let time = Tensor::arange(8000, (Kind::Float, Device::Cpu)) / 16_000.0;
        let tone = (time * (std::f64::consts::TAU * 1000.0)).sin() * 0.9;
        let rows = Tensor::stack(&[&tone, &(&tone * 0.01)], 0);
        let features = SpeechBrainFbank::new(Device::Cpu).forward(&rows);
        for row in [features.get(0), features.get(1)] {
            let (low, high) = (row.min().double_value(&[]), row.max().double_value(&[]));
            assert!((high - low - 80.0).abs() < 1e-3, "{low} to {high}");
        }
        let apart = features.get(0).max().double_value(&[]) - features.get(1).max().double_value(&[]);
        assert!((apart - 40.0).abs() < 1e-3, "{apart}");
    }
}
