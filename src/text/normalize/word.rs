//! Ordinary words: letters with apostrophes inside, and names in camel case.

use super::reading::{Cursor, Phrase, Reading, head, span};
use crate::text::{
    lexicon::Lexicon,
    token::{Class, Say},
};

/// Words that begin with an apostrophe.
const CLIPPED: [&str; 12] =
    ["'bout", "'cause", "'em", "'til", "'till", "'tis", "'twas", "'twere", "'twill", "'round", "'n", "'twould"];
/// Longer runs of letters are said in parts of this length: no word is longer, and utterances have a limit.
pub const MAX_LETTERS: usize = 40;

/// Reads a run of letters with single apostrophes inside it.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let rest = cursor.rest();
    let clipped = CLIPPED.iter().find(|word| {
        rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && !rest[word.len()..].starts_with(|c: char| c.is_ascii_alphabetic())
    });
    let length = clipped.map_or_else(|| letters(head(rest, MAX_LETTERS)), |word| word.len());
    let written = &rest[..length];
    let mut phrase = Phrase::default();
    match written.len() {
        0 => return None,
        1 if is_letter_name(cursor) => drop(phrase.spell(written)),
        _ => humps(written, &mut phrase),
    }
    Some(Reading::new(length, Class::Word, phrase))
}

/// The bytes of letters, and of apostrophes between letters.
fn letters(text: &str) -> usize {
    let mut at = span(text, |c| c.is_ascii_alphabetic());
    while at > 0 && text[at..].starts_with('\'') {
        match span(&text[at + 1..], |c| c.is_ascii_alphabetic()) {
            0 => break,
            more => at += 1 + more,
        }
    }
    at
}

/// Whether a single letter is said by its name: all but "a" and "I" as words.
fn is_letter_name(cursor: &Cursor) -> bool {
    let next = cursor.rest().chars().nth(1).unwrap_or(' ');
    let article = match cursor.rest().chars().next() {
        Some('a') => true,
        Some('A') => next == ' ' && (cursor.starts_sentence() || cursor.previous_char() == '"'),
        Some('I' | 'O' | 'o') => true,
        _ => false,
    };
    !article || next.is_ascii_digit()
}

/// Adds a word, taken apart at inner capitals (`YouTube`, `iPhone`) unless it is listed as a whole.
pub fn humps(written: &str, phrase: &mut Phrase) {
    let lower = written.to_ascii_lowercase();
    let inner_capital = |text: &str| text.len() > 1 && text[1..].contains(|c: char| c.is_ascii_uppercase());
    if !inner_capital(written)
        || Lexicon::ENGLISH.contains(&lower)
        || !written.contains(|c: char| c.is_ascii_lowercase())
    {
        if !lower.is_empty() {
            phrase.0.push((lower, Say::Word));
        }
        return;
    }
    let bytes = written.as_bytes();
    let mut start = 0;
    for at in 1..=bytes.len() {
        let hump = at == bytes.len()
            || bytes[at].is_ascii_uppercase() && bytes[at - 1].is_ascii_lowercase()
            || bytes[at].is_ascii_digit() != bytes[at - 1].is_ascii_digit()
            || at + 1 < bytes.len()
                && bytes[at - 1].is_ascii_uppercase()
                && bytes[at].is_ascii_uppercase()
                && bytes[at + 1].is_ascii_lowercase();
        if hump {
            add_hump(&written[start..at], phrase);
            start = at;
        }
    }
}

fn add_hump(part: &str, phrase: &mut Phrase) {
    let all_capitals = part.len() > 1 && part.bytes().all(|b| b.is_ascii_uppercase());
    if part.bytes().all(|b| b.is_ascii_digit()) {
        phrase.say(&super::cardinal::cardinal_of(part));
    } else if part.len() == 1 || all_capitals && part.len() <= 3 {
        phrase.spell(part);
    } else {
        phrase.0.push((part.to_ascii_lowercase(), Say::Word));
    }
}
