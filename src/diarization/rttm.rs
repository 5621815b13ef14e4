//! Rich Transcription Time Marked files (NIST 2009, "The 2009 (RT-09) Rich Transcription Meeting Recognition Evaluation
//! Plan", appendix A): one turn of a speaker in each line, in ten fields.

use std::fmt::Write;

use crate::units::Seconds;

/// One person speaks, without a pause.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// The recording's name, without blanks.
    pub file: String,
    /// When it begins.
    pub start: Seconds,
    /// How long it lasts.
    pub duration: Seconds,
    /// Who speaks.
    pub speaker: String,
    /// The probability that this is right.
    pub confidence: Option<f64>,
}

impl Turn {
    /// When it ends.
    pub fn end(&self) -> Seconds {
        Seconds(self.start.0 + self.duration.0)
    }
}

/// The speakers of turns, in order of appearance.
pub fn speakers(turns: &[Turn]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for turn in turns {
        if !names.contains(&turn.speaker.as_str()) {
            names.push(&turn.speaker);
        }
    }
    names
}

/// A line that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct RttmError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

const NOTHING: &str = "<NA>";

/// Reads the turns of speakers, in the order of the lines. Comments (`;;`), blank lines, types other than `SPEAKER` and
/// turns that last no time are passed over; fields may stand any number of blanks apart.
///
/// # Errors
/// A `SPEAKER` line with fewer than eight fields, or whose times are no numbers.
pub fn read(text: &str) -> Result<Vec<Turn>, RttmError> {
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let turns = lines.map(|(index, line)| turn(line).map_err(|reason| RttmError { line: index + 1, reason }));
    turns.filter_map(Result::transpose).collect()
}

fn turn(line: &str) -> Result<Option<Turn>, String> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    if fields.first().is_none_or(|kind| *kind != "SPEAKER") {
        return Ok(None);
    }
    let [_, file, _, start, duration, _, _, speaker, rest @ ..] = fields.as_slice() else {
        return Err(format!("{} fields; a SPEAKER line has ten", fields.len()));
    };
    let [start, duration] = [seconds("start", start)?, seconds("duration", duration)?];
    if duration.0 == 0.0 {
        return Ok(None);
    }
    let confidence = rest.first().filter(|field| **field != NOTHING);
    let confidence =
        confidence.map(|field| field.parse().map_err(|_| format!("the confidence {field:?} is no number")));
    Ok(Some(Turn {
        file: (*file).to_owned(),
        start,
        duration,
        speaker: (*speaker).to_owned(),
        confidence: confidence.transpose()?,
    }))
}

fn seconds(what: &str, field: &str) -> Result<Seconds, String> {
    let number = field.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.map(Seconds).ok_or_else(|| format!("the {what} {field:?} is no time"))
}

/// Writes turns, with three decimals. The confidence goes into the ninth field if it is wanted.
pub fn write(turns: &[Turn], with_confidence: bool) -> String {
    let mut text = String::new();
    for turn in turns {
        let confidence = turn.confidence.filter(|_| with_confidence);
        let confidence = confidence.map_or(NOTHING.to_owned(), |confidence| format!("{confidence:.3}"));
        let [file, speaker] = [&turn.file, &turn.speaker].map(|name| without_blanks(name));
        let (start, duration) = (turn.start.0, turn.duration.0);
        let _ = writeln!(text, "SPEAKER {file} 1 {start:.3} {duration:.3} <NA> <NA> {speaker} {confidence} <NA>");
    }
    text
}

/// A field of its own: without blanks, and never empty.
fn without_blanks(name: &str) -> String {
    let joined = name.split_whitespace().collect::<Vec<_>>().join("_");
    if joined.is_empty() { NOTHING.to_owned() } else { joined }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_read() {
        let text = "\u{feff};; a comment\n\nSPKR-INFO x 1 <NA> <NA> <NA> unknown MÉO069 <NA> <NA>\n\
                    SPEAKER  x   1  0.5\t1.25 <NA> <NA> MÉO069 <NA> <NA>  \r\n\
                    SPEAKER x 1 2 0.000 <NA> <NA> b <NA> <NA>\n\
                    SPEAKER x 1 2 3e-1 <NA> <NA> b 0.75\n";
        let turns = read(text).expect("turns");
        assert_eq!(turns.len(), 2);
        assert_eq!((turns[0].speaker.as_str(), turns[0].start.0, turns[0].end().0), ("MÉO069", 0.5, 1.75));
        assert_eq!((turns[1].duration.0, turns[1].confidence), (0.3, Some(0.75)));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let message = |text: &str| read(text).expect_err("an error").to_string();
        assert_eq!(message("\nSPEAKER x 1 0.5"), "line 2: 4 fields; a SPEAKER line has ten");
        assert!(message("SPEAKER x 1 -1 2 <NA> <NA> a <NA> <NA>").contains("the start \"-1\" is no time"));
        assert!(message("SPEAKER x 1 1 NaN <NA> <NA> a <NA> <NA>").contains("the duration \"NaN\""));
        assert!(message("SPEAKER x 1 1 1 <NA> <NA> a much <NA>").contains("the confidence \"much\""));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let turn = |start, speaker: &str, confidence| Turn {
            file: "a meeting".to_owned(),
            start: Seconds(start),
            duration: Seconds(1.0004),
            speaker: speaker.to_owned(),
            confidence,
        };
        let text = write(&[turn(0.25, "spk1", Some(0.9)), turn(3.0, "Zoë", None)], true);
        assert_eq!(
            text,
            "SPEAKER a_meeting 1 0.250 1.000 <NA> <NA> spk1 0.900 <NA>\n\
             SPEAKER a_meeting 1 3.000 1.000 <NA> <NA> Zoë <NA> <NA>\n"
        );
        assert_eq!(write(&read(&text).expect("turns"), true), text);
        assert!(!write(&read(&text).expect("turns"), false).contains("0.900"));
    }
}
