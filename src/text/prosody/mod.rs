//! The third step: phonemes, boundaries and pauses become the symbols that the models read, with markers beside them.

mod pause;
mod sentence;

pub use pause::Pause;
pub use sentence::SentenceKind;

use std::ops::Range;

use super::{
    phonemes::Pronounced,
    style::Style,
    symbols::Symbol,
    token::{Class, Token},
};

/// A spoken word of an utterance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word as it is said, in lower case.
    pub text: String,
    /// The bytes of the input that it was read from.
    pub source: Range<usize>,
    /// Where its phonemes are among the utterance's symbols.
    pub symbols: Range<usize>,
    /// What kind of writing it was read from.
    pub class: Class,
    /// How it is to sound.
    pub style: Style,
}

/// What is synthesised at once.
///
/// The symbols begin with [`Symbol::BOUNDARY`] and end with a pause, and between two words stands exactly one
/// boundary or pause. An utterance without words has no symbols.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Utterance {
    /// What the models read.
    pub symbols: Vec<Symbol>,
    /// The words, in order.
    pub words: Vec<Word>,
    /// The bytes of the input from the first word to the last.
    pub source: Range<usize>,
    /// What kind of sentence this is, or is a part of.
    pub kind: SentenceKind,
    /// Every pause among the symbols with its length, in order.
    pub pauses: Vec<Pause>,
    /// Whether a paragraph ends here.
    pub ends_paragraph: bool,
}

/// Lays words and pauses out as one utterance. Of several pauses in a row the strongest is kept.
pub fn add_prosody_markers(tokens: &[Pronounced]) -> Utterance {
    let mut out = Utterance { kind: SentenceKind::of(tokens), ..Utterance::default() };
    for (at, Pronounced { token, phonemes }) in tokens.iter().enumerate() {
        if let Some(symbol) = token.pause() {
            out.pause(symbol, token, &tokens[at + 1..]);
        } else if !phonemes.is_empty() {
            out.word(token, phonemes);
        }
    }
    if let (Some(first), Some(last)) = (out.words.first(), out.words.last()) {
        out.source = first.source.start..last.source.end;
        out.end();
    }
    out
}

/// What is cut off an utterance has at least so many words, as has what is left.
const LEAST_WORDS: usize = 3;

impl Utterance {
    /// Two utterances instead of one, cut at its first pause that leaves enough words on both sides.
    pub fn cut_at_pause(&self) -> Option<(Self, Self)> {
        let before = |at: usize| self.words.iter().filter(|word| word.symbols.start < at).count();
        let divides = |at: usize| (LEAST_WORDS..=self.words.len().saturating_sub(LEAST_WORDS)).contains(&before(at));
        let at = self.pauses.iter().map(|pause| pause.at).find(|&at| divides(at))?;
        let (first_words, rest_words) = self.words.split_at(before(at));
        let first = Self {
            symbols: self.symbols[..=at].to_vec(),
            words: first_words.to_vec(),
            source: self.source.start..first_words.last()?.source.end,
            pauses: self.pauses.iter().filter(|pause| pause.at <= at).copied().collect(),
            ends_paragraph: false,
            ..self.clone()
        };
        let moved = |word: &Word| Word { symbols: word.symbols.start - at..word.symbols.end - at, ..word.clone() };
        let rest = Self {
            symbols: [&[Symbol::BOUNDARY], &self.symbols[at + 1..]].concat(),
            words: rest_words.iter().map(moved).collect(),
            source: rest_words.first()?.source.start..self.source.end,
            pauses: self.pauses.iter().filter(|pause| pause.at > at).map(|p| Pause { at: p.at - at, ..*p }).collect(),
            ..self.clone()
        };
        Some((first, rest))
    }

    fn word(&mut self, token: &Token, phonemes: &[Symbol]) {
        if !self.symbols.last().is_some_and(|last| last.is_boundary()) {
            self.symbols.push(Symbol::BOUNDARY);
        }
        let start = self.symbols.len();
        self.symbols.extend_from_slice(phonemes);
        self.words.push(Word {
            text: token.text.clone(),
            source: token.source.clone(),
            symbols: start..self.symbols.len(),
            class: token.class,
            style: token.style.clone(),
        });
    }

    /// Ends the symbols with `symbol`, unless they end with a stronger pause or have not begun.
    fn pause(&mut self, symbol: Symbol, token: &Token, after: &[Pronounced]) {
        let Some(last) = self.symbols.last_mut() else { return };
        self.ends_paragraph |= token.ends_paragraph;
        if !last.is_pause() {
            self.symbols.push(symbol);
            let milliseconds = pause::milliseconds(symbol, self.kind, after);
            self.pauses.push(Pause { at: self.symbols.len() - 1, milliseconds, given: false });
        } else if strength(symbol) > strength(*last) {
            *last = symbol;
            self.lengthen(pause::milliseconds(symbol, self.kind, after));
        }
        if let (Some(milliseconds), Some(pause)) = (token.milliseconds, self.pauses.last_mut()) {
            (pause.milliseconds, pause.given) = (milliseconds, true);
        }
        if token.ends_paragraph {
            self.lengthen(pause::PARAGRAPH_MS);
        }
    }

    /// Notes that the sentence goes on: a mark that the text does not have stands for a short pause.
    pub(super) fn goes_on(&mut self) {
        if let Some(pause) = self.pauses.last_mut().filter(|pause| !pause.given) {
            pause.milliseconds = pause.milliseconds.min(pause::CLAUSE_MS);
        }
    }

    fn lengthen(&mut self, milliseconds: u32) {
        if let Some(pause) = self.pauses.last_mut().filter(|pause| !pause.given) {
            pause.milliseconds = pause.milliseconds.max(milliseconds);
        }
    }

    /// An utterance without a final mark is a statement.
    fn end(&mut self) {
        if !self.symbols.last().is_some_and(|last| last.is_pause()) {
            self.symbols.push(Symbol::PERIOD);
            let at = self.symbols.len() - 1;
            self.pauses.push(Pause { at, milliseconds: pause::SENTENCE_MS, given: false });
        }
    }
}

/// Which of several pauses in a row is said: a question in "?!", the end of the sentence in `."`.
fn strength(pause: Symbol) -> u8 {
    match pause {
        Symbol::QUESTION => 6,
        Symbol::EXCLAMATION => 5,
        Symbol::PERIOD => 4,
        Symbol::SEMICOLON => 3,
        Symbol::COLON => 2,
        Symbol::COMMA => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod cut_tests;
