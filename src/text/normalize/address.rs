//! Street addresses: `1428 Elm St.`, `708 N 1st St`, `Boston, MA 02134`.

use super::{
    cardinal::{Number, cardinal, digit_by_digit},
    reading::{Cursor, Phrase, Reading, at_boundary, head, span},
    states::STATES,
};
use crate::text::token::Class;

/// What streets are called, in full and cut short.
#[rustfmt::skip]
const STREETS: [&str; 33] = [
    "Street", "St", "ST", "st", "Avenue", "Ave", "Road", "Rd", "Boulevard", "Blvd", "Drive", "Dr", "Lane", "Ln",
    "Court", "Ct", "Way", "Place", "Pl", "Highway", "Hwy", "hwy", "Expressway", "Expy", "Parkway", "Pkwy", "Terrace",
    "Square", "Sq", "Circle", "Crescent", "Close", "Row",
];
/// The points of the compass before a street's name.
const DIRECTIONS: [(&str, &str); 8] = [
    ("NE", "northeast"),
    ("NW", "northwest"),
    ("SE", "southeast"),
    ("SW", "southwest"),
    ("N", "north"),
    ("S", "south"),
    ("E", "east"),
    ("W", "west"),
];
/// The most words in a street's name.
const MAX_WORDS: usize = 5;
/// How far a street's name is looked for.
const MAX_BYTES: usize = 80;

/// Reads a house number before a street's name, with the point of the compass after it.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let text = head(cursor.rest(), MAX_BYTES);
    let digits = span(text, |c| c.is_ascii_digit());
    if !(1..=5).contains(&digits) || text.starts_with('0') {
        return None;
    }
    let letter = usize::from(text[digits..].starts_with(|c: char| c.is_ascii_uppercase()));
    let mut length = digits + letter;
    let name = text[length..].strip_prefix(' ')?;
    if !names_street(name) {
        return None;
    }
    let mut phrase = Phrase::of(&house_number(&text[..digits]));
    phrase.spell(&text[digits..length]);
    if let Some((written, direction)) = direction(name) {
        phrase.say(direction);
        length += 1 + written;
    }
    Some(Reading::new(length, Class::Address, phrase))
}

/// Whether capitalised words that end in a word for streets begin here.
fn names_street(name: &str) -> bool {
    for (i, word) in name.split(' ').take(MAX_WORDS).enumerate() {
        let bare = word.trim_end_matches(['.', ',', ';', '!', '?']);
        if i > 0 && STREETS.contains(&bare) {
            return true;
        }
        let ends = word.ends_with([',', ';', '!', '?']) || word.ends_with('.') && word.len() > 2;
        if ends || !bare.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit()) {
            return false;
        }
    }
    false
}

/// Bytes and name of the point of the compass that stands before more of a name.
fn direction(name: &str) -> Option<(usize, &'static str)> {
    let (word, rest) = name.split_once(' ')?;
    let (_, spoken) = DIRECTIONS.iter().find(|(written, _)| *written == word.trim_end_matches('.'))?;
    let street_follows = STREETS.contains(&rest.split(' ').next().unwrap_or("").trim_end_matches(['.', ',']));
    (!street_follows).then_some((word.len(), *spoken))
}

/// By pairs: "fourteen twenty eight", "seven oh eight", "twelve hundred".
pub fn house_number(digits: &str) -> String {
    let value: u64 = digits.parse().unwrap_or(0);
    let (upper, lower) = (value / 100, value % 100);
    match (digits.len(), lower) {
        (1 | 2, _) => cardinal(value),
        (5.., _) => digit_by_digit(digits),
        (3, 0) | (4, 0) if upper % 10 == 0 || digits.len() == 3 => cardinal(value),
        (_, 0) => format!("{} hundred", cardinal(upper)),
        (_, 1..=9) => format!("{} oh {}", cardinal(upper), cardinal(lower)),
        _ => format!("{} {}", cardinal(upper), cardinal(lower)),
    }
}

/// Reads the code of a state with its postal code: `, MA 02134`.
pub fn state(cursor: &Cursor) -> Option<Reading> {
    let rest = cursor.rest();
    let (_, name) = STATES.iter().find(|(code, _)| rest.starts_with(code))?;
    let gap = if rest[2..].starts_with(", ") { 2 } else { 1 };
    let code = rest[2..].strip_prefix([' ', ','])?.trim_start_matches(' ');
    let digits = span(code, |c| c.is_ascii_digit());
    let more = code[digits..].strip_prefix('-').map_or(0, |more| span(more, |c| c.is_ascii_digit()));
    let extension = if more == 4 { 5 } else { 0 };
    let after_place = cursor.spoken.last().is_some_and(|last| last.pause().is_some());
    if digits != 5 || !after_place || !at_boundary(&code[5 + extension..]) || Number::parse(code)?.grouped {
        return None;
    }
    let mut phrase = Phrase::of(name);
    phrase.say(&digit_by_digit(&code[..5 + extension]));
    Some(Reading::new(2 + gap + 5 + extension, Class::Address, phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn house_numbers_are_said_by_pairs() {
        for (digits, words) in [
            ("7", "seven"),
            ("42", "forty two"),
            ("221", "two twenty one"),
            ("708", "seven oh eight"),
            ("300", "three hundred"),
            ("1428", "fourteen twenty eight"),
            ("1200", "twelve hundred"),
            ("2000", "two thousand"),
            ("1001", "ten oh one"),
            ("12345", "one two three four five"),
        ] {
            assert_eq!(house_number(digits), words);
        }
    }

    #[test]
    fn streets_are_told_from_other_names() {
        assert!(names_street("Elm St. It was") && names_street("N 1st St, San") && names_street("Baker Street"));
        assert!(!names_street("Americans on the Street") && !names_street("St. Louis") && !names_street("Elm. St"));
    }
}
