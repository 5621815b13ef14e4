//! Autocorrelation of every frame by FFT, two frames at a time.

use std::f32::consts::PI;
use std::sync::Arc;

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use super::PitchConfig;
use super::candidates::{FrameCandidates, LagRange, peaks};
use super::decimate::decimate;

/// The analysis needs at least this rate, in Hz.
const MIN_RATE_HZ: f64 = 8000.0;
/// Length of the window in periods of the lowest pitch. Boersma's 3 smear the glides of higher voices more.
const WINDOW_PERIODS: f64 = 2.5;
/// Below this frequency is rumble, in Hz; the gain rises over the octave above it.
const RUMBLE_HZ: f32 = 45.0;
/// From the first frequency to the second, harmonics fade out, for above them noise prevails. In Hz.
const FADE_HZ: [f32; 2] = [1200.0, 2800.0];

/// The transforms for one configuration.
pub struct Correlator {
    /// Samples in, for one sample in the analysis.
    factor: usize,
    window: Vec<f32>,
    /// 1 / autocorrelation of the window, by lag, as far as candidates are looked for.
    unbias: Vec<f32>,
    /// Power gain of each FFT bin.
    band: Vec<f32>,
    lags: LagRange,
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
}

impl Correlator {
    /// `None` if no lag lies between the highest and the lowest pitch, or the hop is zero.
    pub fn new(config: &PitchConfig) -> Option<Self> {
        let (min_hz, max_hz) = (f64::from(config.min_hz), f64::from(config.max_hz));
        let factor = ((config.rate.hz() / MIN_RATE_HZ) as usize).max(1);
        let rate = config.rate.hz() / factor as f64;
        // The bounds keep the transforms small; no voice is outside them.
        let sensible = config.hop > 0 && min_hz >= 10.0 && max_hz > min_hz && max_hz < rate / 4.0;
        if !sensible {
            return None;
        }
        let lags = LagRange::new(rate, min_hz, max_hz);
        let length = (WINDOW_PERIODS * rate / min_hz).round() as usize | 1;
        let size = (length + lags.last + 2).next_power_of_two();
        let mut planner = FftPlanner::new();
        let mut correlator = Self {
            factor,
            window: hann(length),
            unbias: vec![1.0; lags.last + 2],
            band: vec![1.0; size],
            lags,
            forward: planner.plan_fft_forward(size),
            inverse: planner.plan_fft_inverse(size),
        };
        correlator.unbias = correlator.window_bias();
        correlator.band = (0..size).map(|k| gain(k.min(size - k) as f32 * rate as f32 / size as f32)).collect();
        Some(correlator)
    }

    /// The candidates of each of `frames` frames.
    pub fn candidates(&self, config: &PitchConfig, samples: &[f32], frames: usize) -> Vec<FrameCandidates> {
        let signal = decimate(samples, self.factor);
        let mut work = Work::new(self.band.len(), self.forward.as_ref(), self.inverse.as_ref());
        let mut found = Vec::with_capacity(frames);
        let mut correlation = vec![0.0; self.unbias.len()];
        for first in (0..frames).step_by(2) {
            work.buffer.fill(Complex32::default());
            self.load(&signal, self.centre(config.hop, first), |i, x| work.buffer[i].re = x);
            if first + 1 < frames {
                self.load(&signal, self.centre(config.hop, first + 1), |i, x| work.buffer[i].im = x);
            }
            self.powers(&mut work);
            compress(&mut work.buffer);
            self.inverse.process_with_scratch(&mut work.buffer, &mut work.scratch);
            for lane in 0..2.min(frames - first) {
                let value = |lag: usize| if lane == 0 { work.buffer[lag].re } else { work.buffer[lag].im };
                found.push(self.frame(value, &mut correlation, config));
            }
        }
        found
    }

    fn centre(&self, hop: usize, frame: usize) -> usize {
        (frame * hop + hop / 2 + self.factor / 2) / self.factor
    }

    /// Writes the windowed frame around `centre` without its mean; outside the signal it is zero.
    fn load(&self, signal: &[f32], centre: usize, mut set: impl FnMut(usize, f32)) {
        let half = self.window.len() / 2;
        let from = centre.saturating_sub(half);
        let to = (centre + half + 1).min(signal.len());
        let Some(inside) = signal.get(from..to).filter(|part| !part.is_empty()) else {
            return;
        };
        let offset = from + half - centre;
        let mean = inside.iter().sum::<f32>() / inside.len() as f32;
        for (i, &x) in inside.iter().enumerate() {
            set(offset + i, (x - mean) * self.window[offset + i]);
        }
    }

    /// From two real frames in the buffer (one real, one imaginary) to their two power spectra, band-passed.
    fn powers(&self, work: &mut Work) {
        self.forward.process_with_scratch(&mut work.buffer, &mut work.scratch);
        let size = work.buffer.len();
        for k in 0..=size / 2 {
            let mirror = (size - k) % size;
            let (a, b) = (work.buffer[k], work.buffer[mirror].conj());
            // The spectrum of the real frame is (a + b) / 2, that of the imaginary one (a - b) / 2i.
            let power = Complex32::new((a + b).norm_sqr(), (a - b).norm_sqr()) * (0.25 * self.band[k]);
            work.buffer[k] = power;
            work.buffer[mirror] = power;
        }
    }

    fn frame(&self, value: impl Fn(usize) -> f32, into: &mut [f32], config: &PitchConfig) -> FrameCandidates {
        let energy = value(0) / (self.band.len() * self.window.len()) as f32;
        // 1e-10 is 100 dB below the peak of the recording: rounding noise, nothing to analyse.
        if energy <= 1e-10 {
            return FrameCandidates::default();
        }
        let scale = 1.0 / value(0);
        for (lag, out) in into.iter_mut().enumerate() {
            *out = value(lag) * scale * self.unbias[lag];
        }
        FrameCandidates { amplitude: energy.sqrt(), candidates: peaks(into, &self.lags, config) }
    }

    fn window_bias(&self) -> Vec<f32> {
        let mut work = Work::new(self.band.len(), self.forward.as_ref(), self.inverse.as_ref());
        for (slot, &w) in work.buffer.iter_mut().zip(&self.window) {
            slot.re = w;
        }
        self.powers(&mut work);
        self.inverse.process_with_scratch(&mut work.buffer, &mut work.scratch);
        let energy = work.buffer[0].re;
        work.buffer[..self.unbias.len()].iter().map(|r| energy / r.re).collect()
    }
}

/// Buffers that one call reuses for all frames.
struct Work {
    buffer: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Work {
    fn new(size: usize, forward: &dyn Fft<f32>, inverse: &dyn Fft<f32>) -> Self {
        let scratch = forward.get_inplace_scratch_len().max(inverse.get_inplace_scratch_len());
        Self { buffer: vec![Complex32::default(); size], scratch: vec![Complex32::default(); scratch] }
    }
}

/// Mixes each power spectrum half and half with its square root at equal energy: under the root, one harmonic on a
/// strong formant no longer passes for the pitch, and weak regular harmonics count (Tolonen and Karjalainen 2000).
fn compress(powers: &mut [Complex32]) {
    let root = |power: Complex32| Complex32::new(power.re.sqrt(), power.im.sqrt());
    let (sum, sum_of_roots) =
        powers.iter().fold(<(Complex32, Complex32)>::default(), |(a, b), &power| (a + power, b + root(power)));
    let ratio = |a: f32, b: f32| if b > 0.0 { a / b } else { 0.0 };
    let (re, im) = (ratio(sum.re, sum_of_roots.re), ratio(sum.im, sum_of_roots.im));
    for power in powers {
        *power = 0.5 * Complex32::new(power.re + re * power.re.sqrt(), power.im + im * power.im.sqrt());
    }
}

fn hann(length: usize) -> Vec<f32> {
    (0..length).map(|i| 0.5 - 0.5 * (2.0 * PI * (i as f32 + 0.5) / length as f32).cos()).collect()
}

/// Power gain at a frequency: a smooth band-pass, for an abrupt one would ring in the correlation.
fn gain(hz: f32) -> f32 {
    let smooth = |x: f32| 0.5 - 0.5 * (PI * x.clamp(0.0, 1.0)).cos();
    let [fade, end] = FADE_HZ;
    smooth((hz - RUMBLE_HZ) / RUMBLE_HZ) * smooth((end - hz) / (end - fade))
}
