//! How much louder or softer a recording is to be.

use serde::{Deserialize, Serialize};

use super::config::Config;

/// The gain for a recording.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// The gain, in dB.
    pub gain_db: f64,
    /// Whether the gain is smaller than the loudness asks for, because the true peak would be too high.
    pub limited_by_peak: bool,
}

impl Level {
    /// The gain that takes a recording of this loudness (LUFS) and true peak (dBTP) to the target.
    ///
    /// What has no loudness (it is silent, or shorter than 0.4 s) stays as it is, unless its peak is too high.
    pub fn towards(config: &Config, lufs: Option<f64>, peak_dbtp: Option<f64>) -> Self {
        let wanted_db = lufs.map_or(0.0, |lufs| config.loudness_lufs - lufs);
        let allowed_db = peak_dbtp.map_or(f64::INFINITY, |peak| config.true_peak_dbtp - peak);
        Self { gain_db: wanted_db.min(allowed_db), limited_by_peak: allowed_db < wanted_db }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(lufs: Option<f64>, peak: Option<f64>) -> (f64, bool) {
        let level = Level::towards(&Config::default(), lufs, peak);
        (level.gain_db, level.limited_by_peak)
    }

    #[test]
    fn loudness_decides_until_the_peak_does() {
        assert_eq!(level(Some(-30.0), Some(-12.0)), (7.0, false));
        assert_eq!(level(Some(-10.0), Some(0.0)), (-13.0, false));
        assert_eq!(level(Some(-40.0), Some(-6.0)), (5.0, true));
        assert_eq!(level(None, Some(-6.0)), (0.0, false));
        assert_eq!(level(None, Some(2.0)), (-3.0, true));
        assert_eq!(level(None, None), (0.0, false));
    }
}
