//! Phone numbers: `+1-800-555-1234`, `(800) 555-1234`, `555-1234`, `020 7946 0958`.

use super::{
    cardinal::digit_by_digit,
    reading::{Cursor, Phrase, Reading, at_boundary, span},
};
use crate::text::{symbols::Symbol, token::Class};

/// Digits of a phone number without a plus sign.
const DIGITS: std::ops::RangeInclusive<usize> = 10..=13;

/// Reads groups of digits that look like a phone number.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let text = cursor.rest();
    if let Some(length) = short_number(cursor) {
        return Some(Reading::new(length, Class::Phone, Phrase::of(&digit_by_digit(&text[..length]))));
    }
    let plus = text.starts_with('+');
    let (groups, length) = groups(&text[usize::from(plus)..]);
    let sizes: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let total: usize = sizes.iter().sum();
    let length = length + usize::from(plus);
    let plausible = match sizes.as_slice() {
        _ if plus => (8..=15).contains(&total),
        [3, 4] => text[..length].contains('-'),
        [3, 3, 4] | [1, 3, 3, 4] => true,
        [first, ..] => groups.len() > 2 && groups[0].starts_with('0') && *first > 1 && DIGITS.contains(&total),
        [] => false,
    };
    if !plausible || !at_boundary(&text[length..]) {
        return None;
    }
    let mut phrase = Phrase::of(if plus { "plus" } else { "" });
    for (i, group) in groups.iter().enumerate() {
        if i > 0 {
            phrase.pause(Symbol::COMMA);
        }
        phrase.say(&spoken(group));
    }
    Some(Reading::new(length, Class::Phone, phrase))
}

/// `911` and the like after "dial" or "call".
fn short_number(cursor: &Cursor) -> Option<usize> {
    const NUMBERS: [&str; 9] = ["911", "999", "112", "411", "311", "211", "811", "988", "101"];
    let number = NUMBERS.iter().find(|number| cursor.rest().starts_with(**number))?;
    let previous = cursor.previous_word().to_ascii_lowercase();
    let called = ["dial", "dialed", "call", "called", "phone", "ring"].contains(&previous.as_str());
    (called && at_boundary(&cursor.rest()[number.len()..])).then_some(number.len())
}

/// "Eight hundred" for 800, else digit by digit.
fn spoken(group: &str) -> String {
    match group.strip_suffix("00") {
        Some(hundreds) if hundreds.len() == 1 && hundreds != "0" => format!("{} hundred", digit_by_digit(hundreds)),
        _ => digit_by_digit(group),
    }
}

/// Runs of digits divided by one of space, dash or dot, brackets around one of them; and the bytes.
fn groups(text: &str) -> (Vec<&str>, usize) {
    let (mut found, mut at, mut end) = (Vec::new(), 0, 0);
    loop {
        let bracket = usize::from(text[at..].starts_with('('));
        let digits = span(&text[at + bracket..], |c| c.is_ascii_digit());
        if digits == 0 || bracket > 0 && !text[at + bracket + digits..].starts_with(')') {
            return (found, end);
        }
        found.push(&text[at + bracket..at + bracket + digits]);
        at += digits + 2 * bracket;
        end = at;
        if text[at..].starts_with(['-', ' ', '.']) {
            at += 1;
        } else if bracket == 0 {
            return (found, end);
        }
        if found.len() > 6 {
            return (found, end);
        }
    }
}
