//! The denoiser as samples stream by, at any rate.

use std::{f32::consts::PI, sync::Arc};

use rustfft::{Fft, FftPlanner, num_complex::Complex32};
use tch::{Kind, Tensor};

use super::network::{Denoiser, Memory};
use super::spectrum::BINS;
use crate::audio::filter::Filter;
use crate::nn::host::floats;
use crate::nn::pool::Lease;
use crate::units::{SampleRate, Seconds};

/// Length of a frame, whatever the rate, so that the bins lie where the network expects them.
const WINDOW: Seconds = Seconds(0.032);
/// How much later than it came in a sample can leave: a frame, and half a frame of look-ahead.
pub const LATENCY_S: f64 = 0.048;
/// What lies above the network's 8 kHz is turned down as the bins from here to there are: 5 kHz.
const UPPER_FROM: usize = 160;
/// Streams fainter than this (root mean square of the loudest frame of late) are raised for the network.
const FAINT: f32 = 0.01;
/// The loudest is forgotten by half in about 10 s.
const DECAY: f32 = 0.9989;

/// How much is taken away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strength {
    /// 1 takes away all that the network takes for noise, 0 nothing.
    pub noise: f64,
    /// Whether reverberation goes, too.
    pub dereverb: bool,
}

/// One stream on its way through the network.
pub struct Denoising {
    network: Lease<Denoiser>,
    memory: Memory,
    strength: Strength,
    dereverb: Tensor,
    /// Frames that go through the network together.
    chunk: usize,
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    /// The last half frame, and what came after it.
    input: Vec<f32>,
    /// Spectra without a mask yet; the first of them is the one before the frames that the network hears next.
    waiting: Vec<Vec<Complex32>>,
    /// Whether the network has heard a frame.
    begun: bool,
    /// The second half of the last frame that left.
    tail: Vec<f32>,
    loudest: f32,
    received: usize,
    emitted: usize,
    /// Samples before the first that came in.
    leading: usize,
}

impl Denoising {
    /// Frames at once where nobody waits: large products are fast.
    pub const FILE: usize = 128;
    /// Frames at once in a conversation.
    pub const LIVE: usize = 1;

    /// A stream at `rate`, of which `chunk` frames go through the network together.
    pub fn new(network: Lease<Denoiser>, rate: SampleRate, strength: Strength, chunk: usize) -> Self {
        let half = (rate.samples(WINDOW) / 2).max(2);
        let size = 2 * half;
        let mut planner = FftPlanner::new();
        let dereverb = f32::from(u8::from(strength.dereverb));
        Self {
            memory: network.memory(1),
            dereverb: Tensor::from(dereverb).view([1, 1, 1]).to_device(network.device()),
            network,
            strength,
            chunk: chunk.max(1),
            forward: planner.plan_fft_forward(size),
            inverse: planner.plan_fft_inverse(size),
            window: (0..size).map(|i| (PI * i as f32 / size as f32).sin()).collect(),
            input: vec![0.0; half],
            waiting: Vec::new(),
            begun: false,
            tail: vec![0.0; half],
            loudest: 0.0,
            received: 0,
            emitted: 0,
            leading: half,
        }
    }

    fn half(&self) -> usize {
        self.window.len() / 2
    }

    /// The spectrum of the next frame, (n).
    fn analyse(&mut self, start: usize) -> Vec<Complex32> {
        let frame = &self.input[start..start + self.window.len()];
        let mut spectrum: Vec<Complex32> =
            frame.iter().zip(&self.window).map(|(sample, weight)| Complex32::new(sample * weight, 0.0)).collect();
        self.forward.process(&mut spectrum);
        spectrum
    }

    /// Takes all frames that are complete; with `all`, the network hears them even if they are few.
    fn advance(&mut self, all: bool, output: &mut Vec<f32>) {
        let (half, mut start) = (self.half(), 0);
        let mut fresh = Vec::new();
        while start + self.window.len() <= self.input.len() {
            fresh.push(self.analyse(start));
            start += half;
            if fresh.len() + self.unheard() == self.chunk {
                self.hear(std::mem::take(&mut fresh), output);
            }
        }
        self.input.drain(..start);
        self.waiting.append(&mut fresh);
        if all && self.unheard() > 0 {
            self.hear(Vec::new(), output);
        }
    }

    /// Frames that wait to be heard.
    fn unheard(&self) -> usize {
        self.waiting.len() - usize::from(self.begun)
    }

    /// The network hears what waits and `fresh`; all frames but the last then leave.
    fn hear(&mut self, mut fresh: Vec<Vec<Complex32>>, output: &mut Vec<f32>) {
        self.waiting.append(&mut fresh);
        let first = usize::from(self.begun);
        let count = self.waiting.len() - first;
        let mut values = vec![0f32; count * BINS as usize * 2];
        // At 16 kHz a frame has 512 samples, and the network knows spectra of that size.
        let size = 512.0 / self.window.len() as f32;
        for (spectrum, row) in self.waiting[first..].iter().zip(values.chunks_exact_mut(BINS as usize * 2)) {
            let energy: f32 = spectrum.iter().map(|bin| bin.norm_sqr()).sum();
            let level = (2.0 * energy).sqrt() / self.window.len() as f32;
            self.loudest = level.max(self.loudest * DECAY);
            let gain = if self.loudest > 0.0 { (FAINT / self.loudest).clamp(1.0, 100.0) } else { 1.0 } * size;
            for (bin, pair) in spectrum[..self.window.len() / 2 + 1].iter().zip(row.chunks_exact_mut(2)) {
                (pair[0], pair[1]) = (bin.re * gain, bin.im * gain);
            }
        }
        let heard = Tensor::from_slice(&values).view([1, count as i64, BINS, 2]).to_device(self.network.device());
        let masks = tch::no_grad(|| self.network.next(&heard, &self.dereverb, &mut self.memory));
        let masks = floats(&masks.to_kind(Kind::Float));
        // The first mask of a stream belongs to no frame.
        let masks = &masks[(1 - first) * BINS as usize * 2..];
        let leaving: Vec<_> = self.waiting.drain(..self.waiting.len() - 1).collect();
        for (spectrum, mask) in leaving.into_iter().zip(masks.chunks_exact(BINS as usize * 2)) {
            self.leave(spectrum, mask, output);
        }
        self.begun = true;
    }

    /// Applies a mask, and gives out the half of a frame that nothing more is added to.
    fn leave(&mut self, mut spectrum: Vec<Complex32>, mask: &[f32], output: &mut Vec<f32>) {
        let (size, half, share) = (self.window.len(), self.half(), self.strength.noise as f32);
        let weigh = |weight: Complex32| weight * share + (1.0 - share);
        let known = (half + 1).min(BINS as usize);
        let (mut before, mut after) = (1e-12, 1e-12);
        for (index, (bin, pair)) in spectrum[..known].iter_mut().zip(mask.chunks_exact(2)).enumerate() {
            let cleaned = *bin * Complex32::new(pair[0], pair[1]);
            if index >= UPPER_FROM {
                before += bin.norm_sqr();
                after += cleaned.norm_sqr();
            }
            *bin *= weigh(Complex32::new(pair[0], pair[1]));
        }
        let upper = weigh(Complex32::new((after / before).sqrt().min(1.0), 0.0));
        spectrum[known..=half].iter_mut().for_each(|bin| *bin *= upper);
        for index in 1..half {
            spectrum[size - index] = spectrum[index].conj();
        }
        self.inverse.process(&mut spectrum);
        let scale = 1.0 / size as f32;
        let samples: Vec<f32> =
            spectrum.iter().zip(&self.window).map(|(bin, weight)| bin.re * scale * weight).collect();
        let ready: Vec<f32> = self.tail.iter().zip(&samples).map(|(tail, sample)| tail + sample).collect();
        self.tail.copy_from_slice(&samples[half..]);
        let skipped = self.leading.min(half);
        self.leading -= skipped;
        let wanted = (half - skipped).min(self.received - self.emitted);
        output.extend_from_slice(&ready[skipped..skipped + wanted]);
        self.emitted += wanted;
    }
}

impl Filter for Denoising {
    fn name(&self) -> &'static str {
        "denoiser"
    }

    fn push(&mut self, input: &[f32], output: &mut Vec<f32>) {
        self.received += input.len();
        self.input.extend_from_slice(input);
        self.advance(false, output);
    }

    fn finish(&mut self, output: &mut Vec<f32>) {
        // Silence, until the last sample has been in two frames and those have been followed by one more.
        let silence = (self.received.next_multiple_of(self.half()) - self.received) + 3 * self.half();
        self.input.extend(std::iter::repeat_n(0.0, silence));
        self.advance(true, output);
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use super::super::network::tests::tiny;
    use super::*;
    use crate::denoiser::Spectrum;
    use crate::nn::pool::Pool;
    use tch::Device;

    fn noise(length: i64) -> Vec<f32> {
        tch::manual_seed(9);
        floats(&(Tensor::randn([length], (Kind::Float, Device::Cpu)) * 0.1))
    }

    fn streamed(
        pool: &Pool<Denoiser>,
        rate: u32,
        strength: Strength,
        samples: &[f32],
        block: usize,
        chunk: usize,
    ) -> Vec<f32> {
        let mut stream = Denoising::new(pool.take().expect("a network"), SampleRate(rate), strength, chunk);
        let mut output = Vec::new();
        samples.chunks(block).for_each(|piece| stream.push(piece, &mut output));
        stream.finish(&mut output);
        output
    }

    fn holding(network: Denoiser) -> Pool<Denoiser> {
        let first = Mutex::new(Some(network));
        let load =
            move || first.lock().ok().and_then(|mut first| first.take()).ok_or(io::Error::other("there is but one"));
        Pool::new(load).expect("the network")
    }

    const ALL: Strength = Strength { noise: 1.0, dereverb: false };

    #[test]
    fn a_stream_equals_the_network_on_the_whole_however_it_is_cut() {
        let (_store, network) = tiny();
        let samples = noise(256 * 40);
        let spectrum = Spectrum::new(Device::Cpu);
        let none = Tensor::zeros([1, 1, 1], (Kind::Float, Device::Cpu));
        let whole = tch::no_grad(|| {
            spectrum.inverse(&network.clean(&spectrum.forward(&Tensor::from_slice(&samples).unsqueeze(0)), &none))
        });
        let (whole, pool) = (floats(&whole), holding(network));
        for (block, chunk) in [(777, 1), (100, 8), (100_000, 128)] {
            let stream = streamed(&pool, 16_000, ALL, &samples, block, chunk);
            assert_eq!(stream.len(), whole.len());
            let gap = stream.iter().zip(&whole).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(gap < 1e-4, "block {block}, chunk {chunk}: {gap}");
        }
    }

    #[test]
    fn without_strength_nothing_changes_at_any_rate_and_length() {
        let (_store, network) = tiny();
        let pool = holding(network);
        let off = Strength { noise: 0.0, dereverb: false };
        for rate in [8_000, 11_025, 16_000, 22_050, 44_100, 48_000] {
            for length in [0, 1, 300, 5_000] {
                let samples = noise(length);
                let output = streamed(&pool, rate, off, &samples, 512, 4);
                assert_eq!(output.len(), samples.len(), "{rate} {length}");
                assert!(output.iter().zip(&samples).all(|(a, b)| (a - b).abs() < 1e-5), "{rate} {length}");
            }
        }
    }

    #[test]
    fn live_a_sample_leaves_within_the_latency() {
        let (_store, network) = tiny();
        let mut stream = Denoising::new(network.into(), SampleRate(16_000), ALL, Denoising::LIVE);
        let (mut output, mut sent) = (Vec::new(), 0);
        for piece in noise(16_000).chunks(64) {
            stream.push(piece, &mut output);
            sent += piece.len();
            assert!(sent - output.len() < (LATENCY_S * 16_000.0) as usize + 64, "{sent} {}", output.len());
        }
    }
}
