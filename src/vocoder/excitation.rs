//! Excitation of the source-filter vocoder: a band-limited pulse train that follows F0, and noise.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor};

/// F0 below this counts as unvoiced, in Hz.
pub const VOICED_FROM_HZ: f64 = 40.0;

/// Frame values to sample values: (B, T) -> (B, T * hop), linear between frame centres.
///
/// Steps of pitch at frame borders are heard as roughness, so it has to be interpolated.
pub fn upsample(frames: &Tensor, hop: i64) -> Tensor {
    let (_, length) = frames.size2().unwrap_or_default();
    frames.unsqueeze(1).upsample_linear1d([length * hop], false, None).squeeze_dim(1)
}

/// Pulse train of unit power with as many harmonics as fit below half the rate, zero where unvoiced.
///
/// `f0_hz` (B, T), without gaps (unvoiced frames are interpolated), `voicing` (B, T) from 0 to 1 -> (B, T * hop).
/// The sum of the harmonics `Σ cos(2πkφ), k = 1..K` has the closed form `(sin((2K+1)πφ) / sin(πφ) - 1) / 2`,
/// the Dirichlet kernel.
pub fn pulse_train(f0_hz: &Tensor, voicing: &Tensor, rate_hz: f64, hop: i64) -> Tensor {
    let f0 = upsample(f0_hz, hop).clamp_min(VOICED_FROM_HZ);
    let cycles = (&f0 / rate_hz).to_kind(Kind::Double).cumsum(1, Kind::Double);
    // To (-1/2, 1/2], where the kernel's zero of the denominator is in the middle.
    let phase = (&cycles - cycles.round()).to_kind(Kind::Float);
    let count = (f0.reciprocal() * (rate_hz / 2.0)).floor();
    let half_angle = &phase * std::f64::consts::PI;
    let denominator = half_angle.sin();
    let limit = denominator.abs().lt(1e-4);
    let safe = denominator.where_self(&limit.logical_not(), &denominator.ones_like());
    let kernel = ((&half_angle * (&count * 2.0 + 1.0)).sin() / safe - 1.0) * 0.5;
    let kernel = count.where_self(&limit, &kernel);
    // K cosines have the power K / 2.
    let pulses = kernel * (count.reciprocal() * 2.0).sqrt();
    pulses * upsample(voicing, hop)
}

/// White Gaussian noise of unit power (L), the same for the same seed whatever else draws from libtorch's generator.
/// By Box and Muller's method.
pub fn white_noise(length: i64, seed: u64) -> Tensor {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut uniform = || Tensor::from_slice(&(0..length).map(|_| random.random::<f32>()).collect::<Vec<_>>());
    // From (0, 1], of which there is a logarithm.
    let radius = ((uniform() * -1.0 + 1.0).log() * -2.0).sqrt();
    radius * (uniform() * std::f64::consts::TAU).cos()
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    fn constant(value: f64, frames: i64) -> Tensor {
        Tensor::full([1, frames], value, (Kind::Float, Device::Cpu))
    }

    #[test]
    fn the_closed_form_equals_the_sum_of_cosines() {
        let (rate, f0) = (22_050.0, 217.3);
        let train = pulse_train(&constant(f0, 8), &constant(1.0, 8), rate, 256);
        let train: Vec<f32> = Vec::try_from(train.flatten(0, 1)).expect("floats");
        let harmonics = (rate / 2.0 / f0).floor() as i32;
        for (index, &sample) in train.iter().enumerate() {
            let phase = (index + 1) as f64 * f0 / rate;
            let sum: f64 = (1..=harmonics).map(|k| (std::f64::consts::TAU * f64::from(k) * phase).cos()).sum();
            let expected = sum * (2.0 / f64::from(harmonics)).sqrt();
            assert!((f64::from(sample) - expected).abs() < 0.02, "{index}: {sample} {expected}");
        }
        let power = train.iter().map(|x| x * x).sum::<f32>() / train.len() as f32;
        assert!((power - 1.0).abs() < 0.05, "{power}");
    }

    #[test]
    fn noise_is_white_gaussian_and_follows_from_the_seed() {
        let noise = white_noise(100_000, 3);
        assert_eq!(noise, white_noise(100_000, 3));
        assert_ne!(noise, white_noise(100_000, 4));
        let moment = |power: f64| noise.pow_tensor_scalar(power).mean(Kind::Double).double_value(&[]);
        // Standard errors of the moments are 0.003, 0.0045 and 0.031.
        assert!(moment(1.0).abs() < 0.015 && (moment(2.0) - 1.0).abs() < 0.02, "{} {}", moment(1.0), moment(2.0));
        assert!((moment(4.0) - 3.0).abs() < 0.15, "{}", moment(4.0));
        let lagged = (noise.narrow(0, 1, 99_999) * noise.narrow(0, 0, 99_999)).mean(Kind::Double).double_value(&[]);
        assert!(lagged.abs() < 0.015, "{lagged}");
    }

    #[test]
    fn unvoiced_frames_are_silent() {
        let train = pulse_train(&constant(0.0, 4), &constant(0.0, 4), 22_050.0, 256);
        assert_eq!(train.abs().max().double_value(&[]), 0.0);
    }
}
