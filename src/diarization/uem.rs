//! Which stretches of recordings count: NIST's un-partitioned evaluation map.

use std::collections::BTreeMap;

use super::RttmError;
use crate::units::Seconds;

/// Stretches by recording, from their start to their end.
pub type Stretches = BTreeMap<String, Vec<(Seconds, Seconds)>>;

/// Reads lines of four fields: recording, channel, start, end. Comments (`;;`) and blank lines are passed over.
///
/// # Errors
/// A line with other fields, or that ends before it starts.
pub fn read(text: &str) -> Result<Stretches, RttmError> {
    let mut stretches = Stretches::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if fields.is_empty() || fields[0].starts_with(";;") {
            continue;
        }
        let wrong = || RttmError { line: index + 1, reason: "expected recording, channel, start and end".to_owned() };
        let [file, _, start, end] = fields.as_slice() else { return Err(wrong()) };
        let time = |field: &str| field.parse().ok().filter(|time: &f64| time.is_finite());
        let (start, end) = time(start).zip(time(end)).filter(|(start, end)| start <= end).ok_or_else(wrong)?;
        stretches.entry((*file).to_owned()).or_default().push((Seconds(start), Seconds(end)));
    }
    Ok(stretches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_read_by_recording() {
        let found = read(";; all\nx 1 0 30\n\ny  1 5.5\t6\nx 1 40 50.25\n").expect("stretches");
        assert_eq!(found["x"], [(Seconds(0.0), Seconds(30.0)), (Seconds(40.0), Seconds(50.25))]);
        assert_eq!(found["y"].len(), 1);
        for odd in ["x 1 0", "x 1 a 2", "x 1 3 2", "x 1 0 30 9"] {
            assert_eq!(read(odd).expect_err("an error").line, 1, "{odd}");
        }
    }
}
