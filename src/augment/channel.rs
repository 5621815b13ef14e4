//! Microphones and lines: a response over frequency.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor};

use super::{level, room::convolved};
use crate::units::SampleRate;

/// A magnitude response, without delay.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// Gains in dB at [`Response::POINTS_HZ`], joined by straight lines over the logarithm of frequency.
    gains_db: [f64; Response::POINTS_HZ.len()],
    /// Below it the response falls.
    low_hz: f64,
    /// Above it the response falls.
    high_hz: f64,
}

impl Response {
    const POINTS_HZ: [f64; 7] = [60.0, 150.0, 400.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0];
    /// How steeply the response falls outside its band, in dB per octave.
    const FALL_DB: f64 = 48.0;
    /// 300 to 3,400 Hz.
    pub const TELEPHONE: Self = Self { gains_db: [0.0; 7], low_hz: 300.0, high_hz: 3_400.0 };

    /// Up to 8 dB up or down, and one time in two a band that ends early.
    pub fn draw(random: &mut ChaCha8Rng) -> Self {
        let gains_db = std::array::from_fn(|_| random.random_range(-8.0..8.0));
        let low_hz = if random.random_bool(0.5) { random.random_range(50.0..350.0) } else { 10.0 };
        let high_hz = if random.random_bool(0.5) { random.random_range(3_000.0..7_500.0) } else { 16_000.0 };
        Self { gains_db, low_hz, high_hz }
    }

    /// The gain at a frequency, in dB.
    pub fn gain_db(&self, hz: f64) -> f64 {
        let position = hz.max(1.0).log2();
        let above = Self::POINTS_HZ.iter().position(|&point| point > hz);
        let curve = match above {
            Some(0) => self.gains_db[0],
            None => self.gains_db[Self::POINTS_HZ.len() - 1],
            Some(right) => {
                let (a, b) = (Self::POINTS_HZ[right - 1].log2(), Self::POINTS_HZ[right].log2());
                let share = (position - a) / (b - a);
                self.gains_db[right - 1] * (1.0 - share) + self.gains_db[right] * share
            }
        };
        let outside = (self.low_hz.log2() - position).max(position - self.high_hz.log2()).max(0.0);
        curve - Self::FALL_DB * outside
    }
}

/// Samples (L) at 16 kHz through a response.
pub fn filter(samples: &Tensor, response: &Response) -> Tensor {
    // Half a second of impulse response, as much before as after.
    const TAPS: i64 = 8_192;
    let bin_hz = SampleRate::ANALYSIS.hz() / TAPS as f64;
    let gains: Vec<f32> =
        (0..=TAPS / 2).map(|bin| 10f64.powf(response.gain_db(bin as f64 * bin_hz) / 20.0) as f32).collect();
    let window = Tensor::hann_window(TAPS, (Kind::Float, samples.device()));
    let kernel = Tensor::from_slice(&gains).fft_irfft(TAPS, -1, "backward").roll([TAPS / 2], [0]) * window;
    convolved(samples, &kernel).narrow(0, TAPS / 2, samples.size()[0])
}

/// The mean power of samples (L) at 16 kHz around each of [`Response::POINTS_HZ`], in dB.
fn levels_db(samples: &Tensor) -> [f64; Response::POINTS_HZ.len()] {
    const FRAME: i64 = 1_024;
    let count = samples.size()[0] / FRAME;
    let frames = samples.narrow(0, 0, count * FRAME).view([count, FRAME]);
    let power = frames.fft_rfft(None, -1, "backward").abs().square().mean_dim(0, false, Kind::Float);
    let bin_hz = SampleRate::ANALYSIS.hz() / FRAME as f64;
    std::array::from_fn(|index| {
        let point = Response::POINTS_HZ[index];
        let [from, to] = [point / std::f64::consts::SQRT_2, point * std::f64::consts::SQRT_2].map(|hz| hz / bin_hz);
        let (from, to) = (from.round() as i64, (to.round() as i64).min(FRAME / 2));
        10.0 * (power.narrow(0, from, to - from + 1).mean(Kind::Float).double_value(&[]) + 1e-12).log10()
    })
}

/// Voices (L) as if one microphone had recorded them all: each with the mean spectrum of all, as it is on average, and
/// with its own level. Silent ones stay silent.
pub(super) fn evened(voices: Vec<Tensor>) -> Vec<Tensor> {
    const MOST_DB: f64 = 15.0;
    let audible = |voice: &Tensor| level(voice) > 1e-6;
    let levels: Vec<_> = voices.iter().map(|voice| audible(voice).then(|| relative(levels_db(voice)))).collect();
    let known: Vec<_> = levels.iter().flatten().collect();
    let mean: [f64; Response::POINTS_HZ.len()] =
        std::array::from_fn(|point| known.iter().map(|own| own[point]).sum::<f64>() / known.len().max(1) as f64);
    let even = |(voice, own): (Tensor, &Option<[f64; Response::POINTS_HZ.len()]>)| match own {
        None => voice,
        Some(own) => {
            let gains_db = std::array::from_fn(|point| (mean[point] - own[point]).clamp(-MOST_DB, MOST_DB));
            let heard = filter(&voice, &Response { gains_db, low_hz: 10.0, high_hz: 16_000.0 });
            &heard * (level(&voice) / level(&heard).max(1e-6))
        }
    };
    voices.into_iter().zip(&levels).map(even).collect()
}

/// Around their mean.
fn relative(levels_db: [f64; Response::POINTS_HZ.len()]) -> [f64; Response::POINTS_HZ.len()] {
    let mean = levels_db.iter().sum::<f64>() / levels_db.len() as f64;
    levels_db.map(|level| level - mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use std::f64::consts::TAU;
    use tch::Device;

    use crate::augment::coloured_noise;

    fn gain_of(response: &Response, hz: f64) -> f64 {
        let tone = (Tensor::arange(16_000, (Kind::Double, Device::Cpu)) * (TAU * hz / 16_000.0)).sin();
        let tone = tone.to_kind(Kind::Float);
        let level = |samples: &Tensor| samples.narrow(0, 4_000, 8_000).square().mean(Kind::Float).double_value(&[]);
        10.0 * (level(&filter(&tone, response)) / level(&tone)).log10()
    }

    #[test]
    fn a_telephone_passes_its_band() {
        assert!(gain_of(&Response::TELEPHONE, 1_000.0).abs() < 0.1);
        assert!(gain_of(&Response::TELEPHONE, 6_800.0) < -40.0);
        assert!(gain_of(&Response::TELEPHONE, 100.0) < -40.0);
    }

    #[test]
    fn gains_are_met_at_their_frequencies() {
        let response = Response::draw(&mut ChaCha8Rng::seed_from_u64(3));
        for (hz, gain_db) in Response::POINTS_HZ.into_iter().zip(response.gains_db).skip(2).take(4) {
            let inside = hz > response.low_hz && hz < response.high_hz;
            assert!(!inside || (gain_of(&response, hz) - gain_db).abs() < 0.7, "{hz} Hz");
            assert!(!inside || (response.gain_db(hz) - gain_db).abs() < 1e-9);
        }
    }

    #[test]
    fn evened_voices_have_one_spectrum_and_their_levels() {
        let mut random = ChaCha8Rng::seed_from_u64(9);
        let white = coloured_noise(32_000, 0.0, &mut random);
        let pink = coloured_noise(32_000, 1.0, &mut random) * 0.1;
        let apart = |voices: &[Tensor]| {
            let [one, other] = [0, 1].map(|index| relative(levels_db(&voices[index])));
            one.iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        let voices = vec![white, pink, Tensor::zeros([32_000], (Kind::Float, Device::Cpu))];
        assert!(apart(&voices) > 8.0);
        let evened = evened(voices);
        assert!(apart(&evened) < 1.5, "{}", apart(&evened));
        assert!((level(&evened[0]) - 1.0).abs() < 1e-3 && (level(&evened[1]) - 0.1).abs() < 1e-4);
        assert_eq!(level(&evened[2]), 0.0);
    }
}
