//! The first step: written text becomes spoken words and pauses.
//!
//! Look-alikes are folded first (`fold`). Then, from left to right, the first reader that knows what stands at a
//! place reads it; each class of writing has its reader in a file of its own. What the text itself says about its
//! reading (`given`) goes before all readers.

mod abbreviation;
mod acronym;
mod address;
mod british;
mod cardinal;
mod date;
mod emoji;
mod fold;
mod fraction;
mod given;
mod measure;
mod money;
mod month;
mod ordinal;
mod phone;
mod punctuation;
mod range;
mod reading;
mod roman;
mod run;
mod sign;
mod states;
mod tag;
mod time;
mod unit;
mod version;
mod web;
mod word;
mod year;

use super::{config, markup::Passage, token::Normalized};
use reading::{Cursor, Reading};

type Reader = fn(&Cursor) -> Option<Reading>;

/// What can begin with a digit, a sign or a point before digits: the most particular first.
const NUMBERS: [Reader; 15] = [
    web::read,
    date::read,
    time::read,
    phone::read,
    version::read,
    money::read,
    fraction::read,
    year::decade,
    address::read,
    measure::height,
    measure::read,
    ordinal::read,
    range::read,
    year::read,
    cardinal::read,
];
/// What can begin with a letter.
const WORDS: [Reader; 10] = [
    measure::bare_unit,
    address::state,
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
const MARKS: [Reader; 14] = [
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
    emoji::read,
    sign::read,
    punctuation::read,
];

/// Reads `text` as a person would say it: words in lower case, pauses, and what could not be read.
pub fn normalize_text(text: &str) -> Normalized {
    normalize(&Passage::of(text), config::Reading::default())
}

/// Reads a passage as a person would say it, with the readings that it gives.
pub fn normalize(passage: &Passage, reading: config::Reading) -> Normalized {
    run::Run::new(passage, reading).read()
}

fn read(first: char, cursor: &Cursor) -> Option<Reading> {
    let readers: &[Reader] = match first {
        '0'..='9' => &NUMBERS,
        'a'..='z' | 'A'..='Z' => &WORDS,
        _ => &MARKS,
    };
    readers.iter().find_map(|reader| reader(cursor))
}
