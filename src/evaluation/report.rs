//! The report of `voice-clone evaluate`: a row for each utterance and the mean of each figure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::compare::Comparison;
use super::edit::EditCounts;
use super::signal::SignalMeasures;
use super::statistic::Statistic;
use super::timing::RealTimeFactor;

mod measure;
mod table;

pub use measure::Measure;

/// Goes up when a reader of the old form could not read the new one.
pub const SCHEMA: u32 = 1;

/// How good, how alike and how fast a voice is on a set of recordings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluationReport {
    /// The form of this document: [`SCHEMA`].
    pub schema: u32,
    /// The voice.
    pub model: String,
    /// The folder of recordings, as given.
    pub test_data: String,
    /// Mean and spread of each measure over the utterances that have it.
    pub summary: BTreeMap<Measure, Statistic>,
    /// Errors of all utterances together: their rate weighs long utterances more than the mean of rates does.
    pub phonemes: Option<EditCounts>,
    /// What was measured, in order.
    pub utterances: Vec<Utterance>,
    /// What could not be measured, and why.
    pub skipped: Vec<Skipped>,
}

/// The figures of one utterance. Those that could not be had are `None`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Utterance {
    /// Its name, which tells the recordings of a folder apart.
    pub id: String,
    /// What it says, if known.
    pub text: Option<String>,
    /// Duration of the synthesised speech in seconds.
    pub duration_s: f64,
    /// Cosine of the speaker embeddings of the synthesised speech and of recordings of the speaker, -1 to 1.
    pub speaker_similarity: Option<f64>,
    /// Phonemes recognised in the synthesised speech against those meant.
    pub phonemes: Option<EditCounts>,
    /// Distances to a recording of the same words.
    pub comparison: Option<Comparison>,
    /// Time it took to synthesise.
    pub timing: Option<RealTimeFactor>,
    /// Figures of the synthesised signal.
    pub signal: Option<SignalMeasures>,
}

/// A recording that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The recording.
    pub id: String,
    /// What was wrong with it.
    pub reason: String,
}

impl EvaluationReport {
    /// Gathers the figures of a voice.
    pub fn new(model: &str, test_data: &str, utterances: Vec<Utterance>, skipped: Vec<Skipped>) -> Self {
        let statistic = |measure: Measure| {
            let values = utterances.iter().filter_map(|utterance| measure.of(utterance));
            Statistic::of(values).map(|statistic| (measure, statistic))
        };
        Self {
            schema: SCHEMA,
            model: model.to_owned(),
            test_data: test_data.to_owned(),
            summary: Measure::ALL.into_iter().filter_map(statistic).collect(),
            phonemes: total_phonemes(&utterances),
            utterances,
            skipped,
        }
    }

    /// Mean and spread of one measure; `None` if no utterance has it.
    pub fn statistic(&self, measure: Measure) -> Option<Statistic> {
        self.summary.get(&measure).copied()
    }

    /// Duration of all synthesised speech in seconds.
    pub fn duration_s(&self) -> f64 {
        self.utterances.iter().fold(0.0, |sum, utterance| sum + utterance.duration_s)
    }
}

fn total_phonemes(utterances: &[Utterance]) -> Option<EditCounts> {
    utterances.iter().filter_map(|utterance| utterance.phonemes).reduce(|mut total, counts| {
        total += counts;
        total
    })
}

#[cfg(test)]
mod tests;
