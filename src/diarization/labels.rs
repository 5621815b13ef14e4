//! Turns as other programs read them.

use std::fmt::Write;

use super::Turn;
use crate::units::Seconds;

/// Labels for Audacity: start, end and speaker, apart by tabs.
pub fn audacity(turns: &[Turn]) -> String {
    let mut text = String::new();
    for turn in turns {
        let _ = writeln!(text, "{:.3}\t{:.3}\t{}", turn.start.0, turn.end().0, turn.speaker);
    }
    text
}

/// A TextGrid for Praat, with a tier for each of `speakers`.
pub fn text_grid(turns: &[Turn], speakers: &[&str], duration: Seconds) -> String {
    let end = turns.iter().map(|turn| turn.end().0).fold(duration.0, f64::max);
    let mut text = format!(
        "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = {end:.3}\ntiers? <exists>\n\
         size = {}\nitem []:\n",
        speakers.len()
    );
    for (index, speaker) in speakers.iter().enumerate() {
        let intervals = intervals(turns, speaker, end);
        let _ = write!(
            text,
            "    item [{}]:\n        class = \"IntervalTier\"\n        name = \"{}\"\n        xmin = 0\n        \
             xmax = {end:.3}\n        intervals: size = {}\n",
            index + 1,
            quoted(speaker),
            intervals.len()
        );
        for (number, (from, to, label)) in intervals.iter().enumerate() {
            let _ = write!(
                text,
                "        intervals [{}]:\n            xmin = {from:.3}\n            xmax = {to:.3}\n            \
                 text = \"{}\"\n",
                number + 1,
                quoted(label)
            );
        }
    }
    text
}

/// A tier's intervals, which follow each other without gaps.
fn intervals<'a>(turns: &[Turn], speaker: &'a str, end: f64) -> Vec<(f64, f64, &'a str)> {
    let mut intervals = Vec::new();
    let mut reached = 0.0;
    for turn in turns.iter().filter(|turn| turn.speaker == speaker) {
        if turn.start.0 > reached {
            intervals.push((reached, turn.start.0, ""));
        }
        intervals.push((turn.start.0.max(reached), turn.end().0, speaker));
        reached = turn.end().0;
    }
    if reached < end {
        intervals.push((reached, end, ""));
    }
    intervals
}

fn quoted(text: &str) -> String {
    text.replace('"', "\"\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(start: f64, end: f64, speaker: &str) -> Turn {
        let (start, duration) = (Seconds(start), Seconds(end - start));
        Turn { file: "x".into(), start, duration, speaker: speaker.into(), confidence: None }
    }

    #[test]
    fn audacity_reads_tabs() {
        assert_eq!(audacity(&[turn(0.5, 1.25, "Zoë")]), "0.500\t1.250\tZoë\n");
    }

    #[test]
    fn a_tier_has_no_gaps() {
        let turns = [turn(1.0, 2.0, "a"), turn(2.0, 3.0, "b"), turn(3.0, 3.5, "a")];
        assert_eq!(
            intervals(&turns, "a", 5.0),
            [(0.0, 1.0, ""), (1.0, 2.0, "a"), (2.0, 3.0, ""), (3.0, 3.5, "a"), (3.5, 5.0, "")]
        );
        let grid = text_grid(&turns, &["a", "b"], Seconds(5.0));
        assert!(
            grid.contains("size = 2\n") && grid.contains("name = \"b\"") && grid.contains("xmax = 5.000"),
            "{grid}"
        );
        assert_eq!(grid.matches("class = \"IntervalTier\"").count(), 2);
    }
}
