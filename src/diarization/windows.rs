//! Windows of speech, and their embeddings.

use std::collections::BTreeMap;

use super::DiarizationError;
use crate::audio::MonoStream;
use crate::clean::vad::{self, Span};
use crate::speaker::{SpeakerEncoder, SpeakerError};
use crate::units::{SampleRate, Seconds};

const RATE: SampleRate = vad::RATE;
/// The length of a window, unless the speech is shorter: longer ones tell speakers better, shorter ones turns.
pub const WINDOW: Seconds = Seconds(1.5);
/// From window to window.
const HOP: Seconds = Seconds(0.75);
/// Windows of short stretches of speech are a multiple of this, and at least [`SHORTEST`].
const STEP: Seconds = Seconds(0.25);
const SHORTEST: Seconds = Seconds(0.5);
/// Windows that wait to be embedded at once.
const AT_ONCE: usize = 64;

/// A stretch of speech that was embedded.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// When it begins.
    pub start: Seconds,
    /// When it ends.
    pub end: Seconds,
    /// Of unit length.
    pub embedding: Vec<f32>,
}

/// Where windows lie in spans of speech, as samples: (start, length), in order. A span that is shorter than a window has
/// one around it, which may reach into the silence beside it.
fn places(spans: &[Span]) -> Vec<(usize, usize)> {
    let (window, hop) = (RATE.samples(WINDOW), RATE.samples(HOP));
    let mut places = Vec::new();
    for span in spans {
        let [start, end] = [span.start, span.end].map(|time| RATE.samples(time));
        let length = end - start;
        if length <= window {
            let step = RATE.samples(STEP);
            let wanted = length.next_multiple_of(step).clamp(RATE.samples(SHORTEST), window);
            places.push((start.saturating_sub((wanted - length.min(wanted)) / 2), wanted));
            continue;
        }
        let count = (length - window).div_ceil(hop);
        // The last window ends with the span.
        places.extend((0..=count).map(|index| (start + (index * hop).min(length - window), window)));
    }
    places
}

/// Embeds the speech in `spans` of a stream at 16 kHz. Memory grows with the number of windows and not with the audio;
/// windows in which nothing can be heard have no embedding and are left out.
///
/// # Errors
/// A stream that can't be decoded.
pub fn embed(stream: MonoStream, spans: &[Span], encoder: &SpeakerEncoder) -> Result<Vec<Window>, DiarizationError> {
    let mut places = places(spans).into_iter().peekable();
    let (mut held, mut first) = (Vec::<f32>::new(), 0);
    let mut batches = Batches { encoder, waiting: BTreeMap::new(), done: Vec::new() };
    for block in stream {
        held.extend(block?);
        while let Some((start, length)) = places.next_if(|&(start, length)| start + length <= first + held.len()) {
            batches.add(start, &held[start - first..start - first + length])?;
        }
        let needed = places.peek().map_or(first + held.len(), |&(start, _)| start.min(first + held.len()));
        held.drain(..needed - first);
        first = needed;
    }
    // The audio may end before the window around its last words.
    for (start, length) in places {
        let from = start.saturating_sub(first).min(held.len());
        let to = (from + length).min(held.len());
        batches.add(start, &held[from..to])?;
    }
    Ok(batches.finish()?)
}

/// Windows that wait for others of their length.
struct Batches<'a> {
    encoder: &'a SpeakerEncoder,
    waiting: BTreeMap<usize, Vec<(usize, Vec<f32>)>>,
    done: Vec<Window>,
}

impl Batches<'_> {
    fn add(&mut self, start: usize, samples: &[f32]) -> Result<(), SpeakerError> {
        if SpeakerEncoder::check(samples).is_err() {
            return Ok(());
        }
        let batch = self.waiting.entry(samples.len()).or_default();
        batch.push((start, samples.to_vec()));
        if batch.len() == AT_ONCE {
            let batch = std::mem::take(batch);
            self.embed(&batch)?;
        }
        Ok(())
    }

    fn embed(&mut self, batch: &[(usize, Vec<f32>)]) -> Result<(), SpeakerError> {
        let samples: Vec<&[f32]> = batch.iter().map(|(_, samples)| samples.as_slice()).collect();
        for ((start, samples), embedding) in batch.iter().zip(self.encoder.embed_windows(&samples)?) {
            let [start, end] = [*start, start + samples.len()].map(|sample| RATE.duration(sample));
            self.done.push(Window { start, end, embedding });
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Window>, SpeakerError> {
        for batch in std::mem::take(&mut self.waiting).into_values() {
            self.embed(&batch)?;
        }
        self.done.sort_by(|a, b| a.start.0.total_cmp(&b.start.0));
        Ok(self.done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: f64, end: f64) -> Span {
        Span { start: Seconds(start), end: Seconds(end), dips: Vec::new() }
    }

    #[test]
    fn windows_cover_all_speech() {
        let seconds = |spans: &[Span]| -> Vec<(f64, f64)> {
            places(spans).into_iter().map(|(at, n)| (RATE.duration(at).0, RATE.duration(n).0)).collect()
        };
        assert_eq!(seconds(&[span(1.0, 4.0)]), [(1.0, 1.5), (1.75, 1.5), (2.5, 1.5)]);
        assert_eq!(seconds(&[span(1.0, 2.6)]), [(1.0, 1.5), (1.1, 1.5)]);
        assert_eq!(seconds(&[span(2.0, 3.0), span(5.0, 5.2)]), [(2.0, 1.0), (4.85, 0.5)]);
        assert_eq!(seconds(&[span(0.0, 0.1)]), [(0.0, 0.5)]);
        assert!(seconds(&[]).is_empty());
    }
}
