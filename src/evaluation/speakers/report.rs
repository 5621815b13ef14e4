//! The report of `voice-clone evaluate --speakers`.

use std::fmt;

use serde::Serialize;

use super::{
    Condition, Embedding, Identification,
    trials::{Scores, identify},
};
use crate::{
    evaluation::{
        report::Skipped,
        verification::{ErrorRates, cllr},
    },
    speaker::Calibration,
};

/// How well speakers are told apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpeakerReport {
    /// The form of this document: [`SpeakerReport::SCHEMA`].
    pub schema: u32,
    /// The folders, as given.
    pub folders: Vec<String>,
    /// How many speakers there are.
    pub speakers: usize,
    /// The encoder.
    pub encoder: EncoderReport,
    /// The figures under each condition.
    pub conditions: Vec<ConditionReport>,
    /// Recordings that could not be used.
    pub set_aside: Vec<Skipped>,
}

/// The encoder that was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EncoderReport {
    /// [`crate::speaker::SpeakerEncoder::fingerprint`].
    pub fingerprint: String,
    /// The calibration that was used.
    pub calibration: Calibration,
    /// Whether it is the encoder's own.
    pub calibrated: bool,
    /// Processor seconds per second of audio, for windows of 3 s on one thread; none on a GPU.
    pub cpu_factor: Option<f64>,
}

/// The figures under a condition. Those that could not be had are `None`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConditionReport {
    /// The condition.
    pub condition: Condition,
    /// How many utterances there are.
    pub utterances: usize,
    /// Pairs of the same speaker.
    pub same_pairs: usize,
    /// Pairs of different speakers.
    pub different_pairs: usize,
    /// Errors over all pairs.
    pub rates: Option<ErrorRates>,
    /// Cost of the calibrated scores in bits.
    pub cllr: Option<f64>,
    /// The calibration that fits these pairs best.
    pub fitted: Option<Calibration>,
    /// The cost with that one: what a calibration can reach.
    pub fitted_cllr: Option<f64>,
    /// Whether utterances are given to the right one of the enrolled speakers.
    pub identification: Option<Identification>,
}

impl ConditionReport {
    /// The figures of embeddings. Each speaker is enrolled with `enroll` of them, in [`SpeakerReport::DRAWS`] draws.
    pub fn new(
        condition: Condition,
        embeddings: &[Embedding],
        calibration: Calibration,
        enroll: usize,
        seed: u64,
    ) -> Self {
        let Scores { same, different } = Scores::of(embeddings);
        let cost = |calibration: Calibration| {
            let llr = move |cosine: &f32| calibration.llr(*cosine);
            cllr(same.iter().map(llr), different.iter().map(llr))
        };
        let fitted = Calibration::fit(&same, &different);
        Self {
            condition,
            utterances: embeddings.len(),
            same_pairs: same.len(),
            different_pairs: different.len(),
            rates: ErrorRates::of(&same, &different),
            cllr: cost(calibration),
            fitted,
            fitted_cllr: fitted.and_then(cost),
            identification: identify(embeddings, enroll, SpeakerReport::DRAWS, seed),
        }
    }
}

impl SpeakerReport {
    /// Goes up when a reader of the old form could not read the new one.
    pub const SCHEMA: u32 = 1;
    /// How often utterances for enrolment are drawn.
    pub const DRAWS: usize = 5;
}

impl fmt::Display for SpeakerReport {
    /// A row for each condition, and what the columns mean.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} speakers in {}\n", self.speakers, self.folders.join(", "))?;
        writeln!(f, "condition     utterances       pairs   EER %  minDCF   Cllr  best Cllr  identified %")?;
        for row in &self.conditions {
            let cell =
                |value: Option<f64>, decimals| value.map_or("-".to_owned(), |value| format!("{value:.decimals$}"));
            writeln!(
                f,
                "{:12}  {:>10}  {:>10}  {:>6}  {:>6}  {:>5}  {:>9}  {:>12}",
                row.condition.to_string(),
                row.utterances,
                row.same_pairs + row.different_pairs,
                cell(row.rates.map(|rates| 100.0 * rates.equal_error_rate), 2),
                cell(row.rates.map(|rates| rates.min_dcf), 3),
                cell(row.cllr, 3),
                cell(row.fitted_cllr, 3),
                cell(row.identification.map(|found| 100.0 * found.accuracy), 1),
            )?;
        }
        let calibrated = if self.encoder.calibrated { "its own calibration" } else { "a general calibration" };
        writeln!(f, "\nminDCF: NIST, P_target 0.01, costs 1, normalised. Cllr in bits, with {calibrated}.")?;
        if let Some(factor) = self.encoder.cpu_factor {
            writeln!(f, "The encoder takes {factor:.4} s of one processor per second of audio (windows of 3 s).")?;
        }
        if !self.set_aside.is_empty() {
            writeln!(f, "\nSet aside: {}", self.set_aside.len())?;
        }
        self.set_aside.iter().try_for_each(|aside| writeln!(f, "  {}: {}", aside.id, aside.reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Seconds;

    #[test]
    fn the_table_lines_up_and_json_has_names() {
        let embedding = |speaker, values: [f32; 2]| Embedding { speaker, values: values.to_vec() };
        let pairs =
            [embedding(0, [1.0, 0.0]), embedding(0, [1.0, 0.0]), embedding(1, [0.0, 1.0]), embedding(1, [0.0, 1.0])];
        let calibration = Calibration { scale: 10.0, offset: -5.0 };
        let conditions = vec![
            ConditionReport::new(Condition::Whole, &pairs, calibration, 1, 0),
            ConditionReport::new(Condition::Crop(Seconds(4.0)), &pairs[..1], calibration, 1, 0),
        ];
        let report = SpeakerReport {
            schema: SpeakerReport::SCHEMA,
            folders: vec!["people".to_owned()],
            speakers: 2,
            encoder: EncoderReport {
                fingerprint: "f".to_owned(),
                calibration,
                calibrated: false,
                cpu_factor: Some(0.0125),
            },
            conditions,
            set_aside: vec![Skipped { id: "x.wav".to_owned(), reason: "no audio".to_owned() }],
        };
        let expected = "\
2 speakers in people

condition     utterances       pairs   EER %  minDCF   Cllr  best Cllr  identified %
whole                  4           6    0.00   0.000  0.010      0.000         100.0
4 s                    1           0       -       -      -          -             -

minDCF: NIST, P_target 0.01, costs 1, normalised. Cllr in bits, with a general calibration.
The encoder takes 0.0125 s of one processor per second of audio (windows of 3 s).

Set aside: 1
  x.wav: no audio
";
        assert_eq!(report.to_string(), expected);
        let json = serde_json::to_value(&report).expect("JSON");
        assert_eq!(json["conditions"][0]["condition"], "whole");
        assert_eq!(json["conditions"][0]["rates"]["equal_error_rate"], 0.0);
        assert_eq!(json["conditions"][1]["identification"], serde_json::Value::Null);
    }
}
