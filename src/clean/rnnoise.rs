//! RNNoise (Valin 2018), by the crate `nnnoiseless`, as another denoiser.

use nnnoiseless::DenoiseState;

use crate::audio::{AudioError, Resampler, filter::Filter};
use crate::units::SampleRate;

/// The rate that it works at.
const RATE: SampleRate = SampleRate(48_000);
/// Its samples are as large as 16-bit ones.
const FULL_SCALE: f32 = 32_768.0;

/// A stream through RNNoise.
pub struct Rnnoise {
    state: Box<DenoiseState<'static>>,
    strength: f32,
    /// None once the stream has ended.
    up: Option<Resampler>,
    down: Option<Resampler>,
    pending: Vec<f32>,
    /// The frame before, which is what comes out together with this one.
    before: Vec<f32>,
    begun: bool,
    /// Samples at [`RATE`] that came in, and that went out.
    received: usize,
    emitted: usize,
}

impl Rnnoise {
    /// A stream at `rate`, of which the share `strength` of the noise is taken away.
    ///
    /// # Errors
    /// A rate out of range.
    pub fn new(rate: SampleRate, strength: f64) -> Result<Self, AudioError> {
        Ok(Self {
            state: DenoiseState::new(),
            strength: strength as f32,
            up: Some(Resampler::new(rate, RATE)?),
            down: Some(Resampler::new(RATE, rate)?),
            pending: Vec::new(),
            before: vec![0.0; DenoiseState::FRAME_SIZE],
            begun: false,
            received: 0,
            emitted: 0,
        })
    }

    /// Takes samples at [`RATE`], and gives those that are done.
    fn take(&mut self, samples: &[f32]) -> Vec<f32> {
        self.pending.extend_from_slice(samples);
        let mut done = Vec::new();
        let whole = self.pending.len() / DenoiseState::FRAME_SIZE * DenoiseState::FRAME_SIZE;
        let mut cleaned = [0f32; DenoiseState::FRAME_SIZE];
        for frame in self.pending[..whole].chunks_exact(DenoiseState::FRAME_SIZE) {
            let loud: Vec<f32> = frame.iter().map(|sample| sample * FULL_SCALE).collect();
            self.state.process_frame(&mut cleaned, &loud);
            // What comes out is the frame before; the first is nothing.
            if self.begun {
                let mixed = cleaned
                    .iter()
                    .zip(&self.before)
                    .map(|(cleaned, before)| self.strength * cleaned / FULL_SCALE + (1.0 - self.strength) * before);
                done.extend(mixed);
            }
            self.begun = true;
            self.before.copy_from_slice(frame);
        }
        self.pending.drain(..whole);
        done.truncate(self.received - self.emitted);
        self.emitted += done.len();
        done
    }
}

impl Filter for Rnnoise {
    fn name(&self) -> &'static str {
        "rnnoise"
    }

    fn push(&mut self, input: &[f32], output: &mut Vec<f32>) {
        let raised = self.up.as_mut().map_or_else(Vec::new, |up| up.process(input));
        self.received += raised.len();
        let done = self.take(&raised);
        output.extend(self.down.as_mut().map_or_else(Vec::new, |down| down.process(&done)));
    }

    fn finish(&mut self, output: &mut Vec<f32>) {
        let (Some(up), Some(mut down)) = (self.up.take(), self.down.take()) else { return };
        let raised = up.finish();
        self.received += raised.len();
        let mut done = self.take(&raised);
        done.extend(self.take(&[0.0; 2 * DenoiseState::FRAME_SIZE]));
        output.extend(down.process(&done));
        output.extend(down.finish());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_strength_speech_passes_in_time() {
        let samples: Vec<f32> = (0..22_050).map(|i| 0.2 * (0.05 * i as f32).sin()).collect();
        let mut stream = Rnnoise::new(SampleRate(22_050), 0.0).expect("a rate");
        let mut output = Vec::new();
        samples.chunks(777).for_each(|block| stream.push(block, &mut output));
        stream.finish(&mut output);
        assert_eq!(output.len(), samples.len());
        let gap = output[1_000..21_000].iter().zip(&samples[1_000..]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(gap < 1e-3, "{gap}");
    }

    #[test]
    fn what_it_makes_is_in_time_too() {
        // A voice-like buzz, which it leaves alone.
        let buzz = |i: usize| (1..20).map(|k| (i as f32 * 0.0157 * k as f32).sin() / k as f32).sum::<f32>();
        let samples: Vec<f32> = (0..96_000).map(|i| 0.05 * buzz(i) * (1.0 + (i as f32 * 0.0004).sin())).collect();
        let mut stream = Rnnoise::new(SampleRate(48_000), 1.0).expect("a rate");
        let mut output = Vec::new();
        stream.push(&samples, &mut output);
        stream.finish(&mut output);
        assert_eq!(output.len(), samples.len());
        let correlation =
            |lag: i64| -> f32 { (40_000..60_000i64).map(|i| output[(i + lag) as usize] * samples[i as usize]).sum() };
        let best = (-600..600).step_by(4).max_by(|&a, &b| correlation(a).total_cmp(&correlation(b))).expect("lags");
        assert!(best.abs() <= 8, "{best}");
    }
}
