//! Takes away the hum of the mains.
//!
//! Hum is what speech never is: at multiples of 50 or 60 Hz, and for seconds the same in height and phase. Over 8 s each
//! multiple is turned to a standstill, frame by frame; the median of the frames is the hum there, since a voice is at one
//! frequency for a moment only and in any phase. Where too few frames are near the median there is no hum.

use std::f64::consts::PI;
use std::sync::Arc;

use rustfft::{
    Fft, FftPlanner,
    num_complex::{Complex32, Complex64},
};
use serde::{Deserialize, Serialize};

use crate::audio::filter::Filter;
use crate::units::{SampleRate, Seconds};

/// Hum is looked for in so much at once; halves of neighbours overlap.
const BLOCK: Seconds = Seconds(8.0);
/// A frame is whole periods of 10 Hz long, so that under a Hann window no multiple hears another.
const FRAME: Seconds = Seconds(0.2);
/// From one to the next.
const HOP: Seconds = Seconds(0.1);
/// Fewer frames tell nothing.
const FEWEST: usize = 8;
const MAINS_HZ: [f64; 2] = [50.0, 60.0];
const HIGHEST_HZ: f64 = 1_500.0;
/// How far the mains, or the recorder's clock, may be off.
const OFF_HZ: f64 = 0.2;
const OFF_STEP_HZ: f64 = 0.01;
/// A frame is near the median within this share of its height.
const NEAR: f64 = 0.5;
/// So many of the frames must be.
const STEADY: f64 = 0.3;
/// And so many in either half: what begins or ends on the way is not taken from where it is not.
const STEADY_IN_HALF: f64 = 0.1;
/// Multiples whose phases agree less than this don't tell how far the mains are off.
const AGREED: f64 = 0.5;

/// The hum of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Hum {
    /// The frequency of the mains, 50 or 60.
    pub mains_hz: f64,
    /// How strong it is over the whole recording, as a root mean square.
    pub dbfs: f64,
}

/// A stream whose hum is taken away. It leaves 8 s later than it came.
pub struct Dehummer {
    rate: SampleRate,
    transform: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    hop: usize,
    /// Samples that came and have not left; a block begins with the first.
    pending: Vec<f32>,
    /// The hum of the block before, seen from the beginning of this one.
    before: Option<Sines>,
    /// Energy at the multiples of each of [`MAINS_HZ`].
    energies: [f64; MAINS_HZ.len()],
    left: usize,
}

/// Steady sines.
#[derive(Debug, Clone, Default)]
struct Sines {
    /// Index in [`MAINS_HZ`].
    mains: usize,
    /// Height with phase at the beginning, and how far the phase turns from sample to sample.
    each: Vec<(Complex64, Complex64)>,
}

impl Dehummer {
    /// A stream at `rate`.
    pub fn new(rate: SampleRate) -> Self {
        let frame = rate.samples(FRAME);
        let hann = |i: usize| (PI * i as f64 / frame as f64).sin().powi(2) as f32;
        Self {
            transform: FftPlanner::new().plan_fft_forward(frame),
            window: (0..frame).map(hann).collect(),
            hop: rate.samples(HOP),
            rate,
            pending: Vec::new(),
            before: None,
            energies: [0.0; MAINS_HZ.len()],
            left: 0,
        }
    }

    /// What was taken away so far, if it was anything.
    pub fn hum(&self) -> Option<Hum> {
        let strongest = if self.energies[0] >= self.energies[1] { 0 } else { 1 };
        let power = self.energies[strongest] / self.left.max(1) as f64;
        (power > 0.0).then(|| Hum { mains_hz: MAINS_HZ[strongest], dbfs: 10.0 * power.log10() })
    }

    /// Samples from one block to the next.
    fn step(&self) -> usize {
        self.rate.samples(BLOCK) / 2
    }

    /// The first `count` samples of the block without its hum, which grows into that of the block before over a step.
    fn leave(&mut self, count: usize, output: &mut Vec<f32>) {
        let step = self.step();
        let block = &self.pending[..self.pending.len().min(2 * step)];
        let now = self.find(block);
        let mut hum = now.samples(count);
        if let Some(before) = &self.before {
            for (index, (sample, old)) in hum.iter_mut().zip(before.samples(count.min(step))).enumerate() {
                *sample += (old - *sample) * (1.0 - index as f64 / step as f64);
            }
        }
        self.energies[now.mains] += hum.iter().map(|sample| sample * sample).sum::<f64>();
        self.left += count;
        output.extend(self.pending.drain(..count).zip(hum).map(|(sample, hum)| sample - hum as f32));
        self.before = Some(now.later(count));
    }

    /// The hum of a block.
    fn find(&self, block: &[f32]) -> Sines {
        let frames: Vec<Vec<Complex32>> = block
            .windows(self.window.len())
            .step_by(self.hop)
            .map(|frame| {
                let mut bins: Vec<Complex32> =
                    frame.iter().zip(&self.window).map(|(x, weight)| Complex32::new(x * weight, 0.0)).collect();
                self.transform.process(&mut bins);
                bins
            })
            .collect();
        if frames.len() < FEWEST || block.iter().any(|sample| !sample.is_finite()) {
            return Sines::default();
        }
        let [one, other] = [0, 1].map(|mains| self.at(mains, &frames));
        if one.power() >= other.power() { one } else { other }
    }

    /// The hum at multiples of one mains' frequency.
    fn at(&self, mains: usize, frames: &[Vec<Complex32>]) -> Sines {
        let highest = HIGHEST_HZ.min(self.rate.hz() / 2.0 - 1.0 / FRAME.0 * 2.0);
        let multiples = (highest / MAINS_HZ[mains]) as usize;
        let steps = (OFF_HZ / OFF_STEP_HZ).round() as i32;
        let tracks: Vec<Vec<Complex64>> =
            (1..=multiples).map(|multiple| self.track(multiple as f64 * MAINS_HZ[mains], frames)).collect();
        let turn = |off_hz: f64, multiple: usize| {
            Complex64::cis(-2.0 * PI * off_hz * multiple as f64 * self.hop as f64 / self.rate.hz())
        };
        let agreement = |step: i32| -> f64 {
            let agreed = |(index, track): (usize, &Vec<Complex64>)| {
                let phases = track.iter().map(|bin| bin / bin.norm().max(1e-12));
                let turn = turn(f64::from(step) * OFF_STEP_HZ, index + 1);
                let sum: Complex64 = turned(phases, Complex64::ONE, turn).sum();
                (sum.norm() / track.len() as f64 - AGREED).max(0.0)
            };
            tracks.iter().enumerate().map(agreed).sum()
        };
        let best = (-steps..=steps).map(|step| (step, agreement(step))).max_by(|a, b| a.1.total_cmp(&b.1));
        let off_hz = best.map_or(0.0, |(step, _)| f64::from(step) * OFF_STEP_HZ);
        let sine = |(index, track): (usize, &Vec<Complex64>)| {
            let multiple = index + 1;
            let height = steady(track, turn(off_hz, multiple))?;
            let x = off_hz * multiple as f64 * self.window.len() as f64 / self.rate.hz();
            let turn = 2.0 * PI * multiple as f64 * (MAINS_HZ[mains] + off_hz) / self.rate.hz();
            Some((height * Complex64::cis(-PI * x) / lobe(x), Complex64::cis(turn)))
        };
        Sines { mains, each: tracks.iter().enumerate().filter_map(sine).collect() }
    }

    /// The height of a frequency with its phase at the beginning of the block, as each of the frames has it.
    fn track(&self, hz: f64, frames: &[Vec<Complex32>]) -> Vec<Complex64> {
        let size = self.window.len() as f64;
        let bin = hz * size / self.rate.hz();
        let (nearest, off) = (bin.round(), bin - bin.round());
        // Half of the window's sum, which is half its length; what a bin that is not quite the frequency sees of it.
        let scale = Complex64::cis(-PI * off) * (4.0 / size / lobe(off));
        let turn = Complex64::cis(-2.0 * PI * hz * self.hop as f64 / self.rate.hz());
        let found = frames.iter().map(|frame| frame[nearest as usize]);
        turned(found.map(|bin| Complex64::new(f64::from(bin.re), f64::from(bin.im))), scale, turn).collect()
    }
}

/// What a Hann window sees of a frequency `bins` beside its middle (Harris 1978).
fn lobe(bins: f64) -> f64 {
    if bins.abs() < 1e-9 { 1.0 } else { (PI * bins).sin() / (PI * bins) / (1.0 - bins * bins) }
}

/// A track turned, first by this much and by `turn` more from frame to frame.
fn turned(
    track: impl Iterator<Item = Complex64>,
    first: Complex64,
    turn: Complex64,
) -> impl Iterator<Item = Complex64> {
    track.scan(first, move |phase, bin| {
        let turned = bin * *phase;
        *phase *= turn;
        Some(turned)
    })
}

/// The median of a track that turns, and the mean of what is near it; none where too little is.
fn steady(track: &[Complex64], turn: Complex64) -> Option<Complex64> {
    let still: Vec<Complex64> = turned(track.iter().copied(), Complex64::ONE, turn).collect();
    let median = |part: fn(&Complex64) -> f64| {
        let mut values: Vec<f64> = still.iter().map(part).collect();
        let middle = values.len() / 2;
        *values.select_nth_unstable_by(middle, f64::total_cmp).1
    };
    let middle = Complex64::new(median(|bin| bin.re), median(|bin| bin.im));
    let near = |part: &[Complex64]| -> (f64, Complex64) {
        let near = part.iter().filter(|bin| (**bin - middle).norm() < NEAR * middle.norm());
        near.fold((0.0, Complex64::ZERO), |(count, sum), bin| (count + 1.0, sum + bin))
    };
    let (early, late) = still.split_at(still.len() / 2);
    let [first, second] = [near(early), near(late)];
    let count = first.0 + second.0;
    let throughout = first.0 >= STEADY_IN_HALF * early.len() as f64 && second.0 >= STEADY_IN_HALF * late.len() as f64;
    (count > 0.0 && count >= STEADY * still.len() as f64 && throughout).then(|| (first.1 + second.1) / count)
}

impl Sines {
    fn power(&self) -> f64 {
        self.each.iter().map(|(height, _)| height.norm_sqr() / 2.0).sum()
    }

    fn samples(&self, count: usize) -> Vec<f64> {
        let mut samples = vec![0.0; count];
        for (height, turn) in &self.each {
            let mut now = *height;
            for sample in &mut samples {
                *sample += now.re;
                now *= turn;
            }
        }
        samples
    }

    /// The same, seen from `count` samples later.
    fn later(mut self, count: usize) -> Self {
        self.each.iter_mut().for_each(|(height, turn)| *height *= Complex64::cis(turn.arg() * count as f64));
        self
    }
}

impl Filter for Dehummer {
    fn name(&self) -> &'static str {
        "hum"
    }

    fn push(&mut self, input: &[f32], output: &mut Vec<f32>) {
        self.pending.extend_from_slice(input);
        let step = self.step();
        while self.pending.len() >= 2 * step {
            self.leave(step, output);
        }
    }

    fn finish(&mut self, output: &mut Vec<f32>) {
        self.leave(self.pending.len(), output);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dehummed(samples: &[f32], rate: u32, block: usize) -> (Vec<f32>, Option<Hum>) {
        let mut filter = Dehummer::new(SampleRate(rate));
        let mut output = Vec::new();
        samples.chunks(block).for_each(|piece| filter.push(piece, &mut output));
        filter.finish(&mut output);
        (output, filter.hum())
    }

    fn hum(mains_hz: f64, rate: u32, seconds: f64) -> Vec<f32> {
        let sample = |i: usize| {
            let time = i as f64 / f64::from(rate);
            (1..=8)
                .map(|k| 0.02 / f64::from(k) * (2.0 * PI * mains_hz * f64::from(k) * time + f64::from(k)).sin())
                .sum::<f64>()
        };
        (0..(seconds * f64::from(rate)) as usize).map(|i| sample(i) as f32).collect()
    }

    /// A voice whose pitch and loudness change all the time, with pauses.
    fn voice(rate: u32, seconds: f64) -> Vec<f32> {
        let mut phase = 0.0;
        let sample = |i: usize| {
            let time = i as f64 / f64::from(rate);
            phase += 2.0 * PI * (120.0 + 30.0 * (2.1 * time).sin() + 10.0 * (9.0 * time).sin()) / f64::from(rate);
            let loudness = (1.7 * time).sin().max(0.0);
            loudness * (1..=10).map(|k| 0.1 / f64::from(k) * (phase * f64::from(k)).sin()).sum::<f64>()
        };
        (0..(seconds * f64::from(rate)) as usize).map(sample).map(|x| x as f32).collect()
    }

    fn energy(samples: impl Iterator<Item = f32>) -> f64 {
        samples.map(|x| f64::from(x).powi(2)).sum()
    }

    #[test]
    fn hum_goes_and_a_voice_stays() {
        for (mains_hz, rate, seconds) in
            [(50.0, 16_000, 12.0), (60.03, 22_050, 21.3), (49.93, 44_100, 5.0), (60.0, 8_000, 8.0)]
        {
            let (voice, hum) = (voice(rate, seconds), hum(mains_hz, rate, seconds));
            let noisy: Vec<f32> = voice.iter().zip(&hum).map(|(a, b)| a + b).collect();
            let (output, found) = dehummed(&noisy, rate, 5_000);
            assert_eq!(output.len(), noisy.len());
            let left = energy(output.iter().zip(&voice).map(|(a, b)| a - b));
            let (hum_energy, fall_db) = (energy(hum.iter().copied()), -10.0 * (left / energy(hum.into_iter())).log10());
            assert!(fall_db > 20.0, "{mains_hz} Hz at {rate}: {fall_db} dB");
            let found = found.expect("hum");
            assert_eq!(found.mains_hz, mains_hz.round());
            assert!((found.dbfs - 10.0 * (hum_energy / noisy.len() as f64).log10()).abs() < 0.5, "{found:?}");
        }
    }

    #[test]
    fn what_does_not_hum_is_not_touched() {
        let glide: Vec<f32> =
            (0..160_000).map(|i| (i as f32 * 0.02 + (i as f32 * 2e-4).sin() * 30.0).sin() * 0.3).collect();
        for samples in [voice(16_000, 20.0), glide, vec![0.0; 40_000], vec![], vec![0.1; 5_000]] {
            let (output, found) = dehummed(&samples, 16_000, 4_321);
            assert!(output == samples && found.is_none(), "{found:?}");
        }
        // A tone between the multiples is as steady as hum.
        let tone: Vec<f32> = (0..160_000).map(|i| (i as f32 * 0.13).sin() * 0.3).collect();
        let gap = energy(dehummed(&tone, 16_000, 4_321).0.iter().zip(&tone).map(|(a, b)| a - b));
        assert!(gap < 1e-6 * energy(tone.into_iter()), "{gap}");
        let mut broken = hum(50.0, 16_000, 3.0);
        broken[7_000] = f32::NAN;
        assert_eq!(dehummed(&broken, 16_000, 500).0.len(), broken.len());
    }

    #[test]
    fn hum_that_begins_later_is_followed_and_blocks_make_no_difference() {
        let late: Vec<f32> =
            hum(50.0, 16_000, 40.0).into_iter().enumerate().map(|(i, x)| if i < 320_000 { 0.0 } else { x }).collect();
        let (output, _) = dehummed(&late, 16_000, 1_000);
        let level = |samples: &[f32]| energy(samples.iter().copied()) / samples.len() as f64;
        assert!(level(&output[..320_000]) < 1e-9, "nothing is added before it");
        assert!(level(&output[480_000..]) < 1e-3 * level(&late[480_000..]));
        assert!(output == dehummed(&late, 16_000, 123_457).0);
    }
}
