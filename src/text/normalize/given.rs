//! Writing whose reading the text itself gives: phonemes, a substitute, or a class of SSML's `say-as`.

use super::{
    cardinal::{Number, digit_by_digit},
    date, ordinal,
    reading::{Cursor, Phrase, Reading},
    roman, sign,
};
use crate::text::{
    alphabets::Alphabet,
    config,
    markup::{Given, Passage, SayAs},
    symbols::Symbol,
    token::{Class, Normalized, Say, Token},
};

/// The tokens of `text`, whose sources are those of `text`.
pub fn read(text: &str, given: &Given, spoken: &[Token], reading: config::Reading) -> Normalized {
    match given {
        Given::Phonemes(phonemes) => phonetic(text, phonemes),
        Given::Substitute => super::normalize(&Passage::verbatim(text), reading),
        Given::As(class) => {
            let cursor = Cursor { text, at: 0, spoken, reading };
            let found = said_as(*class, &cursor).filter(|found| text[found.length..].trim().is_empty());
            // What the class can't read is read as if there were no class.
            found.map_or_else(|| super::normalize(&Passage::verbatim(text), reading), |found| tokens(found, text.len()))
        }
    }
}

fn phonetic(text: &str, phonemes: &[Symbol]) -> Normalized {
    let written = text.trim().to_lowercase();
    // Phonemes may stand without a word.
    let name = if written.is_empty() { Alphabet::Ipa.write(phonemes) } else { written };
    let mut token = Token::new(name, 0..text.len(), Class::Given, Say::Word);
    token.given = phonemes.to_vec();
    Normalized { tokens: vec![token], unreadable: Vec::new() }
}

fn tokens(found: Reading, length: usize) -> Normalized {
    let token = |(text, say): (String, Say)| {
        let class = if matches!(say, Say::Pause(_)) { Class::Punctuation } else { found.class };
        Token::new(text, 0..length, class, say)
    };
    Normalized { tokens: found.phrase.0.into_iter().map(token).collect(), unreadable: Vec::new() }
}

fn said_as(class: SayAs, cursor: &Cursor) -> Option<Reading> {
    let text = cursor.text;
    let whole = |class: Class, phrase: Phrase| (!phrase.0.is_empty()).then(|| Reading::new(text.len(), class, phrase));
    match class {
        SayAs::Characters => whole(Class::Acronym, characters(text, cursor)),
        SayAs::Digits => whole(Class::Cardinal, Phrase::of(&digit_by_digit(text))),
        SayAs::Cardinal => whole(Class::Cardinal, number(text)?.phrase()),
        SayAs::Ordinal => {
            let digits = text.trim_end_matches(char::is_alphabetic);
            let value = number(if digits.is_empty() { text } else { digits })?.whole()?;
            whole(Class::Ordinal, Phrase::of(&ordinal::ordinal(value)))
        }
        SayAs::Fraction => super::fraction::read(cursor),
        SayAs::Date(order) => date::read_as(cursor, order),
        SayAs::Time => super::time::read(cursor),
        SayAs::Telephone => {
            super::phone::read(cursor).or_else(|| whole(Class::Phone, Phrase::of(&digit_by_digit(text))))
        }
        SayAs::Currency => super::money::read(cursor),
        SayAs::Unit => super::measure::read(cursor),
        SayAs::Address => super::address::read(cursor),
    }
}

/// A number in digits, or a roman one.
fn number(text: &str) -> Option<Number> {
    let text = text.trim();
    let digits = Number::parse(text).filter(|number| number.length == text.len());
    digits.or_else(|| roman::value(text).map(|value| Number::plain(&value.to_string())))
}

/// Letters, digits and signs by their names.
fn characters(text: &str, cursor: &Cursor) -> Phrase {
    let mut phrase = Phrase::default();
    for (at, c) in text.char_indices() {
        if c.is_ascii_alphanumeric() {
            phrase.spell(&c.to_string());
        } else if let Some(name) = name_of(c) {
            phrase.say(name);
        } else if let Some(found) = sign::read(&Cursor { at, text: &text[..at + c.len_utf8()], ..*cursor }) {
            phrase.add(found.phrase);
        }
    }
    phrase
}

/// Marks that are said only where every character is.
fn name_of(c: char) -> Option<&'static str> {
    Some(match c {
        '.' => "dot",
        ',' => "comma",
        '-' => "dash",
        '/' => "slash",
        '\\' => "backslash",
        '_' => "underscore",
        ':' => "colon",
        ';' => "semicolon",
        '!' => "exclamation mark",
        '?' => "question mark",
        '#' => "hash",
        '*' => "asterisk",
        '(' | ')' => "bracket",
        '"' => "quote",
        '\'' => "apostrophe",
        _ => return None,
    })
}
