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
    // "A ⊂ B", "A + B".
    let sign_follows = cursor.rest().chars().nth(2).is_some_and(|c| "+=<>≤≥≠≡≈×÷⊂⊆∈∉∪∩→".contains(c));
    let article = match cursor.rest().chars().next() {
        Some('a') => true,
        Some('A') => {
            next == ' '
                && !sign_follows
                && (cursor.starts_sentence() || cursor.previous_char() == '"' || in_capitals(cursor))
        }
        Some('I' | 'O' | 'o') => true,
        _ => false,
    };
    !article || next.is_ascii_digit()
}

/// Whether the words before and after are written in capitals.
fn in_capitals(cursor: &Cursor) -> bool {
    let after = cursor.rest()[1..].trim_start();
    let after = &after[..span(head(after, MAX_LETTERS), |c| c.is_ascii_alphabetic())];
    [cursor.previous_word(), after].iter().all(|word| word.len() > 1 && word.bytes().all(|b| b.is_ascii_uppercase()))
}

/// Adds a word, taken apart at inner capitals and digits (`OpenStreetMap`, `iOS`) unless it is listed as a whole.
pub fn humps(written: &str, phrase: &mut Phrase) {
    if is_whole(written) {
        phrase.0.push((written.to_ascii_lowercase(), Say::Word));
        return;
    }
    let bytes = written.as_bytes();
    let mut start = 0;
    for at in 1..=bytes.len() {
        if at == bytes.len() || begins_hump(bytes, at) {
            add_hump(&written[start..at], phrase);
            start = at;
        }
    }
}

/// Whether a word is said as one: in one case, or listed. "iOS" is not the island that the lexicon lists.
fn is_whole(written: &str) -> bool {
    let bytes = written.as_bytes();
    let inner_capitals = bytes.iter().skip(1).filter(|b| b.is_ascii_uppercase()).count();
    let one_case = inner_capitals == 0 || !bytes.iter().any(u8::is_ascii_lowercase);
    let listed = inner_capitals == 1 && Lexicon::ENGLISH.contains(&written.to_ascii_lowercase());
    (one_case || listed) && !bytes.iter().any(u8::is_ascii_digit)
}

fn begins_hump(bytes: &[u8], at: usize) -> bool {
    let (before, here, after) = (bytes[at - 1], bytes[at], bytes.get(at + 1));
    let capital_after_small = here.is_ascii_uppercase() && before.is_ascii_lowercase();
    let last_of_capitals = here.is_ascii_uppercase()
        && before.is_ascii_uppercase()
        && after.is_some_and(|after| after.is_ascii_lowercase());
    capital_after_small || last_of_capitals || here.is_ascii_digit() != before.is_ascii_digit()
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
