//! What the normaliser hands on: spoken words and pauses, each with the place it was read from.

use std::ops::Range;

use super::symbols::Symbol;

/// What kind of writing a word was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// An ordinary word.
    Word,
    /// One letter said by its name, as in "FBI".
    Letter,
    /// A pause.
    Punctuation,
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
    /// The pause, for punctuation.
    pub pause: Option<Symbol>,
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
