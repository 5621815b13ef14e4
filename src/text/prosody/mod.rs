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

impl Utterance {
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
