//! Where something is said in a recording of one speaker, and parts of it to say.

use std::ops::Range;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use super::RATE;
use crate::augment::Speed;
use crate::nn::shared::Shared;

/// An utterance of one speaker, alone.
#[derive(Debug, Clone)]
pub struct Spoken {
    /// (L) at 16 kHz.
    pub samples: Shared,
    /// Where something is said, as samples, in order.
    pub said: Vec<Range<i64>>,
}

/// One of a cast.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// What they say.
    pub utterances: &'a [Spoken],
    /// How fast it is played: at another speed they are somebody else.
    pub speed: Speed,
}

/// A pause within speech that is shorter than this is a part of it, in samples.
pub(super) const JOINED: i64 = (0.25 * RATE) as i64;
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

impl<'a> Member<'a> {
    /// Somebody as recorded.
    pub fn as_recorded(utterances: &'a [Spoken]) -> Self {
        Self { utterances, speed: Speed::NORMAL }
    }

    /// See [`phrase`], of about `longest` samples when it is played.
    pub(super) fn phrase(&self, longest: i64, random: &mut ChaCha8Rng) -> Option<(Tensor, Vec<Range<i64>>)> {
        let (part, spans) = phrase(self.utterances, self.speed.samples_before(longest), random)?;
        let part = self.speed.apply(&part);
        let (ratio, length) = (self.speed.ratio(), part.size()[0]);
        let played = |sample: i64| ((sample as f64 / ratio).round() as i64).min(length);
        Some((part, spans.into_iter().map(|span| played(span.start)..played(span.end)).collect()))
    }
}

/// A part of one of the utterances that begins where something is said, of about `longest` samples at most, and where in
/// it something is said.
fn phrase(utterances: &[Spoken], longest: i64, random: &mut ChaCha8Rng) -> Option<(Tensor, Vec<Range<i64>>)> {
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

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    /// Where a tone is heard at another speed, the labels say so, and it has the other pitch.
    #[test]
    fn labels_and_pitch_follow_the_speed() {
        let time = Tensor::arange(4 * 16_000, (Kind::Float, Device::Cpu)) / RATE;
        let tone = (&time * (500.0 * std::f64::consts::TAU)).sin() * 0.3;
        let bursts = [Spoken::new(tone * time.frac().lt(0.5).to_kind(Kind::Float))];
        for hundredths in [80, 125] {
            let speed = Speed::from(f64::from(hundredths) / 100.0);
            let member = Member { utterances: &bursts, speed };
            let mut random = ChaCha8Rng::seed_from_u64(2);
            let (part, spans) = member.phrase(32_000, &mut random).expect("a phrase");
            assert!(!spans.is_empty() && spans.iter().all(|span| span.end <= part.size()[0]));
            let energy =
                |from: i64, to: i64| part.narrow(0, from, to - from).square().sum(Kind::Float).double_value(&[]);
            let within: f64 = spans.iter().map(|span| energy(span.start, span.end)).sum();
            assert!(within > 0.99 * energy(0, part.size()[0]), "{hundredths}");
            // All but the last burst are whole.
            let length = (spans[0].end - spans[0].start) as f64 / RATE;
            assert!((length - 0.5 / speed.ratio()).abs() < 0.03, "{length} s at {}", speed.ratio());
            let inside = part.narrow(0, spans[0].start + 800, 4_000);
            let peak = inside.fft_rfft(None::<i64>, -1, "backward").abs().argmax(0, false).int64_value(&[]);
            assert!((peak as f64 * RATE / 4_000.0 - 500.0 * speed.ratio()).abs() < 5.0, "{peak}");
        }
    }
}
