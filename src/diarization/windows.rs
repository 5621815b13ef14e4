//! A stream in windows that overlap; those of a long one are heard in blocks.

use std::iter;

use serde::Serialize;

use super::hearing::{Block, Hearing, Voice};
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
/// Windows of a block in longer ones, at most: 25 s. In short ones each is heard on its own, which takes longer.
const BLOCK: usize = 4;
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
    let (step, most) = if held.len() > short { (STEP, BLOCK) } else { (FINE_STEP, 1) };
    let step = RATE.samples(step);
    // The first sample that is held, and where the next window begins.
    let (mut first, mut next) = (0, 0);
    let mut batch = Batch::new(hearing, most);
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
        batch.open = false;
        batch.add(start, &samples);
    }
    batch.flush();
    Ok(Heard { windows: batch.windows, duration: RATE.duration(total) })
}

/// Windows that wait to be heard together.
struct Batch<'a> {
    hearing: &'a dyn Hearing,
    /// Windows of a block.
    most: usize,
    blocks: Vec<Block>,
    /// Those that are heard, and those that wait or are silent, without voices yet.
    windows: Vec<Window>,
    /// Which windows the blocks are of.
    waiting: Vec<usize>,
    /// Whether the next window may belong to the last block.
    open: bool,
}

impl<'a> Batch<'a> {
    fn new(hearing: &'a dyn Hearing, most: usize) -> Self {
        Self { hearing, most, blocks: Vec::new(), windows: Vec::new(), waiting: Vec::new(), open: false }
    }

    /// Adds the window that begins with sample `start` of the recording, as long as those before or the last.
    fn add(&mut self, start: usize, samples: &[f32]) {
        let hop = Segmentation::HOP as usize;
        let known = self.end().saturating_sub(start);
        let finite = |&sample: &f32| if sample.is_finite() { sample } else { 0.0 };
        let samples: Vec<f32> = samples.iter().map(finite).collect();
        self.windows.push(Window { start: start / hop, frames: samples.len() / hop, voices: Vec::new() });
        if !is_audible(&samples) {
            // What comes after silence stands on its own: silence would be a large part of the block.
            self.open = false;
            return;
        }
        match self.blocks.last_mut().filter(|block| self.open && block.windows.len() < self.most) {
            Some(block) => {
                let from = block.samples.len() - known;
                block.samples.extend(&samples[known..]);
                block.windows.push(from..from + samples.len());
            }
            None => {
                if self.blocks.len() == self.hearing.at_once() {
                    self.flush();
                }
                self.blocks.push(Block::of_one_window(samples));
            }
        }
        self.open = true;
        self.waiting.push(self.windows.len() - 1);
    }

    /// The sample after the last window.
    fn end(&self) -> usize {
        self.windows.last().map_or(0, |last| (last.start + last.frames) * Segmentation::HOP as usize)
    }

    fn flush(&mut self) {
        self.open = false;
        let heard = self.hearing.hear_all(&std::mem::take(&mut self.blocks));
        for (window, voices) in std::mem::take(&mut self.waiting).into_iter().zip(heard.into_iter().flatten()) {
            self.windows[window].voices = voices;
        }
    }
}

pub(super) fn is_audible(samples: &[f32]) -> bool {
    let power = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / samples.len().max(1) as f64;
    10.0 * power.log10() > SILENCE_DB
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::diarization::hearing::tests::one_voice;

    /// Remembers nothing but lengths and the first sample.
    #[derive(Debug)]
    struct Lengths;

    impl Hearing for Lengths {
        fn hear(&self, block: &Block) -> Vec<Vec<Voice>> {
            let voice = |window: &Range<usize>| Voice {
                embedding: vec![block.samples[window.start]],
                ..one_voice(block.windows.len(), window.len() / Segmentation::HOP as usize)
            };
            assert_eq!(block.windows.last().map(|window| window.end), Some(block.samples.len()));
            block.windows.iter().map(|window| vec![voice(window)]).collect()
        }

        fn at_once(&self) -> usize {
            3
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
    fn neighbours_are_heard_together_in_long_recordings_but_for_silence_between_them() {
        let second = RATE.samples(Seconds(1.0));
        // So many windows are in each one's block; there is silence from 29 to 42 s.
        let blocks = |seconds: usize| -> Vec<usize> {
            let sample = |at: usize| if (29..42).contains(&(at / second)) { 0.0 } else { 1.0 };
            let signal: Vec<f32> = (0..seconds * second + 7).map(sample).collect();
            heard(&signal).windows.iter().map(|one| one.voices.first().map_or(0, |voice| voice.local)).collect()
        };
        // Windows begin with 0 to 25 s, then the silent one with 30, and the last with 350.
        assert_eq!(blocks(361), [vec![4; 4], vec![2; 2], vec![0], vec![4; 64], vec![1]].concat());
        // Those of a short recording are 2.5 s apart; the one with 30 is silent again.
        assert_eq!(blocks(72), [vec![1; 12], vec![0], vec![1; 13]].concat());
    }

    #[test]
    fn what_is_no_number_is_silence_and_hides_nothing() {
        let mut signal = vec![1.0; 400_000];
        signal[200_000] = f32::NAN;
        assert!(heard(&signal).windows.iter().all(|window| !window.voices.is_empty()));
    }

    #[test]
    fn nobody_speaks_in_silence() {
        let heard = heard(&[0.0; 400_000]);
        assert!(heard.windows.iter().all(|window| window.voices.is_empty()) && !heard.windows.is_empty());
    }
}
