//! The second step: spoken words become phonemes.

use super::{
    letters,
    pronounce::Pronouncer,
    reductions,
    symbols::Symbol,
    token::{Class, Normalized, Token, Unreadable},
};

/// A token with its phonemes, none for a pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pronounced {
    /// What the first step read.
    pub token: Token,
    /// How it is said.
    pub phonemes: Vec<Symbol>,
}

/// The second step's result.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Phonemized {
    /// Words and pauses in the order in which they are said. Every word has phonemes.
    pub tokens: Vec<Pronounced>,
    /// What was left out by this step and the one before.
    pub unreadable: Vec<Unreadable>,
}

/// Finds the phonemes of every word, in the context of its neighbours.
pub fn convert_to_phonemes(text: Normalized, pronouncer: &Pronouncer) -> Phonemized {
    let mut out = Phonemized { tokens: Vec::with_capacity(text.tokens.len()), unreadable: text.unreadable };
    for token in text.tokens {
        let phonemes = match token.class {
            Class::Punctuation => Vec::new(),
            Class::Letter => letters::spell(&token.text),
            _ => pronouncer.word(&token.text),
        };
        if phonemes.is_empty() && token.pause.is_none() {
            out.unreadable.push(Unreadable { text: token.text, source: token.source });
        } else {
            out.tokens.push(Pronounced { token, phonemes });
        }
    }
    reductions::reduce(&mut out.tokens);
    out
}
