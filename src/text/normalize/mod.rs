//! The first step: written text becomes spoken words and pauses.
//!
//! Look-alikes are folded first (`fold`). Then, from left to right, the first reader that knows what stands at a
//! place reads it; each class of writing has its reader in a file of its own.

mod abbreviation;
mod acronym;
mod cardinal;
mod date;
mod fold;
mod fraction;
mod measure;
mod money;
mod ordinal;
mod phone;
mod punctuation;
mod range;
mod reading;
mod roman;
mod sign;
mod tag;
mod time;
mod version;
mod web;
mod word;
mod year;

use super::{
    symbols::Symbol,
    token::{Class, Normalized, Say, Token, Unreadable},
};
use fold::Folded;
use reading::{Cursor, Reading};

type Reader = fn(&Cursor) -> Option<Reading>;

/// What can begin with a digit, a sign or a point before digits: the most particular first.
const NUMBERS: [Reader; 14] = [
    web::read,
    date::read,
    time::read,
    phone::read,
    version::read,
    money::read,
    fraction::read,
    year::decade,
    measure::height,
    measure::read,
    ordinal::read,
    range::read,
    year::read,
    cardinal::read,
];
/// What can begin with a letter.
const WORDS: [Reader; 9] = [
    measure::bare_unit,
    date::read,
    money::read,
    abbreviation::read,
    web::read,
    version::read,
    roman::read,
    acronym::read,
    word::read,
];
/// What can begin with anything else.
const MARKS: [Reader; 13] = [
    money::read,
    phone::read,
    tag::read,
    year::decade,
    year::read,
    fraction::read,
    measure::read,
    cardinal::read,
    abbreviation::read,
    word::read,
    measure::bare_unit,
    sign::read,
    punctuation::read,
];

/// Reads `text` as a person would say it: words in lower case, pauses, and what could not be read.
pub fn normalize_text(text: &str) -> Normalized {
    let folded = Folded::new(text);
    let mut out = Normalized::default();
    let mut at = 0;
    while let Some(c) = folded.text[at..].chars().next() {
        let cursor = Cursor { text: &folded.text, at, spoken: &out.tokens };
        if c.is_whitespace() {
            if folded.text[at..].starts_with("\n\n") {
                end_paragraph(&mut out.tokens, folded.source(at..at + 1));
            }
            at += c.len_utf8();
        } else if let Some(reading) = read(c, &cursor) {
            let length = reading.length.max(1);
            push(reading, folded.source(at..at + length), &mut out.tokens);
            at += length;
        } else {
            leave_out(folded.source(at..at + c.len_utf8()), text, &mut out.unreadable);
            at += c.len_utf8();
        }
    }
    out
}

fn read(first: char, cursor: &Cursor) -> Option<Reading> {
    let readers: &[Reader] = match first {
        '0'..='9' => &NUMBERS,
        'a'..='z' | 'A'..='Z' => &WORDS,
        _ => &MARKS,
    };
    readers.iter().find_map(|reader| reader(cursor))
}

fn push(reading: Reading, source: std::ops::Range<usize>, tokens: &mut Vec<Token>) {
    for (text, say) in reading.phrase.0 {
        let class = if matches!(say, Say::Pause(_)) { Class::Punctuation } else { reading.class };
        tokens.push(Token { text, source: source.clone(), class, say });
    }
}

/// A blank line ends a sentence that has no mark of its own.
fn end_paragraph(tokens: &mut Vec<Token>, source: std::ops::Range<usize>) {
    if tokens.last().is_some_and(|last| last.pause().is_none_or(|pause| pause == Symbol::COMMA)) {
        let say = Say::Pause(Symbol::PERIOD);
        tokens.push(Token { text: ".".into(), source, class: Class::Punctuation, say });
    }
}

/// Reports characters that no reader knows; neighbours become one report.
fn leave_out(source: std::ops::Range<usize>, text: &str, unreadable: &mut Vec<Unreadable>) {
    match unreadable.last_mut() {
        Some(last) if last.source.end == source.start => {
            last.source.end = source.end;
            last.text = text[last.source.clone()].to_owned();
        }
        _ => unreadable.push(Unreadable { text: text[source.clone()].to_owned(), source }),
    }
}
