//! What the normaliser hands on: spoken words and pauses, each with the place it was read from.

use std::ops::Range;

use serde::Serialize;

use super::{style::Style, symbols::Symbol};

/// What kind of writing a token was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// An ordinary word.
    Word,
    /// A number of things: `1,234`, `-5`, `3.14`.
    Cardinal,
    /// `21st`.
    Ordinal,
    /// `3/4`, `2 1/2`, `½`.
    Fraction,
    /// `1984`, `the 1990s`, `'68`.
    Year,
    /// `Jan. 5, 2020`, `2020-01-05`.
    Date,
    /// `3:30 pm`.
    Time,
    /// `$3.50`.
    Money,
    /// `5 km/h`, `20 °C`, `5 %`.
    Measure,
    /// `(800) 555-1234`.
    Phone,
    /// `1428 Elm St.`, `Boston, MA 02134`.
    Address,
    /// `10-20`.
    Range,
    /// `Henry VIII`.
    Roman,
    /// `Dr.`, `etc.`
    Abbreviation,
    /// `FBI`, `NASA`.
    Acronym,
    /// A URL, an e-mail address or a file name.
    Web,
    /// `v2.0.1`.
    Version,
    /// `+`, `&`, `=`.
    Sign,
    /// `#ThisAndThat`, `@somebody`.
    Tag,
    /// A picture such as a smiling face.
    Emoji,
    /// A word whose phonemes or reading the text itself gives: `[word](/.../)`, SSML's `phoneme` and `sub`.
    Given,
    /// A pause.
    Punctuation,
}

/// How a token becomes phonemes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Say {
    /// As a word.
    Word,
    /// By the name of its one letter.
    Letter,
    /// As a pause.
    Pause(Symbol),
}

/// A spoken word, or a pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The word as it is said, in lower case; the mark itself for a pause.
    pub text: String,
    /// The bytes of the input that it was read from. Words of one number share them.
    pub source: Range<usize>,
    /// What it was read as.
    pub class: Class,
    /// How it is said.
    pub say: Say,
    /// The phonemes that the text itself gives for it; mostly none.
    pub given: Vec<Symbol>,
    /// How it is to sound.
    pub style: Style,
    /// How long a pause is, where the text itself says so.
    pub milliseconds: Option<u32>,
    /// Whether a paragraph ends with this pause.
    pub ends_paragraph: bool,
}

impl Token {
    /// A token in the plain style.
    pub fn new(text: impl Into<String>, source: Range<usize>, class: Class, say: Say) -> Self {
        let (given, style) = (Vec::new(), Style::default());
        Self { text: text.into(), source, class, say, given, style, milliseconds: None, ends_paragraph: false }
    }

    /// A pause read from these bytes.
    pub fn pausing(pause: Symbol, source: Range<usize>) -> Self {
        Self::new(pause.name(), source, Class::Punctuation, Say::Pause(pause))
    }

    /// The pause, unless this is a word.
    pub fn pause(&self) -> Option<Symbol> {
        match self.say {
            Say::Pause(pause) => Some(pause),
            Say::Word | Say::Letter => None,
        }
    }

    /// Whether a sentence ends with this pause.
    pub fn ends_sentence(&self) -> bool {
        matches!(self.pause(), Some(Symbol::PERIOD | Symbol::QUESTION | Symbol::EXCLAMATION))
    }

    /// Whether this is said as the word `text`.
    pub fn is_word(&self, text: &str) -> bool {
        self.say == Say::Word && self.text == text
    }
}

/// A stretch of the input that could not be read, and so is not spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The characters.
    pub text: String,
    /// Their bytes in the input.
    pub source: Range<usize>,
}

/// The first step's result.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Normalized {
    /// Words and pauses in the order in which they are said.
    pub tokens: Vec<Token>,
    /// What was left out, in the order of the input.
    pub unreadable: Vec<Unreadable>,
}
