//! The third step: phonemes, boundaries and pauses become the symbols that the models read.

use std::ops::Range;

use super::{phonemes::Pronounced, symbols::Symbol};

/// A spoken word of an utterance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word as it is said, in lower case.
    pub text: String,
    /// The bytes of the input that it was read from.
    pub source: Range<usize>,
    /// Where its phonemes are among the utterance's symbols.
    pub symbols: Range<usize>,
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
}

/// Lays words and pauses out as one utterance. Of several pauses in a row the strongest is kept.
pub fn add_prosody_markers(tokens: &[Pronounced]) -> Utterance {
    let mut out = Utterance::default();
    for Pronounced { token, phonemes } in tokens {
        match token.pause() {
            Some(pause) => strengthen(&mut out.symbols, pause),
            None if phonemes.is_empty() => {}
            None => {
                if !out.symbols.last().is_some_and(|last| last.is_boundary()) {
                    out.symbols.push(Symbol::BOUNDARY);
                }
                let start = out.symbols.len();
                out.symbols.extend_from_slice(phonemes);
                out.words.push(Word {
                    text: token.text.clone(),
                    source: token.source.clone(),
                    symbols: start..out.symbols.len(),
                });
            }
        }
    }
    if let (Some(first), Some(last)) = (out.words.first(), out.words.last()) {
        out.source = first.source.start..last.source.end;
        strengthen_end(&mut out.symbols);
    }
    out
}

/// Ends the symbols with `pause`, unless they end with a stronger one or have not begun.
fn strengthen(symbols: &mut Vec<Symbol>, pause: Symbol) {
    match symbols.last_mut() {
        None => {}
        Some(last) if last.is_pause() => *last = stronger(*last, pause),
        Some(_) => symbols.push(pause),
    }
}

/// An utterance without a final mark is a statement.
fn strengthen_end(symbols: &mut Vec<Symbol>) {
    if !symbols.last().is_some_and(|last| last.is_pause()) {
        symbols.push(Symbol::PERIOD);
    }
}

fn stronger(a: Symbol, b: Symbol) -> Symbol {
    if strength(b) > strength(a) { b } else { a }
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
