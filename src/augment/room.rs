//! Rooms: the image source method for a box (Allen and Berkley 1979, "Image method for efficiently simulating
//! small-room acoustics").

use std::f64::consts::PI;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use rustfft::num_complex::Complex64;
use tch::{Kind, Tensor};

use crate::nn::shared::Shared;
use crate::units::SampleRate;

/// Metres a second.
const SPEED_OF_SOUND: f64 = 343.0;
/// The interpolating sinc of a reflection reaches this many samples to each side.
const REACH: f64 = 16.0;

/// A box with a mouth and a microphone in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Room {
    /// Sides in metres.
    pub size_m: [f64; 3],
    /// Where the mouth is.
    pub source_m: [f64; 3],
    /// Where the microphone is.
    pub microphone_m: [f64; 3],
    /// Time in which sound falls by 60 dB.
    pub rt60_s: f64,
}

impl Room {
    /// A room of a flat or an office, with both anywhere in it, half a metre from the walls.
    pub fn draw(rt60_s: (f64, f64), random: &mut ChaCha8Rng) -> Self {
        let size_m = [random.random_range(2.5..8.0), random.random_range(2.5..6.0), random.random_range(2.3..3.5)];
        let room = Self::draw_in(size_m, 0.0, random);
        Self { rt60_s: random.random_range(rt60_s.0..=rt60_s.1), ..room }
    }

    /// The same in a given room.
    pub fn draw_in(size_m: [f64; 3], rt60_s: f64, random: &mut ChaCha8Rng) -> Self {
        let (source_m, far) = (Self::place(size_m, random), Self::place(size_m, random));
        // Mostly near, as people speak to a device.
        let share = random.random_range(0.1..1.0);
        let microphone_m = std::array::from_fn(|axis| source_m[axis] + (far[axis] - source_m[axis]) * share);
        Self { size_m, source_m, microphone_m, rt60_s }
    }

    /// Mouths anywhere in a room with one microphone, none nearer to it than a metre.
    pub fn draw_around(size_m: [f64; 3], rt60_s: f64, mouths: usize, random: &mut ChaCha8Rng) -> Vec<Self> {
        const NEAREST_M: f64 = 1.0;
        const ATTEMPTS: usize = 50;
        let microphone_m = Self::place(size_m, random);
        let away = |place: &[f64; 3]| span(*place, microphone_m) >= NEAREST_M;
        let mut mouth = || {
            let mut places = (0..ATTEMPTS).map(|_| Self::place(size_m, random));
            // A corner, where everything else is near.
            places.find(away).unwrap_or([0.5; 3])
        };
        (0..mouths).map(|_| Self { size_m, source_m: mouth(), microphone_m, rt60_s }).collect()
    }

    /// Anywhere half a metre from the walls.
    fn place(size_m: [f64; 3], random: &mut ChaCha8Rng) -> [f64; 3] {
        size_m.map(|side| random.random_range(0.5..side - 0.5))
    }

    /// The share of pressure that a wall reflects, by Eyring's formula.
    fn reflection(&self) -> f64 {
        let [x, y, z] = self.size_m;
        let (volume, surface) = (x * y * z, 2.0 * (x * y + y * z + z * x));
        let absorbed = 1.0 - (-0.161 * volume / (surface * self.rt60_s)).exp();
        (1.0 - absorbed).sqrt()
    }

    /// What the microphone hears of a click. The direct sound is at sample 0 with a height of 1, so that speech stays
    /// in time; reflections follow until they are 40 dB down.
    pub fn impulse_response(&self, rate: SampleRate) -> Vec<f32> {
        let reflection = self.reflection();
        let direct = span(self.source_m, self.microphone_m).max(0.05);
        let length = (self.rt60_s * 2.0 / 3.0 * rate.hz()) as usize + 1;
        let farthest = direct + length as f64 / rate.hz() * SPEED_OF_SOUND;
        let mut response = vec![0f64; length];
        // Image of the source in each axis: its place, and how often its sound has met a wall.
        let images = |axis: usize| {
            let count = (farthest / (2.0 * self.size_m[axis])).ceil() as i64 + 1;
            let (side, at) = (self.size_m[axis], self.source_m[axis]);
            (-count..=count).flat_map(move |n| {
                let period = 2.0 * n as f64 * side;
                [(period + at, 2 * n.unsigned_abs()), (period - at, (2 * n - 1).unsigned_abs())]
            })
        };
        for (x, bounces_x) in images(0) {
            for (y, bounces_y) in images(1) {
                for (z, bounces_z) in images(2) {
                    let distance = span([x, y, z], self.microphone_m).max(0.05);
                    let delay = (distance - direct) / SPEED_OF_SOUND * rate.hz();
                    if delay < length as f64 {
                        let gain = reflection.powi((bounces_x + bounces_y + bounces_z) as i32) * direct / distance;
                        add_pulse(&mut response, delay, gain);
                    }
                }
            }
        }
        high_pass(&mut response, rate);
        response.into_iter().map(|value| value as f32).collect()
    }
}

/// How far two places are from each other.
fn span(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|axis| (a[axis] - b[axis]).powi(2)).sum::<f64>().sqrt()
}

/// Impulse responses (K) of `count` rooms, at the rate of analysis.
pub fn impulse_responses(count: usize, rt60_s: (f64, f64), random: &mut ChaCha8Rng) -> Vec<Shared> {
    let drawn: Vec<Room> = (0..count).map(|_| Room::draw(rt60_s, random)).collect();
    let responses: Vec<Vec<f32>> = drawn.par_iter().map(|room| room.impulse_response(SampleRate::ANALYSIS)).collect();
    responses.iter().map(|response| Tensor::from_slice(response).into()).collect()
}

/// Takes away the slow rise that pulses of one sign add up to, with the filter of the paper's appendix.
fn high_pass(response: &mut [f64], rate: SampleRate) {
    const CUTOFF_HZ: f64 = 20.0;
    let angle = std::f64::consts::TAU * CUTOFF_HZ / rate.hz();
    let radius = (-angle).exp();
    let (mut before, mut earlier) = (0.0, 0.0);
    for value in response {
        let now = 2.0 * radius * angle.cos() * before - radius * radius * earlier + *value;
        *value = now - (1.0 + radius) * before + radius * earlier;
        (before, earlier) = (now, before);
    }
}

/// Adds a band-limited pulse between samples: a sinc under a Hann window. From sample to sample its sine changes only in
/// sign and the window turns by one angle, so that a pulse takes three sines and cosines and not two for each sample.
fn add_pulse(response: &mut [f64], delay: f64, gain: f64) {
    let first = (delay - REACH).ceil().max(0.0) as usize;
    let last = ((delay + REACH).floor() as usize).min(response.len() - 1);
    let mut angle = PI * (first as f64 - delay);
    let mut sine = gain * angle.sin();
    let (mut window, step) = (Complex64::cis(angle / REACH), Complex64::cis(PI / REACH));
    for value in response.iter_mut().take(last + 1).skip(first) {
        let sinc = if angle.abs() < 1e-9 { gain } else { sine / angle };
        *value += sinc * (0.5 + 0.5 * window.re);
        (angle, sine, window) = (angle + PI, -sine, window * step);
    }
}

/// The part of an impulse response (K) at 16 kHz that the ear takes for the sound itself: 50 ms, fading over the last
/// 10 (the limit of clarity, C50, in ISO 3382-1).
pub fn early(response: &Tensor) -> Tensor {
    const KEPT: i64 = 640;
    const FADED: i64 = 160;
    let length = response.size()[0].min(KEPT + FADED);
    let place = Tensor::arange(length, (Kind::Float, response.device()));
    response.narrow(0, 0, length) * ((KEPT + FADED - place) / FADED as f64).clamp(0.0, 1.0)
}

/// Samples (L) with an impulse response (K) → (L).
pub fn convolve(samples: &Tensor, response: &Tensor) -> Tensor {
    convolved(samples, response).narrow(0, 0, samples.size()[0])
}

/// Samples (L) with an impulse response (K) → at least (L + K - 1), block by block (overlap-add): planning a long
/// transform takes longer than many short ones.
pub(super) fn convolved(samples: &Tensor, response: &Tensor) -> Tensor {
    const SHORTEST: u64 = 1 << 14;
    let (length, reach) = (samples.size()[0], response.size()[0] - 1);
    let size = (4 * response.size()[0] as u64).next_power_of_two().max(SHORTEST) as i64;
    let hop = size - reach;
    let count = (length + reach + hop - 1) / hop;
    let blocks = samples.constant_pad_nd([0, count * hop - length]).view([count, hop]);
    let spectrum = blocks.fft_rfft(size, -1, "backward") * response.fft_rfft(size, -1, "backward");
    let heard = spectrum.fft_irfft(size, -1, "backward").to_kind(Kind::Float);
    // What rings on after a block is added to the next.
    let own = heard.narrow(1, 0, hop).contiguous();
    let _ =
        own.narrow(0, 1, count - 1).narrow(1, 0, reach).g_add_(&heard.narrow(0, 0, count - 1).narrow(1, hop, reach));
    own.view([-1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn room(rt60_s: f64) -> Room {
        Room { size_m: [5.0, 4.0, 2.7], source_m: [1.2, 1.5, 1.4], microphone_m: [3.1, 2.2, 1.1], rt60_s }
    }

    #[test]
    fn the_first_reflections_come_when_and_as_strong_as_geometry_says() {
        let room = room(0.3);
        let rate = SampleRate(96_000);
        let response = room.impulse_response(rate);
        // From the floor: the source mirrored at z = 0.
        let direct = (1.9f64.powi(2) + 0.7f64.powi(2) + 0.3f64.powi(2)).sqrt();
        let floor = (1.9f64.powi(2) + 0.7f64.powi(2) + 2.5f64.powi(2)).sqrt();
        let at = ((floor - direct) / SPEED_OF_SOUND * rate.hz()).round() as usize;
        // A band-limited pulse has the energy of its height squared, wherever it falls between samples.
        let energy: f32 = response[at - 12..at + 13].iter().map(|value| value * value).sum();
        let expected = room.reflection() * direct / floor;
        assert!((f64::from(energy).sqrt() / expected - 1.0).abs() < 0.03, "{energy} {expected}");
        assert!((response[0] - 1.0).abs() < 1e-3);
    }

    #[test]
    fn energy_comes_as_in_pyroomacoustics() {
        const SHARES_250_MS: [f64; 8] = [0.4425, 0.2253, 0.142, 0.088, 0.0502, 0.0239, 0.019, 0.0091];
        const SHARES_500_MS: [f64; 8] = [0.2667, 0.194, 0.161, 0.1277, 0.0971, 0.0598, 0.0587, 0.035];
        // Shares of the energy of the first 80 ms in steps of 10 ms: pyroomacoustics 0.10.1, ShoeBox of the same sides,
        // places and absorption, images up to order 100.
        for (rt60_s, shares) in [(0.25, SHARES_250_MS), (0.5, SHARES_500_MS)] {
            let response = room(rt60_s).impulse_response(SampleRate::ANALYSIS);
            let energy = |step: &[f32]| step.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>();
            let steps: Vec<f64> = response[..1_280].chunks(160).map(energy).collect();
            let total: f64 = steps.iter().sum();
            for (step, share) in steps.iter().zip(shares) {
                assert!((step / total - share).abs() < 0.02, "{:.4} instead of {share}", step / total);
            }
        }
    }

    #[test]
    fn sound_falls_by_sixty_decibels_in_the_time_given() {
        for rt60_s in [0.25, 0.5] {
            let response = room(rt60_s).impulse_response(SampleRate::ANALYSIS);
            // Schroeder's backward integration, from -5 to -25 dB.
            let mut energy: Vec<f64> = response.iter().map(|&value| f64::from(value).powi(2)).collect();
            for index in (0..energy.len() - 1).rev() {
                energy[index] += energy[index + 1];
            }
            let below = |db: f64| energy.iter().position(|&e| 10.0 * (e / energy[0]).log10() < -db).expect("a fall");
            let measured = (below(25.0) - below(5.0)) as f64 / 16_000.0 * 3.0;
            assert!((measured / rt60_s - 1.0).abs() < 0.15, "{measured} s instead of {rt60_s} s");
        }
    }

    #[test]
    fn blocks_join_to_the_whole_convolution() {
        tch::manual_seed(2);
        for (length, reach) in [(50_000, 3_000), (70_001, 1), (200, 9_000)] {
            let draw = |count: i64| Tensor::randn([count], (Kind::Float, tch::Device::Cpu));
            let (samples, response) = (draw(length), draw(reach));
            let padded = samples.view([1, 1, -1]).constant_pad_nd([reach - 1, 0]);
            let kernel = response.flip([0]).view([1, 1, -1]);
            let whole = padded.conv1d(&kernel, None::<Tensor>, 1, 0, 1, 1).view([-1]);
            let gap = (convolve(&samples, &response) - &whole).abs().max().double_value(&[]);
            assert!(gap < 1e-4 * whole.abs().max().double_value(&[]), "{length} and {reach}: {gap}");
        }
    }

    #[test]
    fn rooms_hold_both_and_a_dry_response_changes_nothing() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..200 {
            let room = Room::draw((0.1, 0.6), &mut random);
            let inside = |place: [f64; 3]| place.iter().zip(room.size_m).all(|(&at, side)| at > 0.0 && at < side);
            assert!(inside(room.source_m) && inside(room.microphone_m), "{room:?}");
            for mouth in Room::draw_around(room.size_m, 0.3, 3, &mut random) {
                assert!(inside(mouth.source_m) && inside(mouth.microphone_m), "{mouth:?}");
                assert!(span(mouth.source_m, mouth.microphone_m) >= 1.0, "{mouth:?}");
            }
        }
        let samples = Tensor::from_slice(&[1.0f32, -2.0, 3.0, 0.5, 0.25]);
        let heard = convolve(&samples, &Tensor::from_slice(&[1.0f32, 0.0, 0.5]));
        let expected = Tensor::from_slice(&[1.0f32, -2.0, 3.5, -0.5, 1.75]);
        assert!((heard - expected).abs().max().double_value(&[]) < 1e-5);
    }
}
