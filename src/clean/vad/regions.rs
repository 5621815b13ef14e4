//! From judged frames to stretches of speech.

use super::{
    FRAME_RATE_HZ, HOP, RATE,
    features::Frame,
    levels::{Histogram, Levels},
};
use crate::{clean::config::VadConfig, units::Seconds};

/// Voiced frames (10 ms each) that make a stretch speech.
const VOICED_NEEDED: usize = 4;
/// One in so many frames must be voiced in a longer stretch.
const VOICED_ONE_IN: usize = 12;
/// One dip is kept for so many frames of speech.
const DIP_EVERY: usize = 100;
/// Where the first frame's hop begins: frames are centred on their window of 400 samples.
const FIRST_HOP: usize = 120;

/// A stretch of speech.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Span {
    /// Where it begins.
    pub start: Seconds,
    /// Where it ends.
    pub end: Seconds,
    /// The weakest moment of every second of it: where to cut if one must.
    pub dips: Vec<Dip>,
}

/// A weak moment in speech.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dip {
    /// When.
    pub time: Seconds,
    /// How weak, in dB on a scale of its own.
    pub level_db: f32,
}

/// Joins loud frames over short silences and keeps what is voiced.
#[derive(Debug)]
pub(super) struct Regions {
    spans: Vec<Span>,
    open: Option<Open>,
    frame: usize,
    /// In frames.
    min_speech: usize,
    min_silence: usize,
}

/// A stretch that may become speech.
#[derive(Debug, Default)]
struct Open {
    first: usize,
    /// The last loud frame so far.
    last: usize,
    voiced: usize,
    inside: Histogram,
    /// What came after the last loud frame.
    after: Histogram,
    dips: Vec<Dip>,
}

impl Regions {
    pub(super) fn new(config: &VadConfig) -> Self {
        let frames = |seconds: f64| (seconds * FRAME_RATE_HZ).round().max(0.0) as usize;
        let (min_speech, min_silence) = (frames(config.min_speech_s), frames(config.min_silence_s).max(1));
        Self { spans: Vec::new(), open: None, frame: 0, min_speech, min_silence }
    }

    /// Takes the next frame, and whether it is loud.
    pub(super) fn push(&mut self, frame: &Frame, loud: bool, levels: &mut Levels) {
        let position = self.frame;
        self.frame += 1;
        if self.open.as_ref().is_some_and(|open| !loud && position - open.last >= self.min_silence) {
            self.close(levels);
        }
        match (&mut self.open, loud) {
            (None, false) => levels.rest.add(frame.power),
            (Some(open), false) => {
                open.after.add(frame.power);
                open.dip(position, frame);
            }
            (None, true) => {
                let mut open = Open { first: position, ..Open::default() };
                open.extend(position, frame);
                self.open = Some(open);
            }
            (Some(open), true) => open.extend(position, frame),
        }
    }

    /// The spans, when no more frames come.
    pub(super) fn finish(mut self, levels: &mut Levels) -> Vec<Span> {
        self.close(levels);
        self.spans
    }

    fn close(&mut self, levels: &mut Levels) {
        let Some(mut open) = self.open.take() else { return };
        levels.rest.absorb(&mut open.after);
        let length = open.last + 1 - open.first;
        let voiced_needed = VOICED_NEEDED.max(length / VOICED_ONE_IN);
        if length < self.min_speech || open.voiced < voiced_needed {
            levels.rest.absorb(&mut open.inside);
            return;
        }
        levels.speech.absorb(&mut open.inside);
        let end = time_of(open.last + 1);
        open.dips.retain(|dip| dip.time.0 < end.0);
        // The first frame's window begins with the stream.
        let start = if open.first == 0 { Seconds(0.0) } else { time_of(open.first) };
        self.spans.push(Span { start, end, dips: open.dips });
    }
}

impl Open {
    fn extend(&mut self, position: usize, frame: &Frame) {
        self.last = position;
        self.voiced += usize::from(frame.voiced);
        self.inside.absorb(&mut self.after);
        self.inside.add(frame.power);
        self.dip(position, frame);
    }

    fn dip(&mut self, position: usize, frame: &Frame) {
        let dip = Dip { time: time_of(position), level_db: frame.level_db };
        let second = (position - self.first) / DIP_EVERY;
        match self.dips.get_mut(second) {
            Some(weakest) if weakest.level_db <= dip.level_db => {}
            Some(weakest) => *weakest = dip,
            None => self.dips.push(dip),
        }
    }
}

fn time_of(frame: usize) -> Seconds {
    RATE.duration(frame * HOP + FIRST_HOP)
}
