//! What a recording was like from moment to moment, in a few bytes a second, so that any part of it can be judged when
//! the whole has passed.

use std::{f32::consts::PI, sync::Arc};

use rustfft::{Fft, FftPlanner, num_complex::Complex32};

use crate::units::{SampleRate, Seconds};

/// Levels a second.
pub const LEVELS_HZ: usize = 100;
/// Width of the bands of spectra, and their number: up to 24 kHz.
pub const BAND_HZ: f64 = 250.0;
pub const BANDS: usize = 96;
/// Samples of a spectrum's transform.
const TRANSFORM: usize = 2_048;
/// Levels are kept in steps of half a decibel from here on.
const LOWEST_DB: f32 = -120.0;

/// The course of a recording.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trace {
    before: Vec<u8>,
    after: Vec<u8>,
    removed: Vec<u8>,
    seconds: Vec<Second>,
}

/// One second as it came.
#[derive(Debug, Clone, PartialEq)]
struct Second {
    /// Mean power of each band, as a level.
    bands: [u8; BANDS],
    clipped: u32,
}

impl Trace {
    /// Levels every 10 ms from `start` to `end`, in dB below a full-scale square wave, before cleaning.
    pub fn before(&self, start: Seconds, end: Seconds) -> impl Iterator<Item = f32> {
        part(&self.before, LEVELS_HZ, start, end).iter().map(|&level| decibels(level))
    }

    /// The same, after cleaning.
    pub fn after(&self, start: Seconds, end: Seconds) -> impl Iterator<Item = f32> {
        part(&self.after, LEVELS_HZ, start, end).iter().map(|&level| decibels(level))
    }

    /// The same, of what the cleaning took away.
    pub fn removed(&self, start: Seconds, end: Seconds) -> impl Iterator<Item = f32> {
        part(&self.removed, LEVELS_HZ, start, end).iter().map(|&level| decibels(level))
    }

    /// Clipped samples in the seconds that `start..end` touches.
    pub fn clipped(&self, start: Seconds, end: Seconds) -> u64 {
        part(&self.seconds, 1, start, end).iter().map(|second| u64::from(second.clipped)).sum()
    }

    /// The spectra of the seconds that `start..end` touches, in dB.
    pub fn spectra(&self, start: Seconds, end: Seconds) -> impl Iterator<Item = [f32; BANDS]> {
        part(&self.seconds, 1, start, end).iter().map(|second| second.bands.map(decibels))
    }
}

/// The entries that a stretch touches.
fn part<T>(entries: &[T], per_second: usize, start: Seconds, end: Seconds) -> &[T] {
    let last = ((end.0 * per_second as f64 - 1e-6).ceil().max(0.0) as usize).min(entries.len());
    let first = ((start.0 * per_second as f64 + 1e-6).floor().max(0.0) as usize).min(last);
    &entries[first..last]
}

fn level(power: f32) -> u8 {
    (2.0 * (10.0 * power.max(1e-12).log10() - LOWEST_DB)).clamp(0.0, 255.0) as u8
}

fn decibels(level: u8) -> f32 {
    f32::from(level) / 2.0 + LOWEST_DB
}

/// Draws the course of what comes, at the source's rate.
pub struct SourceTracer {
    spectrum: Spectrum,
    seconds: Vec<Second>,
}

impl SourceTracer {
    /// Of a recording at `rate`.
    pub fn new(rate: SampleRate) -> Self {
        Self { spectrum: Spectrum::new(rate), seconds: Vec::new() }
    }

    /// Takes samples of the mean channel, and how many of all channels were clipped.
    pub fn push(&mut self, samples: &[f32], clipped: u64) {
        self.spectrum.clipped += clipped as u32;
        self.spectrum.push(samples, &mut self.seconds);
    }

    /// Ends the recording.
    pub fn finish(mut self) -> SourceTrace {
        self.spectrum.finish(&mut self.seconds);
        SourceTrace(self.seconds)
    }
}

/// The course of a recording as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceTrace(Vec<Second>);

/// Draws the levels before and after cleaning.
pub struct LevelTracer {
    before: Levels,
    after: Levels,
    removed: Levels,
    trace: Trace,
}

impl LevelTracer {
    /// Of a signal at `rate`.
    pub fn new(rate: SampleRate) -> Self {
        let [before, after, removed] = [0; 3].map(|_| Levels::new(rate));
        Self { before, after, removed, trace: Trace::default() }
    }

    /// Takes as many samples before cleaning as after it.
    pub fn push(&mut self, before: &[f32], after: &[f32]) {
        let removed: Vec<f32> = before.iter().zip(after).map(|(before, after)| before - after).collect();
        self.before.push(before, &mut self.trace.before);
        self.after.push(after, &mut self.trace.after);
        self.removed.push(&removed, &mut self.trace.removed);
    }

    /// The whole course.
    pub fn finish(mut self, source: SourceTrace) -> Trace {
        self.before.finish(&mut self.trace.before);
        self.after.finish(&mut self.trace.after);
        self.removed.finish(&mut self.trace.removed);
        Trace { seconds: source.0, ..self.trace }
    }
}

/// Mean power in steps of 10 ms.
struct Levels {
    /// Samples a step, times [`LEVELS_HZ`]: rates need not divide.
    rate: usize,
    /// Samples so far, and where the step ends.
    samples: usize,
    energy: f32,
    count: usize,
}

impl Levels {
    fn new(rate: SampleRate) -> Self {
        Self { rate: rate.0 as usize, samples: 0, energy: 0.0, count: 0 }
    }

    fn push(&mut self, samples: &[f32], levels: &mut Vec<u8>) {
        for sample in samples {
            self.energy += sample * sample;
            self.count += 1;
            self.samples += 1;
            if self.samples * LEVELS_HZ >= (levels.len() + 1) * self.rate {
                self.finish(levels);
            }
        }
    }

    fn finish(&mut self, levels: &mut Vec<u8>) {
        if self.count > 0 {
            levels.push(level(self.energy / self.count as f32));
            (self.energy, self.count) = (0.0, 0);
        }
    }
}

/// Spectra of seconds.
struct Spectrum {
    transform: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    rate: SampleRate,
    pending: Vec<f32>,
    samples: usize,
    power: [f64; BANDS],
    transforms: u32,
    clipped: u32,
}

impl Spectrum {
    fn new(rate: SampleRate) -> Self {
        let hann = |i: usize| 0.5 - 0.5 * (2.0 * PI * i as f32 / TRANSFORM as f32).cos();
        Self {
            transform: FftPlanner::new().plan_fft_forward(TRANSFORM),
            window: (0..TRANSFORM).map(hann).collect(),
            rate,
            pending: Vec::new(),
            samples: 0,
            power: [0.0; BANDS],
            transforms: 0,
            clipped: 0,
        }
    }

    fn push(&mut self, samples: &[f32], seconds: &mut Vec<Second>) {
        let second = self.rate.0 as usize;
        let mut rest = samples;
        while !rest.is_empty() {
            let until = (second - self.samples % second).min(TRANSFORM - self.pending.len());
            let (now, later) = rest.split_at(until.min(rest.len()));
            self.pending.extend_from_slice(now);
            self.samples += now.len();
            rest = later;
            if self.pending.len() == TRANSFORM {
                self.analyse();
            }
            if self.samples.is_multiple_of(second) {
                self.close(seconds);
            }
        }
    }

    fn analyse(&mut self) {
        let mut frame: Vec<Complex32> =
            self.pending.iter().zip(&self.window).map(|(x, weight)| Complex32::new(x * weight, 0.0)).collect();
        self.pending.clear();
        self.transform.process(&mut frame);
        let bin_hz = self.rate.hz() / TRANSFORM as f64;
        for (index, bin) in frame[..=TRANSFORM / 2].iter().enumerate() {
            let band = (index as f64 * bin_hz / BAND_HZ) as usize;
            if let Some(power) = self.power.get_mut(band) {
                *power += f64::from(bin.norm_sqr());
            }
        }
        self.transforms += 1;
    }

    /// Ends a second; one without a whole transform takes what there is.
    fn close(&mut self, seconds: &mut Vec<Second>) {
        if self.transforms == 0 {
            self.pending.resize(TRANSFORM, 0.0);
            self.analyse();
        }
        // A square wave at full scale has power 1: Parseval, and 3/8 for the window.
        let scale = 2.0 / (f64::from(self.transforms) * 0.375 * (TRANSFORM * TRANSFORM) as f64);
        let bands = self.power.map(|power| level((power * scale) as f32));
        seconds.push(Second { bands, clipped: std::mem::take(&mut self.clipped) });
        (self.power, self.transforms) = ([0.0; BANDS], 0);
    }

    fn finish(&mut self, seconds: &mut Vec<Second>) {
        if !self.samples.is_multiple_of(self.rate.0 as usize) {
            self.close(seconds);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: SampleRate = SampleRate(22_050);

    fn traced(source: &[f32], before: &[f32], after: &[f32], block: usize) -> Trace {
        let (mut heard, mut levels) = (SourceTracer::new(RATE), LevelTracer::new(RATE));
        source.chunks(block).for_each(|piece| heard.push(piece, 1));
        before.chunks(block).zip(after.chunks(block)).for_each(|(before, after)| levels.push(before, after));
        levels.finish(heard.finish())
    }

    fn tone(hz: f32, amplitude: f32, samples: usize) -> Vec<f32> {
        (0..samples).map(|i| amplitude * (2.0 * PI * hz * i as f32 / 22_050.0).sin()).collect()
    }

    #[test]
    fn a_tone_has_its_level_in_its_band() {
        let signal = tone(3_100.0, 0.1, 66_150);
        let trace = traced(&signal, &signal, &vec![0.0; signal.len()], 1_111);
        let all = || (Seconds(0.0), Seconds(3.0));
        let levels: Vec<f32> = trace.before(all().0, all().1).collect();
        assert_eq!(levels.len(), 300);
        assert!(levels.iter().all(|level| (level + 23.0).abs() < 1.0), "{levels:?}");
        assert!(trace.after(all().0, all().1).all(|level| level == -120.0));
        assert!(trace.removed(all().0, all().1).eq(levels.iter().copied()));
        let spectra: Vec<_> = trace.spectra(all().0, all().1).collect();
        assert_eq!(spectra.len(), 3);
        assert!((spectra[1][12] + 23.0).abs() < 1.0 && spectra[1][20] < -80.0, "{:?}", spectra[1]);
        assert_eq!(trace.clipped(Seconds(0.0), Seconds(3.0)), 60);
    }

    #[test]
    fn blocks_make_no_difference_and_nothing_is_no_trouble() {
        let signal = tone(500.0, 0.3, 30_001);
        assert_eq!(traced(&signal, &signal, &signal, 1 << 20).before, traced(&signal, &signal, &signal, 7).before);
        let empty = traced(&[], &[], &[], 5);
        assert_eq!(empty.before(Seconds(0.0), Seconds(9.0)).count(), 0);
        assert_eq!(traced(&[0.1], &[0.1], &[0.1], 5).spectra(Seconds(0.0), Seconds(1.0)).count(), 1);
    }
}
