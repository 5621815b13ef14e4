//! How long pauses are: by the mark, by what follows it, or as the text itself says.
//!
//! The lengths are this program's own choice, of the order in which readers pause: shortest between the items of a
//! list, longest between paragraphs. They are markers; a voice may have its own way.

use serde::Serialize;

use super::sentence::SentenceKind;
use crate::text::{phonemes::Pronounced, symbols::Symbol};

/// Where a sentence is cut between two clauses without any mark.
pub const CLAUSE_MS: u32 = 120;
/// At the end of a paragraph.
pub const PARAGRAPH_MS: u32 = 1000;
/// Between the items of a list.
const ITEM_MS: u32 = 150;
/// A comma before a few words: an address, an aside.
const COMMA_MS: u32 = 200;
/// A comma before a clause.
const CLAUSE_COMMA_MS: u32 = 280;
const COLON_MS: u32 = 350;
const SEMICOLON_MS: u32 = 400;
/// At the end of a sentence.
pub const SENTENCE_MS: u32 = 600;
/// So many words without a mark are a clause.
const CLAUSE_WORDS: usize = 5;

/// A pause of an utterance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pause {
    /// Where it is among the utterance's symbols.
    pub at: usize,
    /// Its length.
    pub milliseconds: u32,
    /// Whether the text itself gives the length.
    pub given: bool,
}

/// The length of a pause before `after` in a sentence of this kind.
pub fn milliseconds(pause: Symbol, kind: SentenceKind, after: &[Pronounced]) -> u32 {
    match pause {
        Symbol::PERIOD | Symbol::QUESTION | Symbol::EXCLAMATION => SENTENCE_MS,
        Symbol::SEMICOLON => SEMICOLON_MS,
        Symbol::COLON => COLON_MS,
        _ if kind == SentenceKind::List => ITEM_MS,
        _ => {
            let words = after.iter().take(CLAUSE_WORDS).take_while(|token| token.token.pause().is_none()).count();
            if words == CLAUSE_WORDS { CLAUSE_COMMA_MS } else { COMMA_MS }
        }
    }
}
