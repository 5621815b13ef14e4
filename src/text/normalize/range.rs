//! Ranges, scores, ratios and sizes: `10-20`, `1914–1918`, `3:1`, `4x4`.

use super::{
    address::house_number,
    cardinal::Number,
    reading::{Cursor, Phrase, Reading, at_boundary},
    year,
};
use crate::text::token::Class;

/// Reads two numbers with a dash or colon between them.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let text = cursor.rest();
    let lower = Number::parse(text).filter(|number| !number.negative)?;
    if let Some(size) = size(text, &lower) {
        return Some(size);
    }
    let dash = ["-", "–", " – ", ":"].into_iter().find(|dash| text[lower.length..].starts_with(dash))?;
    let start = lower.length + dash.len();
    let upper = Number::parse(&text[start..]).filter(|number| !number.negative)?;
    let length = start + upper.length;
    let after = &text[length..];
    let chained =
        after.strip_prefix(['-', '–', ':', '/']).is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit()));
    if !at_boundary(after) || chained || after.trim_start().starts_with('=') {
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

/// `4x4`, `1920x1080`: "by", and numbers of three or four digits by pairs.
fn size(text: &str, width: &Number) -> Option<Reading> {
    let gap = ["x", " x "].into_iter().find(|gap| text[width.length..].starts_with(gap))?;
    let start = width.length + gap.len();
    let height = Number::parse(&text[start..]).filter(|number| !number.negative)?;
    let length = start + height.length;
    if !at_boundary(&text[length..]) {
        return None;
    }
    let said = |number: &Number| match (number.integer.len(), &number.decimals) {
        (3 | 4, None) if !number.grouped => Phrase::of(&house_number(&number.integer)),
        _ => number.phrase(),
    };
    let mut phrase = said(width);
    phrase.say("by").add(said(&height));
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
