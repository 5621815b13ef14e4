//! A stream in windows that overlap, each heard on its own.

use std::iter;
use std::ops::Range;

use serde::Serialize;

use super::hearing::{Hearing, Voice};
use super::segmentation::Segmentation;
use crate::audio::AudioError;
use crate::units::{SampleRate, Seconds};

const RATE: SampleRate = SampleRate::ANALYSIS;
/// From window to window.
pub const STEP: Seconds = Seconds(5.0);
/// The same in recordings that are no longer than [`SHORT`]: the less there is of a voice, the more often it is heard.
pub const FINE_STEP: Seconds = Seconds(2.5);
/// The longest recording that is heard so.
pub const SHORT: Seconds = Seconds(300.0);
/// Windows that are heard at once.
const AT_ONCE: usize = 4;
/// The shortest window; shorter recordings are followed by silence.
const SHORTEST: Seconds = Seconds(1.0);
/// Nobody speaks in a window that is quieter, in dB below a full-scale square wave.
const SILENCE_DB: f64 = -75.0;

/// What is heard in a window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Window {
    /// Its first frame.
    pub start: usize,
    /// Its number of frames.
    pub frames: usize,
    /// Who speaks.
    pub voices: Vec<Voice>,
}

/// A recording, heard.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Heard {
    /// In order.
    pub windows: Vec<Window>,
    /// The recording's length.
    pub duration: Seconds,
}

/// Hears a stream at 16 kHz. Memory grows with what is heard, not with the audio.
///
/// # Errors
/// A stream that can't be decoded.
pub fn hear(
    stream: impl Iterator<Item = Result<Vec<f32>, AudioError>>,
    hearing: &dyn Hearing,
) -> Result<Heard, AudioError> {
    let (hop, window, short) = (Segmentation::HOP as usize, RATE.samples(Segmentation::WINDOW), RATE.samples(SHORT));
    let mut held: Vec<f32> = Vec::new();
    let mut stream = stream.fuse();
    while held.len() <= short
        && let Some(block) = stream.next()
    {
        held.extend(block?);
    }
    let step = RATE.samples(if held.len() > short { STEP } else { FINE_STEP });
    // The first sample that is held, and where the next window begins.
    let (mut first, mut next) = (0, 0);
    let mut batch = Batch { hearing, samples: Vec::new(), waiting: Vec::new(), windows: Vec::new() };
    for block in iter::once(Ok(Vec::new())).chain(stream) {
        held.extend(block?);
        while next + window <= first + held.len() {
            batch.add(next, &held[next - first..next - first + window]);
            next += step;
        }
        // The last window may begin up to a window before the end.
        let needless = next.saturating_sub(window).saturating_sub(first);
        held.drain(..needless);
        first += needless;
    }
    let total = first + held.len();
    // The last window ends with the recording.
    let covered = batch.end();
    if total > covered {
        let start = total.saturating_sub(window).div_ceil(hop) * hop;
        let mut samples = held[(start - first).min(held.len())..].to_vec();
        let length = samples.len().max(RATE.samples(SHORTEST)).next_multiple_of(hop);
        samples.resize(length, 0.0);
        batch.flush();
        batch.add(start, &samples);
    }
    batch.flush();
    Ok(Heard { windows: batch.windows, duration: RATE.duration(total) })
}

/// Windows that wait to be heard together.
struct Batch<'a> {
    hearing: &'a dyn Hearing,
    /// All that the waiting windows are of.
    samples: Vec<f32>,
    /// Of the recording; the first begins with the samples above.
    waiting: Vec<Range<usize>>,
    windows: Vec<Window>,
}

impl Batch<'_> {
    /// Adds the window that begins with sample `start` of the recording, in the last one or where it ends.
    fn add(&mut self, start: usize, samples: &[f32]) {
        let known = self.waiting.last().map_or(0, |last| last.end - start);
        let fresh = samples[known..].iter().map(|&sample| if sample.is_finite() { sample } else { 0.0 });
        self.samples.extend(fresh);
        self.waiting.push(start..start + samples.len());
        if self.waiting.len() == AT_ONCE {
            self.flush();
        }
    }

    /// The sample after the last window.
    fn end(&self) -> usize {
        let heard = self.windows.last().map(|window| (window.start + window.frames) * Segmentation::HOP as usize);
        self.waiting.last().map(|window| window.end).or(heard).unwrap_or(0)
    }

    fn flush(&mut self) {
        let (waiting, samples) = (std::mem::take(&mut self.waiting), std::mem::take(&mut self.samples));
        let first = waiting.first().map_or(0, |window| window.start);
        let within = |window: &Range<usize>| window.start - first..window.end - first;
        let audible: Vec<bool> = waiting.iter().map(|window| is_audible(&samples[within(window)])).collect();
        let chosen: Vec<Range<usize>> =
            waiting.iter().zip(&audible).filter(|(_, on)| **on).map(|(window, _)| within(window)).collect();
        let heard = if chosen.is_empty() { Vec::new() } else { self.hearing.hear(&samples, &chosen) };
        let mut heard = heard.into_iter();
        let hop = Segmentation::HOP as usize;
        for (window, audible) in waiting.into_iter().zip(audible) {
            let voices = if audible { heard.next().unwrap_or_default() } else { Vec::new() };
            self.windows.push(Window { start: window.start / hop, frames: window.len() / hop, voices });
        }
    }
}

pub(super) fn is_audible(samples: &[f32]) -> bool {
    let power = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / samples.len().max(1) as f64;
    10.0 * power.log10() > SILENCE_DB
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Remembers nothing but lengths.
    #[derive(Debug)]
    struct Lengths;

    impl Hearing for Lengths {
        fn hear(&self, samples: &[f32], windows: &[Range<usize>]) -> Vec<Vec<Voice>> {
            let voice = |window: &Range<usize>| Voice {
                local: 0,
                first: 0,
                activity: Vec::new(),
                embedding: vec![samples[window.start]],
                frames: window.len() / Segmentation::HOP as usize,
                level_db: 0.0,
                quiet_db: -90.0,
                voiced: 1.0,
            };
            windows.iter().map(|window| vec![voice(window)]).collect()
        }
    }

    fn heard(samples: &[f32]) -> Heard {
        hear(samples.chunks(7_001).map(|block| Ok(block.to_vec())), &Lengths).expect("windows")
    }

    #[test]
    fn windows_cover_the_recording_whatever_its_length() {
        for samples in [1, 200, 15_999, 16_000, 100_000, 160_000, 160_001, 400_123, 960_000] {
            let signal: Vec<f32> = (0..samples).map(|index| 1.0 + index as f32 / 320.0).collect();
            let heard = heard(&signal);
            assert_eq!(heard.duration, RATE.duration(samples));
            let mut reached = 0;
            for window in &heard.windows {
                assert!(window.start <= reached && window.start + window.frames > reached, "{samples}: {window:?}");
                assert!(window.frames <= 500 && (window.frames == 500 || heard.windows.len() == 1), "{samples}");
                assert_eq!(window.voices[0].embedding, [1.0 + window.start as f32], "the window's own samples");
                reached = window.start + window.frames;
            }
            assert!(reached * 320 >= samples, "{samples}: {reached}");
        }
        assert!(heard(&[]).windows.is_empty());
    }

    #[test]
    fn short_recordings_are_heard_more_often() {
        let starts = |samples: usize| {
            let heard = heard(&vec![1.0; samples]);
            let [first, second, .., last] = &heard.windows[..] else { panic!("windows") };
            (first.start, second.start, last.start + last.frames)
        };
        let short = RATE.samples(SHORT);
        assert_eq!(starts(short), (0, 125, 15_000));
        assert_eq!(starts(short + 1), (0, 250, 15_001));
    }

    #[test]
    fn nobody_speaks_in_silence() {
        let heard = heard(&[0.0; 400_000]);
        assert!(heard.windows.iter().all(|window| window.voices.is_empty()) && !heard.windows.is_empty());
    }
}
