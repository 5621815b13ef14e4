//! Rebuilds peaks that were cut off.
//!
//! Over some 30 ms speech is a sum of few oscillations. Of all signals that pass through the samples that are sound, and
//! lie beyond the ceiling where samples were cut off, one with few of them is looked for (A-SPADE: Kitić, Bertin and
//! Gribonval 2015, "Sparsity and cosparsity for audio declipping: a flexible non-convex approach").

use std::sync::Arc;

use rustfft::{Fft, FftPlanner, num_complex::Complex32};

use crate::audio::filter::Filter;
use crate::units::{SampleRate, Seconds};

/// At least as long is what is looked at together; half of it, in the middle, is mended.
const BLOCK: Seconds = Seconds(0.03);
/// Samples in a row at the ceiling that count as cut off.
const RUN: usize = 3;
/// How near to the ceiling they are, as a share of it.
const NEAR: f32 = 0.004;
/// How flat a run is, as a share of the ceiling: what is cut off has no curve, but may have been rounded.
const FLAT: f32 = 1e-4;
/// The wave comes and goes so much steeper than the run is; the crest of a slow wave does not.
const STEEPER: f32 = 6.0;
/// A ceiling below this is no ceiling, but faint noise.
const LOWEST_CEILING: f32 = 0.02;
/// A peak that was cut off is taken to have been at most this much higher than the ceiling.
const HIGHEST: f32 = 4.0;
/// With each round one more oscillation is allowed, until they say so much of the block, or there are too many rounds.
const ROUNDS: usize = 200;
const ENOUGH: f32 = 0.01;

/// A stream whose peaks are rebuilt.
pub struct Declipper {
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    /// Samples that came, from a quarter of a block before the next that leaves.
    pending: Vec<f32>,
    /// Whether any has left.
    begun: bool,
    /// The height at which samples were cut off so far.
    ceiling: Option<f32>,
    repaired: u64,
}

impl Declipper {
    /// A stream at `rate`.
    pub fn new(rate: SampleRate) -> Self {
        let block = rate.samples(BLOCK).next_power_of_two();
        let mut planner = FftPlanner::new();
        let hann = |i: usize| (std::f32::consts::PI * (i as f32 + 0.5) / block as f32).sin().powi(2);
        Self {
            forward: planner.plan_fft_forward(block),
            inverse: planner.plan_fft_inverse(block),
            window: (0..block).map(hann).collect(),
            pending: Vec::new(),
            begun: false,
            ceiling: None,
            repaired: 0,
        }
    }

    fn block(&self) -> usize {
        self.window.len()
    }

    /// Samples that were rebuilt so far.
    pub fn repaired(&self) -> u64 {
        self.repaired
    }

    /// The ceiling of a block, where it has one: of its own showing, or the one that was seen before.
    fn ceiling(&mut self) -> Option<f32> {
        let highest = self.pending[..self.block()].iter().fold(0f32, |peak, sample| peak.max(sample.abs()));
        if highest < LOWEST_CEILING || !highest.is_finite() {
            return None;
        }
        let seen_before = self.ceiling.is_some_and(|ceiling| (highest / ceiling - 1.0).abs() <= FLAT);
        if seen_before || is_cut_off(&self.pending[..self.block()], highest) {
            self.ceiling = Some(highest);
            return Some(highest);
        }
        None
    }

    /// The second and third quarter of a whole block, which the rest surrounds, mended.
    fn mended(&mut self) -> Vec<f32> {
        let middle = self.block() / 4..3 * self.block() / 4;
        let mut samples = self.pending[middle.clone()].to_vec();
        let Some(ceiling) = self.ceiling() else { return samples };
        let cut_off = |sample: &f32| sample.abs() >= ceiling * (1.0 - NEAR);
        let missing: Vec<bool> = self.pending[..self.block()].iter().map(cut_off).collect();
        if missing[middle.clone()].contains(&true) {
            let rebuilt = self.rebuild(&missing, ceiling);
            for (index, sample) in middle.zip(&mut samples).filter(|(index, _)| missing[*index]) {
                *sample = rebuilt[index];
                self.repaired += 1;
            }
        }
        samples
    }

    /// The block with what the samples at `missing` may have been.
    fn rebuild(&self, missing: &[bool], ceiling: f32) -> Vec<f32> {
        let heard: Vec<f32> = self.pending.iter().zip(&self.window).map(|(sample, weight)| sample * weight).collect();
        let energy = heard.iter().map(|x| x * x).sum::<f32>();
        let mut samples = heard.clone();
        let mut rest = vec![Complex32::default(); self.block() / 2 + 1];
        for round in 1..=ROUNDS {
            let mut spectrum = self.analyse(&samples);
            spectrum.iter_mut().zip(&rest).for_each(|(bin, rest)| *bin += rest);
            let sparse = strongest(&spectrum, round);
            let difference: Vec<Complex32> = sparse.iter().zip(&rest).map(|(bin, rest)| bin - rest).collect();
            samples = self.synthesise(&difference);
            for (index, sample) in samples.iter_mut().enumerate() {
                *sample = match (missing[index], self.pending[index] < 0.0) {
                    (false, _) => heard[index],
                    (true, false) => sample.clamp(heard[index], HIGHEST * ceiling * self.window[index]),
                    (true, true) => sample.clamp(-HIGHEST * ceiling * self.window[index], heard[index]),
                };
            }
            let mut distance = 0.0;
            for ((rest, bin), sparse) in rest.iter_mut().zip(self.analyse(&samples)).zip(&sparse) {
                let gap = bin - sparse;
                distance += 2.0 * gap.norm_sqr();
                *rest += gap;
            }
            if distance <= ENOUGH * ENOUGH * energy {
                break;
            }
        }
        samples.iter().zip(&self.window).map(|(sample, weight)| sample / weight.max(1e-3)).collect()
    }

    /// The lower half of the unitary transform.
    fn analyse(&self, samples: &[f32]) -> Vec<Complex32> {
        let scale = 1.0 / (samples.len() as f32).sqrt();
        let mut spectrum: Vec<Complex32> = samples.iter().map(|&sample| Complex32::new(sample * scale, 0.0)).collect();
        self.forward.process(&mut spectrum);
        spectrum.truncate(samples.len() / 2 + 1);
        spectrum
    }

    fn synthesise(&self, half: &[Complex32]) -> Vec<f32> {
        let size = self.block();
        let mut spectrum = half.to_vec();
        spectrum.extend((1..size - size / 2).rev().map(|bin| half[bin].conj()));
        self.inverse.process(&mut spectrum);
        spectrum.iter().map(|bin| bin.re / (size as f32).sqrt()).collect()
    }
}

impl Filter for Declipper {
    fn name(&self) -> &'static str {
        "declipper"
    }

    fn push(&mut self, input: &[f32], output: &mut Vec<f32>) {
        let block = self.block();
        self.pending.extend_from_slice(input);
        let mut start = 0;
        while self.pending.len() - start >= block {
            self.pending.drain(..start);
            if !self.begun {
                output.extend_from_slice(&self.pending[..block / 4]);
                self.begun = true;
            }
            output.extend(self.mended());
            start = block / 2;
        }
        self.pending.drain(..start);
    }

    fn finish(&mut self, output: &mut Vec<f32>) {
        let given = if self.begun { self.block() / 4 } else { 0 };
        output.extend(self.pending.drain(..).skip(given));
    }
}

/// The spectrum with its `count` strongest bins alone.
fn strongest(spectrum: &[Complex32], count: usize) -> Vec<Complex32> {
    let mut powers: Vec<f32> = spectrum.iter().map(Complex32::norm_sqr).collect();
    let place = powers.len().saturating_sub(count);
    let least = *powers.select_nth_unstable_by(place.min(spectrum.len() - 1), f32::total_cmp).1;
    spectrum.iter().map(|&bin| if bin.norm_sqr() >= least { bin } else { Complex32::default() }).collect()
}

/// Whether a block shows that its highest samples, at the `ceiling`, were cut off: several flat runs that the wave comes
/// to and leaves steeply, or a long one. A crest of a slow wave is flat, too, but comes and goes by and by.
fn is_cut_off(block: &[f32], ceiling: f32) -> bool {
    let at_ceiling = |i: usize| block[i].abs() >= ceiling * (1.0 - NEAR);
    let step = |i: usize| (block[i] - block[i - 1]).abs();
    let (mut runs, mut longest, mut start) = (0, 0, 0);
    for end in 1..=block.len() {
        if end < block.len() && at_ceiling(end) && step(end) <= FLAT * ceiling {
            continue;
        }
        if end - start >= RUN && at_ceiling(start) {
            let inside = (start + 1..end).map(step).fold(0.0, f32::max).max(FLAT * ceiling / STEEPER);
            let steep = |i: usize| i == 0 || i == block.len() || step(i) > STEEPER * inside;
            if steep(start) && steep(end) {
                (runs, longest) = (runs + 1, longest.max(end - start));
            }
        }
        start = end;
    }
    runs > 1 || longest >= 2 * RUN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vowel(length: usize) -> Vec<f32> {
        let harmonic = |i: usize, k: usize| (i as f32 * 0.043 * k as f32 + k as f32).sin() / k as f32;
        (0..length)
            .map(|i| 0.3 * (1..12).map(|k| harmonic(i, k)).sum::<f32>() * (1.0 + 0.3 * (i as f32 * 0.0007).sin()))
            .collect()
    }

    fn mended(samples: &[f32], block: usize) -> (Vec<f32>, u64) {
        let mut filter = Declipper::new(SampleRate::ANALYSIS);
        let mut output = Vec::new();
        samples.chunks(block).for_each(|piece| filter.push(piece, &mut output));
        filter.finish(&mut output);
        (output, filter.repaired())
    }

    fn error_db(samples: &[f32], truth: &[f32]) -> f64 {
        let energy = |values: &mut dyn Iterator<Item = f32>| values.map(|x| f64::from(x * x)).sum::<f64>();
        let error = energy(&mut samples.iter().zip(truth).map(|(a, b)| a - b));
        10.0 * (energy(&mut truth.iter().copied()) / error).log10()
    }

    #[test]
    fn a_vowel_gets_its_peaks_back() {
        let truth = vowel(20_000);
        let clipped: Vec<f32> = truth.iter().map(|x| x.clamp(-0.45, 0.45)).collect();
        let (output, repaired) = mended(&clipped, 777);
        assert!(repaired > 500, "{repaired}");
        let (before, after) = (error_db(&clipped, &truth), error_db(&output, &truth));
        assert!(after > before + 10.0, "{before} {after}");
        assert_eq!(output, mended(&clipped, 100_000).0);
    }

    #[test]
    fn what_was_not_clipped_is_not_touched() {
        // 100 Hz at 48 kHz: its crests are flat over a dozen samples.
        let slow: Vec<f32> = (0..9_000).map(|i| 0.6 * (i as f32 * 0.013_09).sin()).collect();
        for samples in [vowel(5_000), slow, vec![0.0; 3_000], vec![], vec![0.5; 100]] {
            let (output, repaired) = mended(&samples, 500);
            assert_eq!(output, samples);
            assert_eq!(repaired, 0);
        }
    }

    #[test]
    fn a_square_wave_and_broken_samples_do_no_harm() {
        let square: Vec<f32> = (0..9_000).map(|i| if i / 40 % 2 == 0 { 0.9 } else { -0.9 }).collect();
        let (output, _) = mended(&square, 1_000);
        assert!(output.iter().all(|x| x.is_finite() && x.abs() <= 4.0 * 0.9 + 1e-3));
        let mut broken = vowel(3_000);
        broken[500] = f32::NAN;
        broken[900] = f32::INFINITY;
        assert_eq!(mended(&broken, 100).0.len(), 3_000);
    }
}
