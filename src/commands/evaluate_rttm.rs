//! `voice-clone evaluate --rttm-ref --rttm-hyp`: diarization against the truth.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::Serialize;
use serde_json::json;

use super::{Session, table};
use crate::{
    cli::EvaluateArgs,
    diarization::{Turn, rttm, uem},
    error::FileError,
    evaluation::diarization::{Score, ScoringRules, score},
    files::write_json,
    units::Seconds,
};

/// A recording's row in the report.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(flatten)]
    score: Score,
    diarization_error_rate: Option<f64>,
    jaccard_error_rate: Option<f64>,
    speaker_count_error: i64,
}

impl From<Score> for Row {
    fn from(score: Score) -> Self {
        Self {
            diarization_error_rate: score.errors.rate(),
            jaccard_error_rate: score.jaccard_error_rate(),
            speaker_count_error: score.speaker_count_error(),
            score,
        }
    }
}

/// Evaluates.
///
/// # Errors
/// Files that can't be read, or a reference without turns.
pub(super) fn run(reference: &Path, hypothesis: &Path, args: &EvaluateArgs, session: &Session) -> anyhow::Result<()> {
    let (reference, hypothesis) = (read_turns(reference)?, read_turns(hypothesis)?);
    anyhow::ensure!(!reference.is_empty(), "the reference has no turns of speakers");
    note_unmatched(&reference, &hypothesis);
    let scored = args.uem.as_deref().map(read_stretches).transpose()?.unwrap_or_default();
    let rules = ScoringRules { collar: Seconds(args.collar), skip_overlap: args.skip_overlap, scored };
    let scores = score(&reference, &hypothesis, &rules);
    let mut total = Score::default();
    scores.values().for_each(|score| total.add(score));
    let right = scores.values().filter(|score| score.speaker_count_error() == 0).count();
    let rows: BTreeMap<String, Row> = scores.into_iter().map(|(name, score)| (name, score.into())).collect();
    let document = json!({
        "schema": 1,
        "collar_s": args.collar,
        "skip_overlap": args.skip_overlap,
        "recordings": rows,
        "total": Row::from(total),
        "speaker_counts_right": right as f64 / rows.len() as f64,
    });
    if let Some(path) = &args.output {
        write_json(path, &document)?;
    }
    session.print(&document, || {
        let each = rows.iter().map(|(name, row)| cells(name, row)).chain([cells("all", &total.into())]);
        let header = ["RECORDING", "DER %", "MISSED %", "FALSE ALARM %", "CONFUSED %", "JER %", "SPEAKERS", "FOUND"];
        let table = table::layout(header, &each.collect::<Vec<_>>());
        format!("{table}\nthe number of speakers is right in {right} of {} recordings", rows.len())
    })
}

fn cells(name: &str, row: &Row) -> [String; 8] {
    let errors = &row.score.errors;
    let percent = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{:.2}", 100.0 * value));
    let share = |seconds: f64| percent((errors.speech_s > 0.0).then(|| seconds / errors.speech_s));
    [
        name.to_owned(),
        percent(row.diarization_error_rate),
        share(errors.missed_s),
        share(errors.false_alarm_s),
        share(errors.confusion_s),
        percent(row.jaccard_error_rate),
        row.score.reference_speakers.to_string(),
        row.score.hypothesis_speakers.to_string(),
    ]
}

/// The turns in a file, or in all `.rttm` files of a folder.
fn read_turns(path: &Path) -> anyhow::Result<Vec<Turn>> {
    let mut turns = Vec::new();
    for file in files(path)? {
        let text = fs::read_to_string(&file).map_err(FileError::on("read", &file))?;
        turns.extend(rttm::read(&text).with_context(|| format!("cannot read {}", file.display()))?);
    }
    Ok(turns)
}

fn files(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let entries = fs::read_dir(path).map_err(FileError::on("read", path))?;
    let is_rttm = |file: &PathBuf| file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("rttm"));
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_rttm).collect();
    files.sort();
    anyhow::ensure!(!files.is_empty(), "{} holds no .rttm files", path.display());
    Ok(files)
}

fn read_stretches(path: &Path) -> anyhow::Result<uem::Stretches> {
    let text = fs::read_to_string(path).map_err(FileError::on("read", path))?;
    uem::read(&text).with_context(|| format!("cannot read {}", path.display()))
}

fn note_unmatched(reference: &[Turn], hypothesis: &[Turn]) {
    let [known, found] =
        [reference, hypothesis].map(|turns| turns.iter().map(|turn| &turn.file).collect::<BTreeSet<_>>());
    for name in known.difference(&found) {
        tracing::warn!("{name} is not in the hypothesis: all of it is missed");
    }
    for name in found.difference(&known) {
        tracing::warn!("{name} is not in the reference and does not count");
    }
}
