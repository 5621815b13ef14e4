//! Where something is said in a recording of one speaker, and parts of it to say.

use std::ops::Range;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use super::RATE;
use crate::nn::shared::Shared;

/// An utterance of one speaker, alone.
#[derive(Debug, Clone)]
pub struct Spoken {
    /// (L) at 16 kHz.
    pub samples: Shared,
    /// Where something is said, as samples, in order.
    pub said: Vec<Range<i64>>,
}

/// A pause within speech that is shorter than this is a part of it, in seconds and samples.
pub(super) const JOINED_S: f64 = 0.25;
const JOINED: i64 = (JOINED_S * RATE) as i64;
/// Cuts fade over so many samples.
pub(super) const FADE: i64 = 160;

impl Spoken {
    /// Speech is where the level of 10 ms rises out of the recording's own noise and is not far below its loudest.
    pub fn new(samples: Tensor) -> Self {
        const FRAME: i64 = 160;
        /// Below the loudest, and above the quietest tenth, in dB.
        const RANGE_DB: f64 = 38.0;
        const ABOVE_NOISE_DB: f64 = 8.0;
        const SHORTEST: i64 = (0.06 * RATE) as i64;
        let frames = samples.size()[0] / FRAME;
        let power = samples.narrow(0, 0, frames * FRAME).view([frames, FRAME]).to_kind(Kind::Float).square();
        let levels = crate::nn::host::floats(&((power.mean_dim(1, false, Kind::Float) + 1e-10).log10() * 10.0));
        let mut sorted = levels.clone();
        sorted.sort_by(f32::total_cmp);
        let at = |share: f64| sorted.get((sorted.len() as f64 * share) as usize).copied().map_or(-100.0, f64::from);
        let threshold = (at(0.98) - RANGE_DB).max((at(0.1) + ABOVE_NOISE_DB).min(at(0.98) - 20.0));
        let loud = levels.iter().enumerate().filter(|(_, level)| f64::from(**level) > threshold);
        let mut said: Vec<Range<i64>> = Vec::new();
        for (index, _) in loud {
            let (start, end) = (index as i64 * FRAME, (index as i64 + 1) * FRAME);
            match said.last_mut() {
                Some(last) if start - last.end < JOINED => last.end = end,
                _ => said.push(start..end),
            }
        }
        said.retain(|span| span.end - span.start >= SHORTEST);
        Self { samples: samples.into(), said }
    }
}

/// A part of one of the utterances that begins where something is said, of about `longest` samples at most, and where in
/// it something is said.
pub(super) fn phrase(
    utterances: &[Spoken],
    longest: i64,
    random: &mut ChaCha8Rng,
) -> Option<(Tensor, Vec<Range<i64>>)> {
    /// A little before a word and after it.
    const AROUND: i64 = 800;
    let able: Vec<&Spoken> = utterances.iter().filter(|one| !one.said.is_empty()).collect();
    let utterance = able.get(random.random_range(0..able.len().max(1)))?;
    let first = random.random_range(0..utterance.said.len());
    let begin = utterance.said[first].start;
    let spans: Vec<Range<i64>> = utterance.said[first..]
        .iter()
        .take_while(|span| span.start - begin < longest)
        .map(|span| span.start..span.end.min(begin + longest))
        .collect();
    let total = utterance.samples.size()[0];
    let before = if first == 0 { begin } else { begin - utterance.said[first - 1].end };
    let start = begin - before.min(AROUND);
    let last = spans.last()?.end;
    // What is cut off in the middle of a word ends at once.
    let whole = utterance.said.iter().any(|span| span.end == last);
    let next = utterance.said.iter().map(|span| span.start).find(|&at| at >= last).unwrap_or(total);
    let end = if whole { next.min(last + AROUND).min(total) } else { last };
    let mut part = utterance.samples.narrow(0, start, end - start).to_kind(Kind::Float);
    let place = Tensor::arange(end - start, (Kind::Float, Device::Cpu));
    part *= ((&place + 1.0) / FADE as f64).clamp(0.0, 1.0) * ((end - start - place) / FADE as f64).clamp(0.0, 1.0);
    Some((part, spans.into_iter().map(|span| span.start - start..span.end - start).collect()))
}
