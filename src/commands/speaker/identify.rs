//! `voice-clone speaker identify`: which of the known speakers it is.

use std::path::Path;

use serde::Serialize;
use serde_json::json;

use super::{calibration, enrolments, hearing, listener, percent};
use crate::{
    cli::{DecisionArgs, IdentifyArgs},
    commands::{Session, table},
    speaker::{
        Calibration, Listener,
        calibration::{log_odds, probability},
        cosine,
    },
    units::Seconds,
};

/// What nobody known is called.
pub(super) const UNKNOWN: &str = "unknown";

/// How well a known speaker fits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Candidate {
    pub name: String,
    pub cosine: f32,
    pub llr: f64,
    pub probability: f64,
}

/// The known speakers, and when one is accepted.
#[derive(Debug)]
pub(super) struct Line {
    speakers: Vec<(String, Vec<f32>)>,
    calibration: Calibration,
    prior: f64,
    /// The log-likelihood ratio from which on a speaker is accepted.
    pub threshold: f64,
}

impl Line {
    /// Reads the known speakers.
    ///
    /// # Errors
    /// Nobody known, a broken file, or speakers of another encoder.
    pub fn up(listener: &Listener, decision: DecisionArgs, session: &Session) -> anyhow::Result<Self> {
        let known = enrolments(session);
        let enrolled = known.all_of(listener.encoder.fingerprint())?;
        let folder = known.folder().display();
        anyhow::ensure!(
            !enrolled.is_empty(),
            "nobody is enrolled in {folder}; begin with `voice-clone speaker enroll`"
        );
        let speakers = enrolled.into_iter().map(|one| (one.embedding(), one.name)).map(|(a, b)| (b, a)).collect();
        let prior = decision.prior.unwrap_or(0.5);
        let threshold = decision.threshold.unwrap_or_else(|| -log_odds(prior));
        Ok(Self { speakers, calibration: calibration(listener), prior, threshold })
    }

    /// All speakers, the best first.
    pub fn candidates(&self, embedding: &[f32]) -> Vec<Candidate> {
        let candidate = |(name, own): &(String, Vec<f32>)| {
            let cosine = cosine(embedding, own);
            let llr = self.calibration.llr(cosine);
            Candidate { name: name.clone(), cosine, llr, probability: probability(llr, self.prior) }
        };
        let mut candidates: Vec<Candidate> = self.speakers.iter().map(candidate).collect();
        candidates.sort_by(|a, b| b.llr.total_cmp(&a.llr));
        candidates
    }

    /// The name of the best candidate, if it is good enough.
    pub fn accepted<'a>(&self, candidates: &'a [Candidate]) -> Option<&'a str> {
        candidates.first().filter(|best| best.llr >= self.threshold).map(|best| best.name.as_str())
    }
}

/// Identifies.
///
/// # Errors
/// Nobody known, or nothing usable in the input.
pub(super) fn run(args: &IdentifyArgs, session: &Session) -> anyhow::Result<()> {
    let listener = listener(session)?;
    let line = Line::up(&listener, args.decision, session)?;
    let inputs: Vec<&Path> = args.inputs.iter().map(|path| path.as_path()).collect();
    let heard = hearing::hear(&inputs, true, &listener, session)?;
    heard.warn();
    let answers: Vec<_> = heard.recordings.iter().map(|one| line.candidates(&one.heard.embedding)).collect();
    let recordings: Vec<_> = heard
        .recordings
        .iter()
        .zip(&answers)
        .map(|(recording, candidates)| {
            json!({
                "path": recording.path,
                "speaker": line.accepted(candidates),
                "speech_s": recording.speech_s,
                "warnings": recording.warnings,
                "candidates": candidates,
            })
        })
        .collect();
    let document = json!({
        "recordings": recordings,
        "set_aside": heard.set_aside,
        "prior": line.prior,
        "threshold": line.threshold,
        "calibrated": listener.encoder.calibration().is_some(),
    });
    session.print(&document, || {
        let rows = heard.recordings.iter().zip(&answers).map(|(recording, candidates)| {
            let best = &candidates[0];
            let name = match line.accepted(candidates) {
                Some(name) => name.to_owned(),
                None => format!("{UNKNOWN} (nearest: {})", best.name),
            };
            let speech = Seconds(recording.speech_s).to_string();
            let numbers = [percent(best.probability), format!("{:.2}", best.llr), format!("{:.3}", best.cosine)];
            let [probability, llr, cosine] = numbers;
            [recording.path.display().to_string(), name, probability, llr, cosine, speech]
        });
        let header = ["RECORDING", "SPEAKER", "PROBABILITY", "LLR", "COSINE", "SPEECH"];
        table::layout(header, &rows.collect::<Vec<_>>())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_is_accepted_from_the_threshold_on() {
        let speakers = vec![("anna".to_owned(), vec![1.0, 0.0]), ("bo".to_owned(), vec![0.6, 0.8])];
        let calibration = Calibration { scale: 10.0, offset: -8.0 };
        let mut line = Line { speakers, calibration, prior: 0.5, threshold: 0.0 };
        let candidates = line.candidates(&[0.0, 1.0]);
        assert_eq!((candidates[0].name.as_str(), candidates[1].name.as_str()), ("bo", "anna"));
        assert!(candidates[0].llr.abs() < 1e-6 && candidates[1].llr == -8.0, "{candidates:?}");
        line.threshold = -1.0;
        assert_eq!(line.accepted(&candidates), Some("bo"));
        line.threshold = 1.0;
        assert_eq!(line.accepted(&candidates), None);
    }
}
