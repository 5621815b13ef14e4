//! What a text says about its own reading: a passage is a text taken apart into what is written and what is marked.
//!
//! Plain text may hold `*emphasis*` and `[word](/phonemes/)` ([`inline`]); SSML has a parser of its own
//! ([`super::ssml`]). Both make a [`Passage`], which the normaliser reads.

pub mod inline;

use std::{borrow::Cow, ops::Range};

use super::{style::Style, symbols::Symbol, token::Unreadable};

/// A text with its marks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Passage<'a> {
    /// Writing and marks in the order of the text.
    pub parts: Vec<Part<'a>>,
    /// Marks that could not be made sense of.
    pub unreadable: Vec<Unreadable>,
    /// The whole input, to quote from.
    pub input: &'a str,
}

/// A stretch of writing, or a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part<'a> {
    /// Writing, to be read as it stands.
    Text {
        /// The characters.
        text: Cow<'a, str>,
        /// Where they are in the input.
        origin: Origin,
        /// How they are to sound.
        style: Style,
    },
    /// Writing whose reading is given.
    Given {
        /// What is written; for a substitute, what is said instead.
        text: String,
        /// How it is read.
        reading: Given,
        /// Its bytes in the input.
        source: Range<usize>,
        /// How it is to sound.
        style: Style,
    },
    /// A pause of this length, or no pause where there would be one.
    Break {
        /// The length.
        milliseconds: u32,
        /// Its bytes in the input.
        source: Range<usize>,
    },
    /// The end of a sentence, or of a paragraph.
    End {
        /// Whether a paragraph ends.
        paragraph: bool,
        /// Its bytes in the input.
        source: Range<usize>,
    },
}

/// Where characters of a passage are in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Byte for byte from here on.
    From(usize),
    /// All of them stand for these bytes.
    Whole(Range<usize>),
}

/// A reading that the text itself gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// These phonemes.
    Phonemes(Vec<Symbol>),
    /// The text of the part instead of what is written.
    Substitute,
    /// One class of writing.
    As(SayAs),
}

/// The classes of SSML's `say-as`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SayAs {
    /// Each letter, digit and sign by its name.
    Characters,
    /// Each digit by its name.
    Digits,
    /// A number of things.
    Cardinal,
    /// `VI` or `6` as "sixth".
    Ordinal,
    /// `3/20`.
    Fraction,
    /// A date with the day or the month first; `None` as the variety of English has it.
    Date(Option<DayOrder>),
    /// A time of day.
    Time,
    /// A phone number.
    Telephone,
    /// A sum of money.
    Currency,
    /// A quantity with its unit.
    Unit,
    /// A street address.
    Address,
}

/// Which number of a date comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayOrder {
    /// `5/1/2020` is the fifth of January.
    DayFirst,
    /// `1/5/2020` is the fifth of January.
    MonthFirst,
}

impl<'a> Passage<'a> {
    /// Plain text, with the marks that [`inline`] knows.
    pub fn of(input: &'a str) -> Self {
        inline::parse(input)
    }

    /// The text as it stands, without marks.
    pub fn verbatim(input: &'a str) -> Self {
        let text = Part::Text { text: Cow::Borrowed(input), origin: Origin::From(0), style: Style::default() };
        Self { parts: vec![text], unreadable: Vec::new(), input }
    }
}
