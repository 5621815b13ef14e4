//! Pauses: commas, sentence ends, dashes, brackets, ellipses and blank lines.

use super::reading::{Cursor, Phrase, Reading, span};
use crate::text::{symbols::Symbol, token::Class};

/// Reads marks; those without a pause, such as quotes, have an empty phrase.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let rest = cursor.rest();
    let first = rest.chars().next()?;
    let (length, pause) = match first {
        '.' if rest.starts_with("..") => (span(rest, |c| c == '.'), Some(ellipsis(rest))),
        '.' => (1, Some(Symbol::PERIOD)),
        ',' => (1, Some(Symbol::COMMA)),
        '?' => (1, Some(Symbol::QUESTION)),
        '!' => (1, Some(Symbol::EXCLAMATION)),
        ';' => (1, Some(Symbol::SEMICOLON)),
        ':' => (1, Some(Symbol::COLON)),
        '—' | '–' | '•' | '·' => (first.len_utf8(), Some(Symbol::COMMA)),
        '-' => (span(rest, |c| c == '-'), dash(cursor)),
        '(' | ')' | '[' | ']' | '{' | '}' | '|' => (1, Some(Symbol::COMMA)),
        '"' | '\'' | '*' | '_' | '`' | '~' | '/' | '\\' | '#' | '^' => (1, None),
        _ => return None,
    };
    let mut phrase = Phrase::default();
    if let Some(pause) = pause {
        phrase.pause(pause);
    }
    Some(Reading::new(length, Class::Punctuation, phrase))
}

/// Trailing off: the end of a sentence, unless the sentence goes on in lower case.
fn ellipsis(rest: &str) -> Symbol {
    let goes_on = rest.trim_start_matches(['.', ' ']).starts_with(|c: char| c.is_lowercase());
    if goes_on { Symbol::SEMICOLON } else { Symbol::PERIOD }
}

/// A hyphen joins; two of them, or one between spaces, are a dash.
fn dash(cursor: &Cursor) -> Option<Symbol> {
    let spaced = cursor.previous_char().is_whitespace() && cursor.rest()[1..].starts_with(char::is_whitespace);
    (spaced || cursor.rest().starts_with("--")).then_some(Symbol::COMMA)
}
