//! Hashtags and handles: `#ThisAndThat`, `@some_body`.

use super::{
    reading::{Cursor, Phrase, Reading, head, span},
    word::{self, MAX_LETTERS},
};
use crate::text::token::Class;

/// Reads `#` or `@` with a name.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let rest = cursor.rest();
    let spoken = match rest.chars().next()? {
        '#' => "hashtag",
        '@' => "at",
        _ => return None,
    };
    let name = &rest[1..1 + span(head(&rest[1..], MAX_LETTERS), |c| c.is_ascii_alphanumeric() || c == '_')];
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || cursor.previous_char().is_alphanumeric() {
        return None;
    }
    let mut phrase = Phrase::of(spoken);
    for part in name.split('_').filter(|part| !part.is_empty()) {
        word::humps(part, &mut phrase);
    }
    Some(Reading::new(1 + name.len(), Class::Tag, phrase))
}
