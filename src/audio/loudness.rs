//! Loudness and true peak by EBU R128 (ITU-R BS.1770, EBU Tech 3342).

use ebur128::{EbuR128, Mode};

use super::error::{AudioError, check_rate};
use crate::units::SampleRate;

/// The most channels that are measured: the library's limit.
const MAX_CHANNELS: usize = 64;

/// Measures a stream of interleaved samples. Memory does not grow with its length.
///
/// Block loudness is kept in a histogram with steps of 0.1 LU, so results are exact to ±0.05 LU.
pub struct LoudnessMeter {
    meter: EbuR128,
    channels: usize,
    /// Samples without NaN and infinity; between calls, the part of a frame that the next call completes.
    pending: Vec<f32>,
}

impl LoudnessMeter {
    /// A meter for interleaved samples at `rate`.
    ///
    /// # Errors
    /// A rate out of range, no channels, or more than 64.
    pub fn new(rate: SampleRate, channels: usize) -> Result<Self, AudioError> {
        check_rate(rate)?;
        if channels == 0 || channels > MAX_CHANNELS {
            return Err(AudioError::Channels { actual: channels, max: MAX_CHANNELS, format: "the loudness meter" });
        }
        let mode = Mode::I | Mode::LRA | Mode::TRUE_PEAK | Mode::HISTOGRAM;
        let meter = EbuR128::new(channels as u32, rate.0, mode)
            .map_err(|error| AudioError::Internal { library: "ebur128", reason: error.to_string() })?;
        Ok(Self { meter, channels, pending: Vec::new() })
    }

    /// Adds interleaved samples. What is not a number counts as 0.
    pub fn push(&mut self, samples: &[f32]) {
        self.pending.extend(samples.iter().map(|&sample| if sample.is_finite() { sample } else { 0.0 }));
        let whole = self.pending.len() / self.channels * self.channels;
        // It fails only on part of a frame, which is never passed.
        let added = self.meter.add_frames_f32(&self.pending[..whole]);
        debug_assert!(added.is_ok());
        self.pending.drain(..whole);
    }

    /// The integrated, gated loudness in LUFS; `None` for silence and for less than 0.4 s.
    pub fn integrated_lufs(&self) -> Option<f64> {
        self.meter.loudness_global().ok().filter(|lufs| lufs.is_finite())
    }

    /// The loudness range in LU; 0 for less than 3 s.
    pub fn loudness_range_lu(&self) -> f64 {
        self.meter.loudness_range().ok().filter(|range| range.is_finite()).unwrap_or(0.0)
    }

    /// The highest true peak of all channels in dBTP; `None` for digital silence.
    pub fn true_peak_dbtp(&self) -> Option<f64> {
        let peaks = (0..self.channels as u32).filter_map(|channel| self.meter.true_peak(channel).ok());
        Some(peaks.fold(0.0, f64::max)).filter(|&peak| peak > 0.0).map(|peak| 20.0 * peak.log10())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: SampleRate = SampleRate(48_000);

    fn sine(rate: SampleRate, hz: f64, amplitude: f64, seconds: f64) -> Vec<f32> {
        let samples = (rate.hz() * seconds) as usize;
        let step = std::f64::consts::TAU * hz / rate.hz();
        (0..samples).map(|n| (amplitude * (step * n as f64).sin()) as f32).collect()
    }

    fn meter(rate: SampleRate, channels: usize, samples: &[f32]) -> LoudnessMeter {
        let mut meter = LoudnessMeter::new(rate, channels).unwrap();
        meter.push(samples);
        meter
    }

    /// BS.1770: a 997 Hz sine at full scale in one channel reads -3.01 LKFS.
    #[test]
    fn the_reference_tone_reads_as_the_standard_says() {
        for rate in [8_000, 16_000, 22_050, 48_000, 192_000].map(SampleRate) {
            let meter = meter(rate, 1, &sine(rate, 997.0, 1.0, 5.0));
            let lufs = meter.integrated_lufs().unwrap();
            assert!((lufs + 3.01).abs() < 0.1, "{lufs} LUFS at {rate}");
        }
    }

    /// EBU Tech 3341, case 3 in spirit: quiet parts are gated out.
    #[test]
    fn quiet_parts_do_not_count() {
        let mut samples = sine(RATE, 1_000.0, 0.003, 10.0);
        samples.extend(sine(RATE, 1_000.0, 0.1, 20.0));
        samples.extend(sine(RATE, 1_000.0, 0.003, 10.0));
        let lufs = meter(RATE, 1, &samples).integrated_lufs().unwrap();
        assert!((lufs + 23.01).abs() < 0.15, "{lufs} LUFS");
    }

    #[test]
    fn loudness_range_is_the_step_between_two_levels() {
        let mut samples = sine(RATE, 1_000.0, 0.1, 20.0);
        samples.extend(sine(RATE, 1_000.0, 0.031_62, 20.0));
        let range = meter(RATE, 1, &samples).loudness_range_lu();
        assert!((range - 10.0).abs() < 0.5, "{range} LU");
    }

    /// A sine at a quarter of the rate, sampled off its crests: samples reach -3 dB, the wave 0 dB.
    #[test]
    fn true_peak_lies_between_the_samples() {
        let samples: Vec<f32> = (0..48_000)
            .map(|n| (std::f64::consts::FRAC_PI_2 * f64::from(n) + std::f64::consts::FRAC_PI_4).sin() as f32)
            .collect();
        let peak = meter(RATE, 1, &samples).true_peak_dbtp().unwrap();
        assert!(peak > -0.7 && peak < 0.5, "{peak} dBTP");
    }

    #[test]
    fn silence_and_snippets_have_no_loudness() {
        assert_eq!(meter(RATE, 1, &[]).integrated_lufs(), None);
        assert_eq!(meter(RATE, 1, &[]).true_peak_dbtp(), None);
        assert_eq!(meter(RATE, 2, &vec![0.0; 480_000]).integrated_lufs(), None);
        let snippet = meter(RATE, 1, &sine(RATE, 1_000.0, 0.5, 0.3));
        assert_eq!(snippet.integrated_lufs(), None);
        assert!(snippet.true_peak_dbtp().is_some());
        assert_eq!(snippet.loudness_range_lu(), 0.0);
    }

    #[test]
    fn blocks_of_any_size_and_nan_change_nothing() {
        let mut samples = sine(RATE, 440.0, 0.3, 2.0);
        let expected = meter(RATE, 2, &samples).integrated_lufs();
        let mut meter = LoudnessMeter::new(RATE, 2).unwrap();
        samples.chunks(997).for_each(|piece| meter.push(piece));
        assert_eq!(meter.integrated_lufs(), expected);

        samples[5_000] = f32::NAN;
        samples[5_001] = f32::INFINITY;
        let mut poisoned = LoudnessMeter::new(RATE, 2).unwrap();
        poisoned.push(&samples);
        let lufs = poisoned.integrated_lufs().unwrap();
        assert!((lufs - expected.unwrap()).abs() < 0.1, "{lufs} LUFS");
    }

    #[test]
    fn impossible_streams_are_refused() {
        assert!(matches!(LoudnessMeter::new(SampleRate(0), 1), Err(AudioError::RateOutOfRange { .. })));
        assert!(matches!(LoudnessMeter::new(RATE, 0), Err(AudioError::Channels { actual: 0, .. })));
        assert!(matches!(LoudnessMeter::new(RATE, 65), Err(AudioError::Channels { actual: 65, .. })));
    }
}
