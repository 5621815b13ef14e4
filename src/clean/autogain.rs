//! Level of a stream that nobody has heard to its end.

use crate::{
    audio::{AudioError, LoudnessMeter, filter::Filter},
    units::SampleRate,
};

/// The gain follows at most this fast.
const DB_PER_S: f64 = 6.0;
/// It raises or lowers by at most this much.
const MOST_DB: f64 = 30.0;
/// Decisions a second.
const STEPS_HZ: usize = 10;

/// Turns a stream towards a loudness: that of all that has passed so far, gated by EBU R128, so that pauses do not count.
pub struct AutoGain {
    meter: LoudnessMeter,
    target_lufs: f64,
    gain_db: f64,
    factor: f32,
    /// Samples of a step, and until the next decision.
    step: usize,
    left: usize,
}

impl AutoGain {
    /// Towards `target_lufs`, for mono samples at `rate`.
    ///
    /// # Errors
    /// A rate out of range.
    pub fn new(target_lufs: f64, rate: SampleRate) -> Result<Self, AudioError> {
        let step = (rate.0 as usize / STEPS_HZ).max(1);
        Ok(Self { meter: LoudnessMeter::new(rate, 1)?, target_lufs, gain_db: 0.0, factor: 1.0, step, left: step })
    }

    fn decide(&mut self) {
        if let Some(lufs) = self.meter.integrated_lufs() {
            let wish = (self.target_lufs - lufs).clamp(-MOST_DB, MOST_DB);
            let most = DB_PER_S / STEPS_HZ as f64;
            self.gain_db += (wish - self.gain_db).clamp(-most, most);
        }
    }
}

impl Filter for AutoGain {
    fn name(&self) -> &'static str {
        "gain"
    }

    fn push(&mut self, input: &[f32], output: &mut Vec<f32>) {
        self.meter.push(input);
        for sample in input {
            if self.left == 0 {
                self.decide();
                self.left = self.step;
            }
            self.left -= 1;
            // In a fiftieth of a second it is there.
            let target = 10f32.powf(self.gain_db as f32 / 20.0);
            self.factor += (target - self.factor) * (5.0 / self.step as f32).min(1.0);
            output.push(sample * self.factor);
        }
    }

    fn finish(&mut self, _output: &mut Vec<f32>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faint_stream_comes_to_its_loudness_and_steadily() {
        let rate = SampleRate(16_000);
        let tone: Vec<f32> = (0..320_000).map(|i| 0.01 * (i as f32 * 0.4).sin()).collect();
        let mut gain = AutoGain::new(-23.0, rate).expect("a rate");
        let mut output = Vec::new();
        tone.chunks(320).for_each(|block| gain.push(block, &mut output));
        assert_eq!(output.len(), tone.len());
        let mut meter = LoudnessMeter::new(rate, 1).expect("a rate");
        meter.push(&output[240_000..]);
        let lufs = meter.integrated_lufs().expect("sound");
        assert!((lufs + 23.0).abs() < 0.5, "{lufs}");
    }
}
