//! Keeps true peaks below a ceiling.
//!
//! Peaks are looked for between the samples too, at four times the rate (ITU-R BS.1770-4, annex 2). The gain is the
//! least that any sample within reach needs, averaged over that reach: so it falls before a peak, rises after it,
//! and is never too high.

use std::collections::VecDeque;

use super::window::WindowMin;
use crate::audio::filter::Filter;
use crate::units::{SampleRate, Seconds};

/// How far ahead of a peak the gain begins to fall.
const REACH: Seconds = Seconds(0.005);
/// Points between two samples at which the wave is looked at, and samples on either side that tell its height there.
const PHASES: usize = 4;
const NEIGHBOURS: usize = 8;
/// What sixteen samples leave uncertain about the height between them.
const MARGIN_DB: f64 = 0.2;

/// A limiter for one channel.
#[derive(Debug)]
pub struct Limiter {
    ceiling: f32,
    /// Weights of the samples around each point between two samples.
    kernels: Vec<[f32; 2 * NEIGHBOURS]>,
    /// Samples that wait for their gain, oldest first.
    waiting: VecDeque<f32>,
    /// The latest samples, for the height between them.
    recent: VecDeque<f32>,
    needed: WindowMin,
    gains: VecDeque<f32>,
    gain_sum: f64,
    reach: usize,
}

impl Limiter {
    /// A limiter at `ceiling_dbtp`, at most 0.
    pub fn new(ceiling_dbtp: f64, rate: SampleRate) -> Self {
        let reach = rate.samples(REACH).max(1);
        Self {
            ceiling: 10f64.powf((ceiling_dbtp - MARGIN_DB) / 20.0) as f32,
            kernels: (1..PHASES).map(|phase| kernel(phase as f64 / PHASES as f64)).collect(),
            waiting: VecDeque::new(),
            recent: std::iter::repeat_n(0.0, 2 * NEIGHBOURS).collect(),
            // So long that each of the averaged gains knows of the peaks on both sides of the sample that leaves.
            needed: WindowMin::new(reach + 2),
            gains: std::iter::repeat_n(1.0, reach).collect(),
            gain_sum: reach as f64,
            reach,
        }
    }

    /// Samples between a sample's arrival and its leaving.
    fn delay(&self) -> usize {
        NEIGHBOURS + self.reach
    }

    fn take(&mut self, sample: f32, output: &mut Vec<f32>) {
        self.waiting.push_back(sample);
        self.recent.pop_front();
        self.recent.push_back(sample);
        let height = self.height();
        self.needed.push(if height > self.ceiling { self.ceiling / height } else { 1.0 });
        let gain = self.averaged(self.needed.min());
        if self.waiting.len() > self.delay()
            && let Some(sample) = self.waiting.pop_front()
        {
            output.push(sample * gain);
        }
    }

    /// The highest point of the wave from the middle one of the latest samples to the next.
    fn height(&self) -> f32 {
        let between = self.kernels.iter().map(|kernel| {
            let point: f32 = kernel.iter().zip(&self.recent).map(|(weight, sample)| weight * sample).sum();
            point.abs()
        });
        between.fold(self.recent[NEIGHBOURS - 1].abs(), f32::max)
    }

    fn averaged(&mut self, needed: f32) -> f32 {
        self.gain_sum += f64::from(needed) - f64::from(self.gains.pop_front().unwrap_or(1.0));
        self.gains.push_back(needed);
        (self.gain_sum / self.reach as f64).min(1.0) as f32
    }
}

/// A windowed sinc around the point `phase` of the way from the sample before it to the one after.
fn kernel(phase: f64) -> [f32; 2 * NEIGHBOURS] {
    std::array::from_fn(|i| {
        let distance = i as f64 - (NEIGHBOURS - 1) as f64 - phase;
        let sinc = (std::f64::consts::PI * distance).sin() / (std::f64::consts::PI * distance);
        let window = (std::f64::consts::FRAC_PI_2 * distance / NEIGHBOURS as f64).cos();
        (sinc * window * window) as f32
    })
}

impl Filter for Limiter {
    fn name(&self) -> &'static str {
        "limiter"
    }

    fn push(&mut self, input: &[f32], output: &mut Vec<f32>) {
        input.iter().for_each(|&sample| self.take(sample, output));
    }

    fn finish(&mut self, output: &mut Vec<f32>) {
        for _ in 0..self.delay() {
            self.take(0.0, output);
        }
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audio::LoudnessMeter;

    const RATE: SampleRate = SampleRate(22_050);

    fn limited(signal: &[f32], ceiling_dbtp: f64, block: usize) -> Vec<f32> {
        let mut limiter = Limiter::new(ceiling_dbtp, RATE);
        let mut output = Vec::new();
        signal.chunks(block).for_each(|chunk| limiter.push(chunk, &mut output));
        limiter.finish(&mut output);
        output
    }

    fn true_peak_dbtp(signal: &[f32]) -> Option<f64> {
        let mut meter = LoudnessMeter::new(RATE, 1).unwrap();
        meter.push(signal);
        // The meter sees a peak only when what follows has passed its filter.
        meter.push(&[0.0; 64]);
        meter.true_peak_dbtp()
    }

    #[test]
    fn what_is_low_enough_passes_unchanged() {
        let soft: Vec<f32> = (0..5_000).map(|i| 0.5 * (0.1 * i as f32).sin()).collect();
        assert_eq!(limited(&soft, -1.0, 777), soft);
    }

    #[test]
    fn a_peak_is_turned_down_and_its_surroundings_only_nearby() {
        let mut signal: Vec<f32> = (0..4_000).map(|i| 0.3 * (0.1 * i as f32).sin()).collect();
        signal[2_000] = 4.0;
        let output = limited(&signal, -1.0, 512);
        assert_eq!((&output[..1_850], &output[2_250..]), (&signal[..1_850], &signal[2_250..]));
        assert!(output[2_000] < 0.9 && output[2_000] > 0.5, "{}", output[2_000]);
    }

    #[test]
    fn peaks_between_samples_count() {
        // A quarter of the rate, sampled off its crests: samples reach 0.707, the wave 1.
        let signal: Vec<f32> = (0..4_410).map(|i| (std::f32::consts::FRAC_PI_2 * (i as f32 + 0.5)).sin()).collect();
        assert!(true_peak_dbtp(&signal).unwrap() > -0.5);
        assert!(true_peak_dbtp(&limited(&signal, -3.0, 100)).unwrap() <= -3.0);
    }

    proptest! {
        #[test]
        fn no_peak_passes_and_no_sample_is_lost(
            signal in prop::collection::vec(-8.0f32..8.0, 0..1500),
            block in 1usize..400,
            ceiling in -12.0f64..0.0,
        ) {
            let output = limited(&signal, ceiling, block);
            prop_assert_eq!(output.len(), signal.len());
            let ceiling_as_sample = 10f32.powf(ceiling as f32 / 20.0);
            prop_assert!(output.iter().all(|x| x.abs() <= ceiling_as_sample));
            prop_assert_eq!(output, limited(&signal, ceiling, 1500));
        }
    }
}
