//! Measuring a signal as it streams through.

use super::SignalMeasures;
use crate::audio::{AudioError, LoudnessMeter, Resampler};
use crate::clean::config::VadConfig;
use crate::clean::vad::{self, Vad};
use crate::units::SampleRate;

/// Samples at or above this, 0.01 dB below full scale, count as clipped.
const CLIPPED_AT: f32 = 0.999;

/// Measures a stream of mono samples; memory does not grow with its length.
pub struct SignalMeter {
    loudness: LoudnessMeter,
    resampler: Resampler,
    activity: Vad,
    peak: f32,
    sum: f64,
    clipped: u64,
    samples: u64,
}

impl SignalMeter {
    /// A meter for samples at `rate`.
    ///
    /// # Errors
    /// A rate out of the range of audio.
    pub fn new(rate: SampleRate) -> Result<Self, AudioError> {
        Ok(Self {
            loudness: LoudnessMeter::new(rate, 1)?,
            resampler: Resampler::new(rate, vad::RATE)?,
            activity: Vad::new(&VadConfig::default()),
            peak: 0.0,
            sum: 0.0,
            clipped: 0,
            samples: 0,
        })
    }

    /// Adds samples. What is not finite counts as zero.
    pub fn push(&mut self, samples: &[f32]) {
        let finite: Vec<f32> = samples.iter().map(|&x| if x.is_finite() { x } else { 0.0 }).collect();
        self.samples += finite.len() as u64;
        self.sum += finite.iter().map(|&x| f64::from(x)).sum::<f64>();
        self.peak = finite.iter().fold(self.peak, |peak, x| peak.max(x.abs()));
        self.clipped += finite.iter().filter(|x| x.abs() >= CLIPPED_AT).count() as u64;
        self.loudness.push(&finite);
        self.activity.push(&self.resampler.process(&finite));
    }

    /// The figures of all samples.
    pub fn finish(mut self) -> SignalMeasures {
        self.activity.push(&self.resampler.finish());
        let speech = self.activity.finish();
        let count = self.samples.max(1) as f64;
        SignalMeasures {
            loudness_lufs: self.loudness.integrated_lufs(),
            true_peak_dbtp: self.loudness.true_peak_dbtp(),
            peak_dbfs: (self.peak > 0.0).then(|| 20.0 * f64::from(self.peak).log10()),
            dc_offset: self.sum / count,
            clipped_share: self.clipped as f64 / count,
            silence_share: 1.0 - speech.share(),
            snr_db: speech.snr_db,
        }
    }
}

impl SignalMeasures {
    /// Of a whole recording.
    ///
    /// # Errors
    /// A rate out of the range of audio.
    pub fn of(samples: &[f32], rate: SampleRate) -> Result<Self, AudioError> {
        let mut meter = SignalMeter::new(rate)?;
        meter.push(samples);
        Ok(meter.finish())
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    const RATE: SampleRate = SampleRate::SYNTHESIS;

    fn sine(amplitude: f64, offset: f64, seconds: f64) -> Vec<f32> {
        let value = |i: usize| offset + amplitude * (TAU * 1000.0 * i as f64 / RATE.hz()).sin();
        (0..(seconds * RATE.hz()) as usize).map(|i| value(i) as f32).collect()
    }

    #[test]
    fn a_tone_reads_as_it_was_made() {
        let found = SignalMeasures::of(&sine(0.5, 0.1, 3.0), RATE).unwrap();
        assert!((found.dc_offset - 0.1).abs() < 1e-4, "{found:?}");
        assert!((found.peak_dbfs.unwrap() - 20.0 * 0.6f64.log10()).abs() < 0.05, "{found:?}");
        assert!((found.true_peak_dbtp.unwrap() - 20.0 * 0.6f64.log10()).abs() < 0.3, "{found:?}");
        assert_eq!(found.clipped_share, 0.0);
        // BS.1770: a full-scale 997 Hz sine in one channel is -3.01 LUFS.
        assert!((found.loudness_lufs.unwrap() + 9.03).abs() < 0.3, "{found:?}");
    }

    #[test]
    fn clipping_is_counted() {
        let clipped: Vec<f32> = sine(2.0, 0.0, 1.0).iter().map(|x| x.clamp(-1.0, 1.0)).collect();
        let found = SignalMeasures::of(&clipped, RATE).unwrap();
        // A sine of twice full scale is beyond it for two thirds of its period.
        assert!((found.clipped_share - 2.0 / 3.0).abs() < 0.02, "{found:?}");
    }

    #[test]
    fn silence_nothing_and_nonsense() {
        for samples in [vec![], vec![0.0; 22_050], vec![f32::NAN; 22_050], vec![0.3]] {
            let found = SignalMeasures::of(&samples, RATE).unwrap();
            assert_eq!((found.loudness_lufs, found.snr_db, found.silence_share), (None, None, 1.0), "{found:?}");
            assert!(found.dc_offset.is_finite());
        }
        assert!(SignalMeasures::of(&[0.0], SampleRate(0)).is_err());
    }

    #[test]
    fn pieces_equal_the_whole() {
        let samples = sine(0.3, 0.02, 2.0);
        let mut meter = SignalMeter::new(RATE).unwrap();
        samples.chunks(1001).for_each(|piece| meter.push(piece));
        let (pieces, whole) = (meter.finish(), SignalMeasures::of(&samples, RATE).unwrap());
        assert!((pieces.dc_offset - whole.dc_offset).abs() < 1e-9);
        assert_eq!(pieces.silence_share, whole.silence_share);
        assert!((pieces.loudness_lufs.unwrap() - whole.loudness_lufs.unwrap()).abs() < 1e-6);
    }
}
