//! Measures of diarization, as `pyannote.metrics` (Bredin 2017) defines them.
//!
//! Time is cut into pieces in which nobody begins or ends. In each piece, speakers of the reference that the hypothesis
//! lacks are missed, speakers that it has too many are false alarms, and those who are there in number but not in person
//! are confused; who is who is decided for each recording by the assignment that has most time in common.

mod assignment;
mod pieces;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use self::{assignment::most_in_common, pieces::pieces};
use crate::diarization::Turn;
use crate::units::Seconds;

/// What is scored.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScoringRules {
    /// Around every boundary of the reference, so much time on either side is not scored (as in NIST's `md-eval`).
    pub collar: Seconds,
    /// Time in which several people speak is not scored.
    pub skip_overlap: bool,
    /// By recording, the stretches that are scored; all of a recording that is not named here.
    pub scored: BTreeMap<String, Vec<(Seconds, Seconds)>>,
}

/// Errors in seconds of speech.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Errors {
    /// Speech of the reference, of each speaker by itself.
    pub speech_s: f64,
    /// Speech that the hypothesis lacks.
    pub missed_s: f64,
    /// Speech that only the hypothesis has.
    pub false_alarm_s: f64,
    /// Speech that it gives to someone else.
    pub confusion_s: f64,
}

impl Errors {
    /// The diarization error rate (DER): all errors against all speech, 1 is 100 %. None without speech.
    pub fn rate(&self) -> Option<f64> {
        let errors = self.missed_s + self.false_alarm_s + self.confusion_s;
        (self.speech_s > 0.0).then(|| errors / self.speech_s)
    }

    fn add(&mut self, other: &Self) {
        self.speech_s += other.speech_s;
        self.missed_s += other.missed_s;
        self.false_alarm_s += other.false_alarm_s;
        self.confusion_s += other.confusion_s;
    }
}

/// The score of a recording, or of several together.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Score {
    /// By time.
    pub errors: Errors,
    /// Sum of the Jaccard error rates of the reference's speakers.
    jaccard_sum: f64,
    /// Speakers of the reference with speech that is scored.
    pub reference_speakers: usize,
    /// Speakers of the hypothesis, likewise.
    pub hypothesis_speakers: usize,
}

impl Score {
    /// The Jaccard error rate (JER): the mean over the reference's speakers of the share of the time in which either the
    /// speaker or the counterpart speaks that only one of them does. None without speakers.
    pub fn jaccard_error_rate(&self) -> Option<f64> {
        (self.reference_speakers > 0).then(|| self.jaccard_sum / self.reference_speakers as f64)
    }

    /// How many speakers too many (above zero) or too few were found.
    pub fn speaker_count_error(&self) -> i64 {
        self.hypothesis_speakers as i64 - self.reference_speakers as i64
    }

    /// This and another recording's together.
    pub fn add(&mut self, other: &Self) {
        self.errors.add(&other.errors);
        self.jaccard_sum += other.jaccard_sum;
        self.reference_speakers += other.reference_speakers;
        self.hypothesis_speakers += other.hypothesis_speakers;
    }
}

/// Scores each recording of the reference, by name. What the hypothesis lacks is missed.
pub fn score(reference: &[Turn], hypothesis: &[Turn], rules: &ScoringRules) -> BTreeMap<String, Score> {
    let names: BTreeSet<&String> = reference.iter().map(|turn| &turn.file).collect();
    let of =
        |turns: &[Turn], name: &String| turns.iter().filter(|turn| &turn.file == name).cloned().collect::<Vec<_>>();
    let scored = |name: &String| rules.scored.get(name).map(Vec::as_slice);
    let each = names.into_iter().map(|name| {
        let (reference, hypothesis) = (of(reference, name), of(hypothesis, name));
        (name.clone(), score_recording(&reference, &hypothesis, scored(name), rules))
    });
    each.collect()
}

fn score_recording(
    reference: &[Turn],
    hypothesis: &[Turn],
    scored: Option<&[(Seconds, Seconds)]>,
    rules: &ScoringRules,
) -> Score {
    let pieces = pieces(reference, hypothesis, scored, rules);
    let count = |of: fn(&pieces::Piece) -> &Vec<usize>| {
        pieces.iter().flat_map(|piece| of(piece).iter().copied()).max().map_or(0, |most| most + 1)
    };
    let (rows, columns) = (count(|piece| &piece.reference), count(|piece| &piece.hypothesis));
    let (mut in_common, mut spoken, mut claimed) =
        (vec![vec![0u64; columns]; rows], vec![0u64; rows], vec![0u64; columns]);
    for piece in &pieces {
        piece.reference.iter().for_each(|&row| spoken[row] += piece.duration);
        piece.hypothesis.iter().for_each(|&column| claimed[column] += piece.duration);
        for &row in &piece.reference {
            piece.hypothesis.iter().for_each(|&column| in_common[row][column] += piece.duration);
        }
    }
    let counterpart = most_in_common(&in_common);
    let mut errors = Errors::default();
    for piece in &pieces {
        let has_counterpart =
            |row: &&usize| counterpart[**row].is_some_and(|column| piece.hypothesis.contains(&column));
        let right = piece.reference.iter().filter(has_counterpart).count();
        let (there, claimed) = (piece.reference.len(), piece.hypothesis.len());
        let time = |people: usize| people as f64 * piece.duration as f64 / pieces::PER_SECOND;
        errors.add(&Errors {
            speech_s: time(there),
            missed_s: time(there.saturating_sub(claimed)),
            false_alarm_s: time(claimed.saturating_sub(there)),
            confusion_s: time(there.min(claimed) - right),
        });
    }
    let jaccard = |row: usize| {
        let Some(column) = counterpart[row] else { return 1.0 };
        let both = in_common[row][column];
        1.0 - both as f64 / (spoken[row] + claimed[column] - both) as f64
    };
    Score {
        errors,
        jaccard_sum: (0..rows).filter(|&row| spoken[row] > 0).map(jaccard).sum(),
        reference_speakers: spoken.iter().filter(|&&time| time > 0).count(),
        hypothesis_speakers: claimed.iter().filter(|&&time| time > 0).count(),
    }
}

#[cfg(test)]
mod tests;
