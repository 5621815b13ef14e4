//! Change of the sample rate by block convolution in the frequency domain.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler as _};

use super::error::{AudioError, check_rate};
use crate::units::SampleRate;

/// The length of the anti-aliasing filter. It leaves a transition band of about 250 Hz below the lower
/// Nyquist frequency, whatever the rates.
const FILTER_S: f64 = 0.04;

/// Resamples one channel, in a stream.
///
/// The delay of the filter is removed, so that a sample at time t of the input is at time t of the output, and the
/// output of `n` samples has `round(n * to / from)` of them.
///
/// Rubato's synchronous resampler: its filter is a sinc under a squared Blackman-Harris window, with more than
/// 100 dB of attenuation in the stop band.
pub struct Resampler {
    from: SampleRate,
    to: SampleRate,
    /// `None` when the rates are equal.
    engine: Option<Engine>,
    samples_in: u64,
    samples_out: u64,
}

struct Engine {
    fft: Fft<f32>,
    /// Input that does not fill a block yet.
    pending: Vec<f32>,
    block_out: Vec<f32>,
    /// How many samples of output are still to be dropped to undo the filter's delay.
    delay_left: usize,
}

impl Resampler {
    /// A resampler of one channel.
    ///
    /// # Errors
    /// [`AudioError::RateOutOfRange`] unless both rates are 8 to 192 kHz.
    pub fn new(from: SampleRate, to: SampleRate) -> Result<Self, AudioError> {
        check_rate(from)?;
        check_rate(to)?;
        let engine = if from == to { None } else { Some(Engine::new(from, to)?) };
        Ok(Self { from, to, engine, samples_in: 0, samples_out: 0 })
    }

    /// The rate of the output.
    pub fn rate(&self) -> SampleRate {
        self.to
    }

    /// Takes `input` and returns what can be computed so far: possibly nothing.
    pub fn process(&mut self, input: &[f32]) -> Vec<f32> {
        self.samples_in += input.len() as u64;
        let output = match &mut self.engine {
            None => input.to_vec(),
            Some(engine) => engine.process(input),
        };
        self.samples_out += output.len() as u64;
        output
    }

    /// Ends the stream: the rest of the output.
    pub fn finish(mut self) -> Vec<f32> {
        let Some(engine) = &mut self.engine else { return Vec::new() };
        let total = output_len(self.samples_in, self.from, self.to);
        let missing = total.saturating_sub(self.samples_out) as usize;
        let silence = vec![0.0; engine.block_in()];
        let mut rest = Vec::with_capacity(missing);
        while rest.len() < missing {
            rest.extend(engine.process(&silence));
        }
        rest.truncate(missing);
        rest
    }
}

/// `round(samples * to / from)`.
fn output_len(samples: u64, from: SampleRate, to: SampleRate) -> u64 {
    let (from, to) = (u128::from(from.0), u128::from(to.0));
    ((u128::from(samples) * to * 2 + from) / (2 * from)) as u64
}

impl Engine {
    fn new(from: SampleRate, to: SampleRate) -> Result<Self, AudioError> {
        let block = block_len(from, to);
        let fft = Fft::new(from.0 as usize, to.0 as usize, block, 1, 1, FixedSync::Both)
            .map_err(|error| AudioError::Internal { library: "rubato", reason: error.to_string() })?;
        let block_out = vec![0.0; fft.output_frames_max()];
        let delay_left = fft.output_delay();
        Ok(Self { fft, pending: Vec::new(), block_out, delay_left })
    }

    fn block_in(&self) -> usize {
        self.fft.input_frames_next()
    }

    fn process(&mut self, input: &[f32]) -> Vec<f32> {
        let block_in = self.block_in();
        let joined;
        let input = if self.pending.is_empty() {
            input
        } else {
            let mut all = std::mem::take(&mut self.pending);
            all.extend_from_slice(input);
            joined = all;
            &joined
        };
        let mut output = Vec::with_capacity((input.len() / block_in) * self.block_out.len());
        let mut blocks = input.chunks_exact(block_in);
        for block in &mut blocks {
            let produced = self.block(block);
            let dropped = self.delay_left.min(produced);
            self.delay_left -= dropped;
            output.extend_from_slice(&self.block_out[dropped..produced]);
        }
        self.pending.extend_from_slice(blocks.remainder());
        output
    }

    /// Resamples one block into `block_out` and returns the number of samples there.
    fn block(&mut self, input: &[f32]) -> usize {
        let frames_out = self.block_out.len();
        let result = InterleavedSlice::new(input, 1, input.len()).and_then(|input| {
            InterleavedSlice::new_mut(&mut self.block_out, 1, frames_out)
                .map(|mut output| self.fft.process_into_buffer(&input, &mut output, None))
        });
        match result {
            Ok(Ok((_, produced))) => produced,
            // Both sizes are the resampler's own, so this can't be reached; silence keeps the time line if it is.
            _ => {
                self.block_out.fill(0.0);
                frames_out
            }
        }
    }
}

/// The input block: an even multiple of the smallest that rubato can take, so that the filter's delay, half a block,
/// is a whole number of samples on both sides.
fn block_len(from: SampleRate, to: SampleRate) -> usize {
    let smallest = (from.0 / gcd(from.0, to.0)) as usize * 2;
    from.samples(crate::units::Seconds(FILTER_S)).div_ceil(smallest).max(1) * smallest
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests;
