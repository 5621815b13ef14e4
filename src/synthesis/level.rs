//! Loudness of what is spoken, utterance by utterance.

use crate::audio::{AudioError, LoudnessMeter};
use crate::units::SampleRate;

/// Levels a stream of utterances to a loudness, under a true peak.
///
/// The gain of an utterance follows from the loudness of all speech so far, so that audio can leave while the rest is
/// computed, and memory does not grow with the text.
pub struct Leveller {
    meter: LoudnessMeter,
    rate: SampleRate,
    loudness_lufs: f64,
    true_peak_dbtp: f64,
}

impl Leveller {
    /// Levels mono speech of this rate.
    pub fn new(rate: SampleRate, loudness_lufs: f64, true_peak_dbtp: f64) -> Result<Self, AudioError> {
        Ok(Self { meter: LoudnessMeter::new(rate, 1)?, rate, loudness_lufs, true_peak_dbtp })
    }

    /// Levels one utterance in place. Speech shorter than the meter's 400 ms is levelled by its peak alone.
    pub fn apply(&mut self, samples: &mut [f32]) -> Result<(), AudioError> {
        self.meter.push(samples);
        let mut own = LoudnessMeter::new(self.rate, 1)?;
        own.push(samples);
        let Some(peak_dbtp) = own.true_peak_dbtp() else { return Ok(()) };
        let headroom_db = self.true_peak_dbtp - peak_dbtp;
        let wanted_db = self.meter.integrated_lufs().map_or(headroom_db, |loudness| self.loudness_lufs - loudness);
        let gain = 10f64.powf(wanted_db.min(headroom_db) / 20.0) as f32;
        for sample in samples {
            *sample *= gain;
        }
        Ok(())
    }
}

/// Fades both ends over this time, so that joins do not click.
pub const FADE_S: f64 = 0.004;

/// Fades the first and last [`FADE_S`] of an utterance.
pub fn fade_ends(samples: &mut [f32], rate: SampleRate) {
    let length = ((FADE_S * rate.hz()) as usize).min(samples.len() / 2);
    let total = samples.len();
    for index in 0..length {
        let gain = (index as f32 + 0.5) / length as f32;
        samples[index] *= gain;
        samples[total - 1 - index] *= gain;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(seconds: f64, level: f32) -> Vec<f32> {
        let rate = SampleRate::SYNTHESIS;
        (0..(seconds * rate.hz()) as usize).map(|i| level * (i as f32 * 0.28).sin()).collect()
    }

    fn loudness(samples: &[f32]) -> f64 {
        let mut meter = LoudnessMeter::new(SampleRate::SYNTHESIS, 1).expect("a usual rate");
        meter.push(samples);
        meter.integrated_lufs().expect("sound")
    }

    #[test]
    fn loud_and_soft_come_out_alike() {
        for level in [0.01, 0.9] {
            let mut samples = tone(3.0, level);
            let mut leveller = Leveller::new(SampleRate::SYNTHESIS, -20.0, -1.0).expect("a usual rate");
            leveller.apply(&mut samples).expect("speech");
            assert!((loudness(&samples) + 20.0).abs() < 0.1, "{}", loudness(&samples));
        }
    }

    #[test]
    fn the_peak_is_the_limit() {
        let mut samples = tone(1.0, 0.01);
        samples[9000] = 0.9;
        let mut leveller = Leveller::new(SampleRate::SYNTHESIS, -10.0, -1.0).expect("a usual rate");
        leveller.apply(&mut samples).expect("speech");
        assert!(samples.iter().all(|sample| sample.abs() <= 0.9), "above -1 dBTP");
        leveller.apply(&mut []).expect("nothing");
    }

    #[test]
    fn ends_are_faded() {
        let mut samples = vec![1.0; 1000];
        fade_ends(&mut samples, SampleRate::SYNTHESIS);
        assert!(samples[0] < 0.01 && samples[999] < 0.01 && samples[500] == 1.0);
        fade_ends(&mut [], SampleRate::SYNTHESIS);
    }
}
