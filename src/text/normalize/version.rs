//! Versions and addresses of dotted numbers: `v2.0.1`, `1.2.3`, `192.168.0.1`.

use super::{
    cardinal::Number,
    reading::{Cursor, Phrase, Reading, at_boundary, span},
};
use crate::text::token::Class;

/// Reads three or more numbers with dots, or `v` and a number.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let rest = cursor.rest();
    let named = rest.starts_with(['v', 'V']);
    let mut at = usize::from(named);
    let mut parts = Vec::new();
    loop {
        let digits = span(&rest[at..], |c| c.is_ascii_digit());
        if digits == 0 {
            break;
        }
        parts.push(&rest[at..at + digits]);
        at += digits;
        let more = rest[at..].strip_prefix('.').is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit()));
        if !more {
            break;
        }
        at += 1;
    }
    if !at_boundary(&rest[at..]) || parts.is_empty() || !named && parts.len() < 3 {
        return None;
    }
    let word = if parts.len() == 4 && !named { "dot" } else { "point" };
    let mut phrase = Phrase::of(if named { "version" } else { "" });
    for (i, part) in parts.iter().enumerate() {
        phrase.say(if i > 0 { word } else { "" }).add(Number::plain(part).phrase());
    }
    Some(Reading::new(at, Class::Version, phrase))
}
