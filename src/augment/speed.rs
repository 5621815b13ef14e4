//! Speech played faster or slower, which moves pitch and formants too: another voice.

use std::f64::consts::PI;

use serde::Deserialize;
use tch::{Kind, Tensor};

/// A speed as a ratio of small integers: 11/10 plays 1.1 s in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(from = "f64")]
pub struct Speed {
    numerator: i64,
    denominator: i64,
}

impl From<f64> for Speed {
    /// Rounded to hundredths.
    fn from(speed: f64) -> Self {
        let hundredths = (speed * 100.0).round().max(1.0) as i64;
        let common = gcd(hundredths, 100);
        Self { numerator: hundredths / common, denominator: 100 / common }
    }
}

impl Speed {
    /// As recorded.
    pub const NORMAL: Self = Self { numerator: 1, denominator: 1 };
    /// Zero crossings of the interpolating sinc on each side.
    const CROSSINGS: f64 = 12.0;
    /// Where its pass band ends, as a share of the lower of both Nyquist frequencies.
    const ROLL_OFF: f64 = 0.96;

    /// The ratio.
    pub fn ratio(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// How many samples `length` samples at this speed are made from.
    pub fn samples_before(self, length: i64) -> i64 {
        (length * self.numerator + self.denominator - 1) / self.denominator
    }

    /// Samples (L) → about L divided by the ratio, by a windowed sinc for each phase of the output.
    pub fn apply(self, samples: &Tensor) -> Tensor {
        if self == Self::NORMAL {
            return samples.shallow_clone();
        }
        let (step, phases) = (self.numerator, self.denominator);
        let cutoff = (1.0f64).min(1.0 / self.ratio()) * Self::ROLL_OFF;
        let reach = (Self::CROSSINGS / cutoff).ceil() as i64;
        let (taps, length) = (2 * reach + step, samples.size()[0]);
        let kernel: Vec<f32> = (0..phases)
            .flat_map(|phase| {
                let centre = reach as f64 + (phase * step) as f64 / phases as f64;
                (0..taps).map(move |tap| windowed_sinc(tap as f64 - centre, cutoff, Self::CROSSINGS / cutoff) as f32)
            })
            .collect();
        let kernel = Tensor::from_slice(&kernel).view([phases, 1, taps]).to_device(samples.device());
        let padded = samples.to_kind(Kind::Float).pad([reach, reach + step], "constant", None).view([1, 1, -1]);
        let frames = padded.conv1d(&kernel, None::<Tensor>, [step], [0], [1], 1);
        let made = length * phases / step;
        frames.transpose(1, 2).reshape([-1]).narrow(0, 0, made)
    }
}

/// A low-pass at `cutoff` of the Nyquist frequency, under a Hann window that ends `reach` samples away.
pub(super) fn windowed_sinc(offset: f64, cutoff: f64, reach: f64) -> f64 {
    if offset.abs() >= reach {
        return 0.0;
    }
    let angle = PI * offset * cutoff;
    let sinc = if angle == 0.0 { 1.0 } else { angle.sin() / angle };
    cutoff * sinc * (PI * offset / (2.0 * reach)).cos().powi(2)
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    fn tone(hz: f64, length: i64) -> Tensor {
        (Tensor::arange(length, (Kind::Double, Device::Cpu)) * (2.0 * PI * hz / 16_000.0)).sin().to_kind(Kind::Float)
    }

    #[test]
    fn a_tone_at_another_speed_is_a_tone_of_another_frequency() {
        for speed in [0.8, 0.9, 1.1, 1.2] {
            let played = Speed::from(speed).apply(&tone(1_000.0, 16_000));
            let expected = tone(1_000.0 * speed, 16_000);
            let error = played.narrow(0, 200, 12_000) - expected.narrow(0, 200, 12_000);
            assert!(error.abs().max().double_value(&[]) < 2e-3, "{speed}: {:?}", error.abs().max());
            assert_eq!(played.size()[0], (16_000.0 / speed) as i64);
        }
    }

    #[test]
    fn nothing_folds_back_when_speech_is_played_faster() {
        let played = Speed::from(1.2).apply(&tone(7_600.0, 16_000));
        assert!(played.narrow(0, 200, 12_000).abs().max().double_value(&[]) < 0.01);
    }

    #[test]
    fn as_much_is_taken_as_is_needed() {
        for speed in [0.8, 0.9, 1.0, 1.1, 1.2].map(Speed::from) {
            for length in [16_000, 24_001, 7] {
                let before = speed.samples_before(length);
                assert!(speed.apply(&tone(100.0, before)).size()[0] >= length, "{speed:?} {length}");
            }
        }
    }
}
