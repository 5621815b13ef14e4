//! Units that are easily confused, as types.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Samples per second and channel, in Hz.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SampleRate(pub u32);

impl SampleRate {
    /// The rate of speech activity, diarization and speaker embedding.
    pub const ANALYSIS: Self = Self(16_000);
    /// The rate of synthesis.
    pub const SYNTHESIS: Self = Self(22_050);

    /// The rate as a floating-point number of Hz.
    pub fn hz(self) -> f64 {
        f64::from(self.0)
    }

    /// How long `samples` samples of one channel last.
    pub fn duration(self, samples: usize) -> Seconds {
        Seconds(samples as f64 / self.hz())
    }

    /// The number of samples in `time`, rounded to the nearest and never negative.
    pub fn samples(self, time: Seconds) -> usize {
        (time.0 * self.hz()).round().max(0.0) as usize
    }
}

impl fmt::Display for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz", self.0)
    }
}

/// A point in time or a duration, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub f64);

impl fmt::Display for Seconds {
    /// `7.25 s`, `2:05 min` or `1:02:05 h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0.max(0.0).round() as u64;
        match whole {
            0..60 => write!(f, "{:.2} s", self.0),
            60..3600 => write!(f, "{}:{:02} min", whole / 60, whole % 60),
            _ => write!(f, "{}:{:02}:{:02} h", whole / 3600, whole / 60 % 60, whole % 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_and_durations_are_inverse() {
        assert_eq!(SampleRate(22_050).samples(Seconds(2.0)), 44_100);
        assert_eq!(SampleRate(16_000).duration(24_000), Seconds(1.5));
        assert_eq!(SampleRate(16_000).samples(Seconds(-1.0)), 0);
    }

    #[test]
    fn seconds_read_like_a_clock() {
        assert_eq!(Seconds(7.25).to_string(), "7.25 s");
        assert_eq!(Seconds(125.0).to_string(), "2:05 min");
        assert_eq!(Seconds(3725.0).to_string(), "1:02:05 h");
    }
}
