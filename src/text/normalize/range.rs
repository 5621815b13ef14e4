//! Ranges, scores and ratios: `10-20`, `1914–1918`, `3:1`.

use super::{
    cardinal::Number,
    reading::{Cursor, Phrase, Reading, at_boundary},
    year,
};
use crate::text::token::Class;

/// Reads two numbers with a dash or colon between them.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let text = cursor.rest();
    let lower = Number::parse(text).filter(|number| !number.negative)?;
    let dash = ["-", "–", " – ", ":"].into_iter().find(|dash| text[lower.length..].starts_with(dash))?;
    let start = lower.length + dash.len();
    let upper = Number::parse(&text[start..]).filter(|number| !number.negative)?;
    let length = start + upper.length;
    let after = &text[length..];
    let chained =
        after.strip_prefix(['-', '–', ':', '/']).is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit()));
    if !at_boundary(after) || chained {
        return None;
    }
    // "978-0" is the beginning of a code.
    let falls = lower.whole() > upper.whole() && lower.whole() >= Some(100) && dash == "-";
    let years = year::parse(text).is_some();
    if falls && !years {
        return None;
    }
    let mut phrase = bound(&lower, &text[..lower.length], upper.whole());
    phrase.say("to").add(bound(&upper, &text[start..length], lower.whole()));
    Some(Reading::new(length, Class::Range, phrase))
}

/// A bound as a year where both can be one; the second may be cut to two digits.
fn bound(number: &Number, written: &str, other: Option<u64>) -> Phrase {
    let other_is_year = other.is_some_and(|other| year::is_year(other) || other < 100);
    match number.whole() {
        Some(value) if year::is_year(value) && other_is_year && !number.grouped && written.len() == 4 => {
            Phrase::of(&year::year(value))
        }
        _ => number.phrase(),
    }
}
