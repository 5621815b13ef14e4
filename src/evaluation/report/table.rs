//! A report as a table of fixed width.

use std::fmt;

use super::{EvaluationReport, Measure, Utterance};
use crate::units::Seconds;

/// Longer names of utterances lose their middle.
const MAX_NAME: usize = 28;
/// No column is narrower: room for a sign, two digits, a point and two decimals.
const MIN_CELL: usize = 6;

/// The columns of the utterances' table; the summary has all measures.
const COLUMNS: [Measure; 9] = [
    Measure::SpeakerSimilarity,
    Measure::PhonemeErrorRate,
    Measure::McdDb,
    Measure::F0RmseCents,
    Measure::VoicingError,
    Measure::RealTimeFactor,
    Measure::LoudnessLufs,
    Measure::SilenceShare,
    Measure::SnrDb,
];

impl fmt::Display for EvaluationReport {
    /// A line on what was measured, a row for each utterance, means with standard deviation, what was left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, duration) = (self.utterances.len(), Seconds(self.duration_s()));
        let plural = if count == 1 { "" } else { "s" };
        writeln!(f, "Voice {} on {}: {count} utterance{plural}, {duration}", self.model, self.test_data)?;
        if count > 0 {
            writeln!(f)?;
            write_utterances(f, &self.utterances)?;
            writeln!(f)?;
            write_summary(f, self)?;
        }
        if !self.skipped.is_empty() {
            writeln!(f, "\nLeft out: {}", self.skipped.len())?;
        }
        self.skipped.iter().try_for_each(|skipped| writeln!(f, "  {}: {}", skipped.id, skipped.reason))
    }
}

fn write_utterances(f: &mut fmt::Formatter<'_>, utterances: &[Utterance]) -> fmt::Result {
    let columns: Vec<Measure> =
        COLUMNS.into_iter().filter(|measure| utterances.iter().any(|u| measure.of(u).is_some())).collect();
    let name_width = utterances.iter().map(|u| shorten(&u.id).chars().count()).max().unwrap_or(0).max(9);
    write!(f, "{:name_width$}  seconds", "utterance")?;
    for column in &columns {
        write!(f, "  {:>width$}", column.format().heading, width = width(*column))?;
    }
    writeln!(f)?;
    for utterance in utterances {
        write!(f, "{:name_width$}  {:7.2}", shorten(&utterance.id), utterance.duration_s)?;
        for column in &columns {
            let format = column.format();
            let cell = column.of(utterance).map_or_else(|| "-".to_owned(), |value| format.cell(value));
            write!(f, "  {cell:>width$}", width = width(*column))?;
        }
        writeln!(f)?;
    }
    Ok(())
}

fn width(column: Measure) -> usize {
    column.format().heading.len().max(MIN_CELL)
}

fn write_summary(f: &mut fmt::Formatter<'_>, report: &EvaluationReport) -> fmt::Result {
    writeln!(f, "{:12}{:>10}  {:>9}  {:>10}", "measure", "mean", "deviation", "utterances")?;
    for (measure, statistic) in &report.summary {
        let format = measure.format();
        let deviation = statistic.deviation.map_or_else(|| "-".to_owned(), |value| format.cell(value));
        let mean = format.cell(statistic.mean);
        writeln!(f, "{:12}{mean:>10}  {deviation:>9}  {:>10}", format.heading, statistic.count)?;
    }
    let Some((counts, rate)) = report.phonemes.and_then(|counts| Some((counts, counts.rate()?))) else {
        return Ok(());
    };
    writeln!(
        f,
        "\nPhonemes: {} substituted, {} inserted, {} deleted of {}: {:.1} % errors",
        counts.substitutions,
        counts.insertions,
        counts.deletions,
        counts.reference_length,
        100.0 * rate,
    )
}

/// The name on one line, with an ellipsis for its middle if it is long: both ends tell recordings apart.
fn shorten(name: &str) -> String {
    let visible: Vec<char> = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if visible.len() <= MAX_NAME {
        return visible.into_iter().collect();
    }
    let head = MAX_NAME / 2;
    let tail = visible.len() - (MAX_NAME - head - 1);
    visible[..head].iter().chain(&['…']).chain(&visible[tail..]).collect()
}
