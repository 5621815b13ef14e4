//! Years and decades: `1984`, `the 1990s`, `'68`, `the 80s`.

use super::{
    cardinal::{Number, cardinal},
    reading::{Cursor, Phrase, Reading, at_boundary, span},
};
use crate::text::token::Class;

/// Words after which four digits are a year.
const BEFORE_YEARS: [&str; 24] = [
    "in",
    "since",
    "by",
    "until",
    "till",
    "from",
    "to",
    "year",
    "before",
    "after",
    "during",
    "circa",
    "early",
    "late",
    "mid",
    "spring",
    "summer",
    "autumn",
    "fall",
    "winter",
    "around",
    "of",
    "and",
    "copyright",
];
/// Words before which four digits are a year even without a word that says so.
const AFTER_YEARS: [&str; 9] = ["was", "were", "is", "saw", "had", "has", "marked", "brought", "election"];

/// Four digits as a year: `nineteen eighty four`, `two thousand nine`, `nineteen oh five`.
pub fn year(value: u64) -> String {
    let (century, rest) = (value / 100, value % 100);
    match (century, rest) {
        (10 | 20, 0..=9) => cardinal(value),
        (_, 0) if century % 10 == 0 => cardinal(value),
        (_, 0) => format!("{} hundred", cardinal(century)),
        (_, 1..=9) => format!("{} oh {}", cardinal(century), cardinal(rest)),
        _ => format!("{} {}", cardinal(century), cardinal(rest)),
    }
}

/// Whether four digits are likely a year.
pub fn is_year(value: u64) -> bool {
    (1000..2100).contains(&value)
}

/// The four digits at the start of `text` when they can be a year and nothing follows that makes them a number.
pub fn parse(text: &str) -> Option<u64> {
    let number = Number::parse(text)?;
    let value = number.whole().filter(|&value| is_year(value))?;
    (number.length == 4 && !number.grouped && at_boundary(&text[4..])).then_some(value)
}

fn plural(words: &str) -> String {
    match words.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{words}s"),
    }
}

/// Reads years by their context.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    short_year(cursor).or_else(|| before_era(cursor)).or_else(|| full_year(cursor))
}

/// Reads decades.
pub fn decade(cursor: &Cursor) -> Option<Reading> {
    let rest = cursor.rest();
    let apostrophe = usize::from(rest.starts_with('\''));
    let digits = span(&rest[apostrophe..], |c| c.is_ascii_digit());
    let tail = &rest[apostrophe + digits..];
    let written = ["'s", "s", " s"].into_iter().find(|w| tail.starts_with(w) && (digits == 4 || !w.starts_with(' ')));
    let suffix = written.map_or(0, str::len);
    if suffix == 0 || !at_boundary(&tail[suffix..]) {
        return None;
    }
    let value: u64 = rest[apostrophe..apostrophe + digits].parse().ok()?;
    let words = match digits {
        4 if value.is_multiple_of(10) && apostrophe == 0 => year(value),
        2 if value.is_multiple_of(10) && value >= 20 => cardinal(value),
        _ => return None,
    };
    Some(Reading::new(apostrophe + digits + suffix, Class::Year, Phrase::of(&plural(&words))))
}

/// `'68`.
fn short_year(cursor: &Cursor) -> Option<Reading> {
    let digits = cursor.rest().strip_prefix('\'')?;
    let value: u64 = digits.get(..2).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
    let words = if value < 10 { format!("oh {}", cardinal(value)) } else { cardinal(value) };
    at_boundary(&digits[2..]).then(|| Reading::new(3, Class::Year, Phrase::of(&words)))
}

/// `340 A.D.`, `44 BC`: only the number.
fn before_era(cursor: &Cursor) -> Option<Reading> {
    let rest = cursor.rest();
    let digits = span(rest, |c| c.is_ascii_digit());
    let value: u64 = rest.get(..digits).filter(|d| d.len() <= 4)?.parse().ok()?;
    let era = rest[digits..].strip_prefix(' ')?;
    let written = ["AD", "A.D", "BC", "B.C", "BCE", "B.C.E", "CE", "C.E"];
    let follows = written.iter().any(|w| era.strip_prefix(w).is_some_and(at_boundary));
    let by_pairs = (101..1000).contains(&value) && !value.is_multiple_of(100);
    (follows && by_pairs).then(|| Reading::new(digits, Class::Year, Phrase::of(&year(value))))
}

fn full_year(cursor: &Cursor) -> Option<Reading> {
    let rest = cursor.rest();
    let value = parse(rest)?;
    let after = rest[4..].trim_start();
    let next = &after[..span(after, |c| c.is_ascii_alphabetic())];
    let previous = cursor.previous_word().to_ascii_lowercase();
    let likely = BEFORE_YEARS.contains(&previous.as_str())
        || AFTER_YEARS.contains(&next)
        || !after.starts_with(|c: char| c.is_ascii_lowercase()) && value >= 1100;
    let round_count = value % 1000 == 0 && !BEFORE_YEARS.contains(&previous.as_str()) && value != 2000;
    (likely && !round_count).then(|| Reading::new(4, Class::Year, Phrase::of(&year(value))))
}
