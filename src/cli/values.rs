//! Values that are checked while the command line is read, so that a slip ends in exit code 2.

use std::{fmt, str::FromStr};

/// The name of a trained voice: safe as the name of a folder on every system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceName(String);

impl VoiceName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VoiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for VoiceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if text.is_empty() || text.len() > 64 {
            return Err("a name has 1 to 64 characters".to_owned());
        }
        if let Some(odd) = text.chars().find(|&c| !allowed(c)) {
            return Err(format!("{odd:?} can't be part of a name; use letters, digits, '-', '_' and '.'"));
        }
        if text.starts_with(['.', '-']) {
            return Err("a name starts with a letter, a digit or '_'".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// A finite number above zero.
pub fn positive_number(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("expected a number above zero".to_owned()),
    }
}

/// A factor from 0 to 5.
pub fn factor(text: &str) -> Result<f64, String> {
    within(text, 0.0, 5.0)
}

/// How many people speak.
pub fn speaker_count(text: &str) -> Result<usize, String> {
    match text.trim().parse::<usize>() {
        Ok(number) if (1..=1000).contains(&number) => Ok(number),
        _ => Err("expected a whole number from 1 to 1000".to_owned()),
    }
}

/// How many people, `3` or `2-5`.
pub fn people(text: &str) -> Result<(usize, usize), String> {
    let wrong = || "expected a number of people, or the least and the most, as in 2-5".to_owned();
    let (least, most) = text.split_once('-').unwrap_or((text, text));
    match (speaker_count(least), speaker_count(most)) {
        (Ok(least), Ok(most)) if least <= most => Ok((least, most)),
        _ => Err(wrong()),
    }
}

/// Seconds from 1 to 36,000, `60` or `60-180`.
pub fn seconds_range(text: &str) -> Result<(f64, f64), String> {
    let (least, most) = text.split_once('-').unwrap_or((text, text));
    match (within(least, 1.0, 36_000.0), within(most, 1.0, 36_000.0)) {
        (Ok(least), Ok(most)) if least <= most => Ok((least, most)),
        _ => Err("expected seconds from 1 to 36000, or the least and the most, as in 60-180".to_owned()),
    }
}

/// Seconds around a boundary.
pub fn collar(text: &str) -> Result<f64, String> {
    within(text, 0.0, 10.0)
}

/// A pause between a speaker's words.
pub fn pause(text: &str) -> Result<f64, String> {
    within(text, 0.0, 60.0)
}

/// A shift of pitch that leaves a voice.
pub fn semitones(text: &str) -> Result<f64, String> {
    within(text, -24.0, 24.0)
}

/// A change of loudness in dB.
pub fn volume_db(text: &str) -> Result<f64, String> {
    within(text, -60.0, 20.0)
}

fn within(text: &str, least: f64, most: f64) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("expected a number from {least} to {most}")),
    }
}

/// A probability that leaves room for doubt: above 0 and below 1.
pub fn probability(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(number) if number > 0.0 && number < 1.0 => Ok(number),
        _ => Err("expected a number above 0 and below 1".to_owned()),
    }
}

/// A ratio of powers in dB that still leaves something of both.
pub fn decibels(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(number) if (-60.0..=100.0).contains(&number) => Ok(number),
        _ => Err("expected a number of dB from -60 to 100".to_owned()),
    }
}

/// How many utterances a speaker is enrolled with.
pub fn enrolled_utterances(text: &str) -> Result<usize, String> {
    match text.trim().parse() {
        Ok(number @ 1..=1000) => Ok(number),
        _ => Err("expected a number from 1 to 1000".to_owned()),
    }
}

/// The length of a stream's window, in seconds.
pub fn seconds_of_window(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(number) if (1.0..=10.0).contains(&number) => Ok(number),
        _ => Err("expected a number of seconds from 1 to 10".to_owned()),
    }
}

/// One `key=value` of `--set`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The setting's key, as in `process.loudness_lufs`.
    pub key: String,
    /// Its value as typed.
    pub value: String,
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, value) = text.split_once('=').ok_or("expected key=value, as in output.loudness_lufs=-14")?;
        Ok(Self { key: key.trim().to_owned(), value: value.trim().to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_as_folders() {
        for good in ["anna", "Zoë_2", "a.b-c", "7"] {
            assert_eq!(good.parse::<VoiceName>().map(|name| name.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", ".", "..", ".hidden", "a/b", "a\\b", "-x", "two words", "nul\0", &"x".repeat(65)] {
            assert!(bad.parse::<VoiceName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn numbers_are_finite_and_positive() {
        assert_eq!(positive_number("2.5"), Ok(2.5));
        for bad in ["0", "-1", "nan", "inf", "ten", ""] {
            assert!(positive_number(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ranges_have_ends() {
        assert_eq!((probability("0.01"), seconds_of_window("1")), (Ok(0.01), Ok(1.0)));
        for bad in ["0", "1", "nan", "-1"] {
            assert!(probability(bad).is_err(), "{bad:?}");
        }
        assert_eq!((decibels("-5"), enrolled_utterances("3")), (Ok(-5.0), Ok(3)));
        assert!(decibels("nan").is_err() && enrolled_utterances("0").is_err());
        for bad in ["0.9", "11", "nan", "three"] {
            assert!(seconds_of_window(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_assignment_may_hold_an_equals_sign() {
        let parsed = "voices.dir = /a=b".parse();
        assert_eq!(parsed, Ok(Assignment { key: "voices.dir".into(), value: "/a=b".into() }));
        assert!("voices.dir".parse::<Assignment>().is_err());
    }
}
