//! Where speech is, in a stream at 16 kHz.
//!
//! A frame every 10 ms counts as loud when it stands out of the noise in the bands of speech, where the noise is
//! the least that each band held from 2.5 s before to 1.5 s after (minimum statistics, Martin 2001). Loud frames
//! are joined over short silences, and what results is speech if enough of it is voiced, which rain, clicks and
//! slamming doors are not. Whispering is not found, and what sounds like a voice (a barking dog, a song) is.

mod features;
mod levels;
mod noise;
mod regions;

use std::collections::VecDeque;

use self::{
    features::{BANDS, Features, Frame},
    levels::Levels,
    noise::NoiseFloor,
    regions::Regions,
};
use super::config::VadConfig;
use crate::units::{SampleRate, Seconds};

pub use self::regions::{Dip, Span};

/// The rate that the detector takes.
pub const RATE: SampleRate = SampleRate::ANALYSIS;
/// Samples between frames.
const HOP: usize = 160;
/// Frames per second.
const FRAME_RATE_HZ: f64 = 100.0;
/// How far the noise is looked for behind and ahead of a frame.
const FRAMES_BEHIND: usize = 250;
const FRAMES_AHEAD: usize = 150;
/// What lies this far below the loudest of its surroundings is an echo or a breath.
const RANGE_DB: f32 = 40.0;
/// Speech goes on until it is this much weaker than where it may begin.
const HYSTERESIS_DB: f32 = 3.0;
/// The loudest of a band's neighbourhood is forgotten at this pace.
const PEAK_DECAY_DB_PER_FRAME: f32 = 0.05;

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Speech {
    /// Stretches of speech, in order, apart by at least the shortest silence.
    pub spans: Vec<Span>,
    /// The length of the stream.
    pub duration: Seconds,
    /// Mean power of speech over median power of the rest, in dB; none without either.
    pub snr_db: Option<f64>,
    /// Median level of what is not speech, in dB below a full-scale square wave; none if all is speech.
    pub noise_dbfs: Option<f64>,
}

impl Speech {
    /// How much of the stream is speech.
    pub fn length(&self) -> Seconds {
        Seconds(self.spans.iter().map(|span| span.end.0 - span.start.0).sum())
    }

    /// The same as a share, from 0 to 1.
    pub fn share(&self) -> f64 {
        if self.duration.0 > 0.0 { (self.length().0 / self.duration.0).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// The detector. Memory grows with the number of spans found and not with the length of the stream.
#[derive(Debug)]
pub struct Vad {
    features: Features,
    noise: NoiseFloor,
    /// Frames that wait for their future.
    waiting: VecDeque<Frame>,
    /// The bands of the frame judged last.
    before: [f32; BANDS],
    recent_peak_db: f32,
    in_speech: bool,
    threshold_db: f32,
    regions: Regions,
    levels: Levels,
    samples: usize,
}

impl Vad {
    /// A detector at the start of a stream.
    pub fn new(config: &VadConfig) -> Self {
        Self {
            features: Features::new(),
            noise: NoiseFloor::new(FRAMES_BEHIND + 1 + FRAMES_AHEAD),
            waiting: VecDeque::with_capacity(FRAMES_AHEAD + 1),
            before: [0.0; BANDS],
            recent_peak_db: f32::NEG_INFINITY,
            in_speech: false,
            threshold_db: config.threshold_db as f32,
            regions: Regions::new(config),
            levels: Levels::default(),
            samples: 0,
        }
    }

    /// Takes the next samples, at [`RATE`].
    pub fn push(&mut self, samples: &[f32]) {
        self.samples += samples.len();
        for frame in self.features.push(samples) {
            self.take(frame);
        }
    }

    /// Ends the stream.
    pub fn finish(mut self) -> Speech {
        for frame in self.features.finish() {
            self.take(frame);
        }
        while let Some(frame) = self.waiting.pop_front() {
            self.judge(frame);
        }
        let duration = RATE.duration(self.samples);
        let mut spans = self.regions.finish(&mut self.levels);
        for span in &mut spans {
            span.end = Seconds(span.end.0.min(duration.0));
        }
        spans.retain(|span| span.end.0 > span.start.0);
        Speech { spans, duration, snr_db: self.levels.snr_db(), noise_dbfs: self.levels.noise_dbfs() }
    }

    fn take(&mut self, frame: Frame) {
        self.noise.push(&frame);
        self.waiting.push_back(frame);
        if self.waiting.len() > FRAMES_AHEAD
            && let Some(frame) = self.waiting.pop_front()
        {
            self.judge(frame);
        }
    }

    /// Decides on `frame`, whose future is in `waiting`.
    fn judge(&mut self, frame: Frame) {
        let level_db = frame.level_db();
        let ahead = self.waiting.iter().map(Frame::level_db).fold(level_db, f32::max);
        self.recent_peak_db = (self.recent_peak_db - PEAK_DECAY_DB_PER_FRAME).max(level_db);
        let audible = level_db > self.recent_peak_db.max(ahead) - RANGE_DB;
        let needed = if self.in_speech { self.threshold_db - HYSTERESIS_DB } else { self.threshold_db };
        self.in_speech = audible && self.prominence_db(&frame) >= needed;
        self.regions.push(&frame, self.in_speech, &mut self.levels);
        self.before = frame.bands;
    }

    /// How far the more prominent half of the bands stands out of the noise, in dB.
    fn prominence_db(&self, frame: &Frame) -> f32 {
        let after = self.waiting.front().map_or([0.0; BANDS], |next| next.bands);
        let mut above: [f32; BANDS] = std::array::from_fn(|band| {
            let mean = (self.before[band] + frame.bands[band] + after[band]) / 3.0;
            to_db(mean) - self.noise.db(band)
        });
        above.sort_unstable_by(|a, b| b.total_cmp(a));
        let half = &above[..BANDS.div_ceil(2)];
        half.iter().sum::<f32>() / half.len() as f32
    }
}

fn to_db(power: f32) -> f32 {
    10.0 * power.max(1e-10).log10()
}

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod tests;
