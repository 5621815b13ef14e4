//! How much louder or softer a recording is to be.

use serde::{Deserialize, Serialize};

use super::{config::Config, limiter::Limiter};
use crate::audio::filter::{Filter, Gain};
use crate::units::SampleRate;

/// What is done to a recording's level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// The gain, in dB.
    pub gain_db: f64,
    /// Whether peaks would be too high with it, and are turned down.
    pub peaks_limited: bool,
}

impl Level {
    /// The gain that takes a recording of this loudness (LUFS) and true peak (dBTP) to the target.
    ///
    /// What has no loudness (it is silent, or shorter than 0.4 s) keeps its level.
    pub fn towards(config: &Config, lufs: Option<f64>, peak_dbtp: Option<f64>) -> Self {
        let gain_db = lufs.map_or(0.0, |lufs| config.loudness_lufs - lufs);
        let peaks_limited = peak_dbtp.is_some_and(|peak| peak + gain_db > config.true_peak_dbtp);
        Self { gain_db, peaks_limited }
    }

    /// What brings that about, in order, for mono audio at `rate`.
    pub fn filters(self, config: &Config, rate: SampleRate) -> Vec<Box<dyn Filter>> {
        let mut filters: Vec<Box<dyn Filter>> = vec![Box::new(Gain::from_db(self.gain_db))];
        if self.peaks_limited {
            filters.push(Box::new(Limiter::new(config.true_peak_dbtp, rate)));
        }
        filters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(lufs: Option<f64>, peak: Option<f64>) -> (f64, bool) {
        let level = Level::towards(&Config::default(), lufs, peak);
        (level.gain_db, level.peaks_limited)
    }

    #[test]
    fn loudness_decides_and_peaks_are_guarded() {
        assert_eq!(level(Some(-30.0), Some(-12.0)), (7.0, false));
        assert_eq!(level(Some(-10.0), Some(0.0)), (-13.0, false));
        assert_eq!(level(Some(-40.0), Some(-6.0)), (17.0, true));
        assert_eq!(level(None, Some(-6.0)), (0.0, false));
        assert_eq!(level(None, Some(2.0)), (0.0, true));
        assert_eq!(level(None, None), (0.0, false));
    }

    #[test]
    fn the_limiter_comes_after_the_gain() {
        let names = |level: Level| -> Vec<&str> {
            level.filters(&Config::default(), SampleRate(22_050)).iter().map(|filter| filter.name()).collect()
        };
        assert_eq!(names(Level { gain_db: 3.0, peaks_limited: false }), ["gain"]);
        assert_eq!(names(Level { gain_db: 3.0, peaks_limited: true }), ["gain", "limiter"]);
    }
}
