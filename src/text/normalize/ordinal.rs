//! Ordinals: `1st`, `21st`, `1,000th`.

use super::{
    cardinal::{Number, cardinal},
    reading::{Cursor, Phrase, Reading, at_boundary},
};
use crate::text::token::Class;

/// Ordinals that are not the cardinal with `th`.
const IRREGULAR: [(&str, &str); 7] = [
    ("one", "first"),
    ("two", "second"),
    ("three", "third"),
    ("five", "fifth"),
    ("eight", "eighth"),
    ("nine", "ninth"),
    ("twelve", "twelfth"),
];

/// The ordinal of a cardinal's last word.
pub fn ordinal_word(cardinal: &str) -> String {
    if let Some((_, ordinal)) = IRREGULAR.iter().find(|(one, _)| *one == cardinal) {
        return (*ordinal).to_owned();
    }
    match cardinal.strip_suffix('y') {
        Some(stem) => format!("{stem}ieth"),
        None => format!("{cardinal}th"),
    }
}

/// A whole number as an ordinal.
pub fn ordinal(value: u64) -> String {
    let words = cardinal(value);
    match words.rsplit_once(' ') {
        Some((head, last)) => format!("{head} {}", ordinal_word(last)),
        None => ordinal_word(&words),
    }
}

/// Reads digits with the one of `st`, `nd`, `rd`, `th` that belongs to them.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let number = Number::parse(cursor.rest())?;
    let value = number.whole()?;
    let rest = &cursor.rest()[number.length..];
    let written = rest.get(..2)?;
    if !suffix(value).eq_ignore_ascii_case(written) || !at_boundary(&rest[2..]) {
        return None;
    }
    Some(Reading::new(number.length + 2, Class::Ordinal, Phrase::of(&ordinal(value))))
}

/// What is written after the digits.
fn suffix(value: u64) -> &'static str {
    match (value % 100, value % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_end_their_last_word() {
        for (value, words) in [
            (1, "first"),
            (12, "twelfth"),
            (20, "twentieth"),
            (21, "twenty first"),
            (100, "one hundredth"),
            (103, "one hundred third"),
            (1_000_000, "one millionth"),
        ] {
            assert_eq!(ordinal(value), words);
        }
    }
}
