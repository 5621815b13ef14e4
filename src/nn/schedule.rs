//! Learning-rate schedule: linear warm-up, then half a cosine down to a floor (Loshchilov and Hutter 2017).

use serde::{Deserialize, Serialize};

/// Shape of the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The highest learning rate.
    pub peak: f64,
    /// Steps until the peak is reached.
    pub warmup_steps: u64,
    /// The learning rate at the end, as a share of the peak.
    pub floor: f64,
}

impl Schedule {
    /// The learning rate at `step`, when the share `progress` (0 to 1) of the run is done.
    pub fn learning_rate(&self, step: u64, progress: f64) -> f64 {
        let warmup = ((step + 1) as f64 / self.warmup_steps.max(1) as f64).min(1.0);
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * progress.clamp(0.0, 1.0)).cos());
        self.peak * warmup * (self.floor + (1.0 - self.floor) * cosine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_and_falls() {
        let schedule = Schedule { peak: 1e-3, warmup_steps: 10, floor: 0.1 };
        assert!((schedule.learning_rate(0, 0.0) - 1e-4).abs() < 1e-12);
        assert!((schedule.learning_rate(9, 0.0) - 1e-3).abs() < 1e-12);
        assert!((schedule.learning_rate(500, 0.5) - 5.5e-4).abs() < 1e-12);
        assert!((schedule.learning_rate(1000, 1.0) - 1e-4).abs() < 1e-12);
        assert!((schedule.learning_rate(1000, 7.0) - 1e-4).abs() < 1e-12);
    }
}
