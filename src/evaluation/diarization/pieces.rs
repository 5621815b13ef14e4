//! Time cut into pieces in which nobody begins or ends.

use std::collections::BTreeMap;

use super::ScoringRules;
use crate::diarization::Turn;
use crate::units::Seconds;

/// Times are counted in microseconds, so that boundaries which are equal in the files are equal here.
pub(super) const PER_SECOND: f64 = 1e6;

/// A piece that is scored, and who speaks in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// In microseconds.
    pub(super) duration: u64,
    /// Speakers of the reference, by number in the order of their names.
    pub(super) reference: Vec<usize>,
    /// Speakers of the hypothesis, likewise.
    pub(super) hypothesis: Vec<usize>,
}

/// Something that begins or ends.
#[derive(Debug, Clone, Copy)]
enum What {
    Reference(usize),
    Hypothesis(usize),
    /// Time that is scored.
    Scored,
    /// Time around a boundary that is not.
    Collar,
}

/// The pieces of a recording that are scored and in which someone speaks.
pub(super) fn pieces(
    reference: &[Turn],
    hypothesis: &[Turn],
    scored: Option<&[(Seconds, Seconds)]>,
    rules: &ScoringRules,
) -> Vec<Piece> {
    let [reference_names, hypothesis_names] = [reference, hypothesis].map(numbered);
    let mut events: Vec<(i64, i32, What)> = Vec::new();
    let mut span = |start: f64, end: f64, what: What| {
        let [start, end] = [start, end].map(|time| (time * PER_SECOND).round() as i64);
        if start < end {
            events.extend([(start, 1, what), (end, -1, what)]);
        }
    };
    for turn in reference {
        span(turn.start.0, turn.end().0, What::Reference(reference_names[turn.speaker.as_str()]));
        for boundary in [turn.start.0, turn.end().0] {
            span(boundary - rules.collar.0, boundary + rules.collar.0, What::Collar);
        }
    }
    for turn in hypothesis {
        span(turn.start.0, turn.end().0, What::Hypothesis(hypothesis_names[turn.speaker.as_str()]));
    }
    match scored {
        Some(stretches) => stretches.iter().for_each(|&(start, end)| span(start.0, end.0, What::Scored)),
        None => span(-1.0, 1e9, What::Scored),
    }
    events.sort_by_key(|&(time, ..)| time);
    let mut now = Now {
        reference: vec![0; reference_names.len()],
        hypothesis: vec![0; hypothesis_names.len()],
        scored: 0,
        collars: 0,
    };
    let mut pieces = Vec::new();
    for (index, &(time, change, what)) in events.iter().enumerate() {
        now.change(what, change);
        let until = events.get(index + 1).map_or(time, |next| next.0);
        if until > time && now.is_scored() {
            let [reference, hypothesis] = [&now.reference, &now.hypothesis].map(|counts| speaking(counts));
            let skipped = rules.skip_overlap && reference.len() > 1;
            let silent = reference.is_empty() && hypothesis.is_empty();
            if !skipped && !silent {
                pieces.push(Piece { duration: (until - time) as u64, reference, hypothesis });
            }
        }
    }
    pieces
}

/// What is going on at a moment: how many turns of each speaker, and of the rest.
struct Now {
    reference: Vec<i32>,
    hypothesis: Vec<i32>,
    scored: i32,
    collars: i32,
}

impl Now {
    fn change(&mut self, what: What, change: i32) {
        match what {
            What::Reference(speaker) => self.reference[speaker] += change,
            What::Hypothesis(speaker) => self.hypothesis[speaker] += change,
            What::Scored => self.scored += change,
            What::Collar => self.collars += change,
        }
    }

    fn is_scored(&self) -> bool {
        self.scored > 0 && self.collars == 0
    }
}

fn speaking(counts: &[i32]) -> Vec<usize> {
    (0..counts.len()).filter(|&speaker| counts[speaker] > 0).collect()
}

fn numbered(turns: &[Turn]) -> BTreeMap<&str, usize> {
    let mut names: BTreeMap<&str, usize> = turns.iter().map(|turn| (turn.speaker.as_str(), 0)).collect();
    names.values_mut().enumerate().for_each(|(number, value)| *value = number);
    names
}
