//! Takes away what lies below all speech: steps, traffic, wind, a constant offset.

use std::{collections::VecDeque, f64::consts::PI, sync::Arc};

use rustfft::{Fft, FftPlanner, num_complex::Complex32};

use crate::audio::filter::Filter;
use crate::units::SampleRate;

/// Half of the amplitude is left here.
const CUTOFF_HZ: f64 = 40.0;
/// Length of the response on each side, in seconds: the response goes from all to nothing in about 50 Hz.
const REACH_S: f64 = 0.04;

/// A high-pass of linear phase: what stays keeps its shape.
pub struct HighPass {
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    /// The response's spectrum.
    response: Vec<Complex32>,
    reach: usize,
    /// The last `2 * reach` samples of what has been filtered, then what has not.
    pending: VecDeque<f32>,
    received: usize,
    emitted: usize,
    /// Samples of delay that have not left yet.
    leading: usize,
}

impl HighPass {
    /// A filter at `rate`.
    pub fn new(rate: SampleRate) -> Self {
        let reach = (REACH_S * rate.hz()) as usize;
        let size = (8 * reach).next_power_of_two();
        let mut planner = FftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
        let mut response: Vec<Complex32> = kernel(rate, reach).iter().map(|&x| Complex32::new(x as f32, 0.0)).collect();
        response.resize(size, Complex32::default());
        forward.process(&mut response);
        let pending = std::iter::repeat_n(0.0, 2 * reach).collect();
        Self { forward, inverse, response, reach, pending, received: 0, emitted: 0, leading: reach }
    }

    /// Samples that one transform filters.
    fn step(&self) -> usize {
        self.response.len() - 2 * self.reach
    }

    /// Overlap-save: one transform's worth.
    fn filter(&mut self, output: &mut Vec<f32>) {
        let size = self.response.len();
        let mut block: Vec<Complex32> = self.pending.iter().take(size).map(|&x| Complex32::new(x, 0.0)).collect();
        self.forward.process(&mut block);
        block.iter_mut().zip(&self.response).for_each(|(bin, weight)| *bin *= weight);
        self.inverse.process(&mut block);
        let skipped = self.leading.min(self.step());
        self.leading -= skipped;
        let wanted = (self.step() - skipped).min(self.received - self.emitted);
        let valid = &block[2 * self.reach + skipped..][..wanted];
        output.extend(valid.iter().map(|bin| bin.re / size as f32));
        self.emitted += wanted;
        self.pending.drain(..self.step());
    }
}

/// A pulse less a low-pass: a sinc under a Blackman window, of sum 1.
fn kernel(rate: SampleRate, reach: usize) -> Vec<f64> {
    let weight = |i: usize| {
        let x = i as f64 - reach as f64;
        let angle = 2.0 * PI * CUTOFF_HZ / rate.hz() * x;
        let sinc = if x == 0.0 { 1.0 } else { angle.sin() / angle };
        let phase = PI * (x / (reach as f64 + 1.0));
        sinc * (0.42 + 0.5 * phase.cos() + 0.08 * (2.0 * phase).cos())
    };
    let low: Vec<f64> = (0..=2 * reach).map(weight).collect();
    let sum: f64 = low.iter().sum();
    low.iter().enumerate().map(|(i, weight)| f64::from(u8::from(i == reach)) - weight / sum).collect()
}

impl Filter for HighPass {
    fn name(&self) -> &'static str {
        "high-pass"
    }

    fn push(&mut self, input: &[f32], output: &mut Vec<f32>) {
        self.received += input.len();
        self.pending.extend(input);
        while self.pending.len() >= self.response.len() {
            self.filter(output);
        }
    }

    fn finish(&mut self, output: &mut Vec<f32>) {
        while self.emitted < self.received {
            self.pending.resize(self.response.len(), 0.0);
            self.filter(output);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: SampleRate = SampleRate(22_050);

    fn filtered(samples: &[f32], block: usize) -> Vec<f32> {
        let mut filter = HighPass::new(RATE);
        let mut output = Vec::new();
        samples.chunks(block).for_each(|piece| filter.push(piece, &mut output));
        filter.finish(&mut output);
        output
    }

    fn tone(hz: f64) -> Vec<f32> {
        (0..22_050).map(|i| (2.0 * PI * hz * i as f64 / RATE.hz()).sin() as f32).collect()
    }

    #[test]
    fn rumble_goes_and_voices_stay_in_shape() {
        let level = |samples: &[f32]| (samples[4_000..18_000].iter().map(|x| x * x).sum::<f32>() / 7_000.0).sqrt();
        for (hz, low, high) in [(5.0, 0.0, 0.01), (15.0, 0.0, 0.1), (40.0, 0.45, 0.55), (90.0, 0.99, 1.01)] {
            let left = level(&filtered(&tone(hz), 1_000));
            assert!((low..high).contains(&left), "{hz} Hz: {left}");
        }
        let voice = tone(100.0);
        let gap = filtered(&voice, 1_000).into_iter().zip(&voice).skip(4_000).take(14_000).map(|(a, b)| (a - b).abs());
        assert!(gap.fold(0.0, f32::max) < 0.01);
    }

    #[test]
    fn as_many_samples_leave_as_came_however_they_are_cut() {
        for length in [0, 1, 500, 22_050] {
            let samples = &tone(120.0)[..length];
            let whole = filtered(samples, 100_000);
            assert_eq!(whole.len(), length);
            let gap = whole.iter().zip(filtered(samples, 37)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(gap < 1e-5, "{length}: {gap}");
        }
    }
}
