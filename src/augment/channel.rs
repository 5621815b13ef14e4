//! Microphones and lines: a response over frequency.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor};

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
    let length = samples.size()[0];
    // Twice as long, so that the end does not wrap around to the start.
    let size = 2 * length;
    let spectrum = samples.fft_rfft(size, -1, "backward");
    let bins = spectrum.size()[0];
    let bin_hz = SampleRate::ANALYSIS.hz() / size as f64;
    // The curve is smooth: a few hundred points say it all.
    const POINTS: i64 = 512;
    let points: Vec<f32> = (0..POINTS)
        .map(|point| {
            let hz = point as f64 / (POINTS - 1) as f64 * (bins - 1) as f64 * bin_hz;
            10f64.powf(response.gain_db(hz) / 20.0) as f32
        })
        .collect();
    let gains = Tensor::from_slice(&points).view([1, 1, -1]).upsample_linear1d([bins], true, None).view([-1]);
    (spectrum * gains).fft_irfft(size, -1, "backward").narrow(0, 0, length).to_kind(Kind::Float)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use std::f64::consts::TAU;
    use tch::Device;

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
}
