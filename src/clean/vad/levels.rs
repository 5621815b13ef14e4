//! Levels of speech and of the rest, as histograms, so that memory is constant.

/// Steps of the histograms.
const STEP_DB: f64 = 0.5;
/// The lowest level that is told apart from silence; 16-bit rounding lies at -98.
const LOWEST_DB: f64 = -110.0;
/// Steps from the lowest level to 10 dB above full scale.
const STEPS: usize = 240;

/// Power of frames, in steps of half a decibel.
#[derive(Debug, Clone)]
pub(super) struct Histogram([u64; STEPS]);

impl Default for Histogram {
    fn default() -> Self {
        Self([0; STEPS])
    }
}

impl Histogram {
    /// Counts a frame of this mean square.
    pub(super) fn add(&mut self, power: f32) {
        let db = 10.0 * f64::from(power).log10();
        let step = ((db - LOWEST_DB) / STEP_DB).clamp(0.0, (STEPS - 1) as f64);
        self.0[step as usize] += 1;
    }

    /// Moves all counts of `other` here.
    pub(super) fn absorb(&mut self, other: &mut Self) {
        for (own, others) in self.0.iter_mut().zip(&mut other.0) {
            *own += std::mem::take(others);
        }
    }

    fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    fn db(step: usize) -> f64 {
        LOWEST_DB + (step as f64 + 0.5) * STEP_DB
    }

    fn mean_power(&self) -> Option<f64> {
        let count = self.count();
        let total: f64 = self.0.iter().enumerate().map(|(i, &n)| n as f64 * 10f64.powf(Self::db(i) / 10.0)).sum();
        (count > 0).then(|| total / count as f64)
    }

    fn median_db(&self) -> Option<f64> {
        let half = self.count().div_ceil(2);
        let mut seen = 0;
        let median = self.0.iter().position(|&n| {
            seen += n;
            seen >= half && half > 0
        });
        median.map(Self::db)
    }
}

/// Levels of what is speech and of what is not.
#[derive(Debug, Clone, Default)]
pub(super) struct Levels {
    pub(super) speech: Histogram,
    pub(super) rest: Histogram,
}

impl Levels {
    /// Median level of what is not speech, in dB.
    pub(super) fn noise_dbfs(&self) -> Option<f64> {
        self.rest.median_db()
    }

    /// Mean power of speech, freed of the noise in it, over the noise's, in dB.
    pub(super) fn snr_db(&self) -> Option<f64> {
        let speech = self.speech.mean_power()?;
        let noise = 10f64.powf(self.rest.median_db()? / 10.0);
        // Noise as strong as the speech leaves nothing to divide; -10 dB is as good as none.
        Some(10.0 * ((speech - noise).max(0.1 * noise) / noise).log10())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_that_of_the_powers() {
        let mut levels = Levels::default();
        (0..100).for_each(|_| levels.speech.add(1e-2 + 1e-4));
        (0..100).for_each(|_| levels.rest.add(1e-4));
        let snr = levels.snr_db().unwrap();
        assert!((snr - 20.0).abs() < 0.6, "{snr}");
        assert!((levels.noise_dbfs().unwrap() + 40.0).abs() < 0.3);
    }

    #[test]
    fn silence_and_overload_stay_in_range() {
        let mut levels = Levels::default();
        assert_eq!((levels.snr_db(), levels.noise_dbfs()), (None, None));
        levels.rest.add(0.0);
        levels.speech.add(f32::INFINITY);
        assert!(levels.snr_db().unwrap().is_finite());
    }
}
