//! The second step: spoken words become phonemes.

use std::collections::HashMap;

use super::{
    letters,
    pronounce::Pronouncer,
    reductions,
    symbols::Symbol,
    token::{Normalized, Say, Token, Unreadable},
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
    let mut unlisted = HashMap::new();
    let word_at =
        |at: usize| text.tokens.get(at).filter(|token| token.say == Say::Word).map(|token| token.text.as_str());
    for (at, token) in text.tokens.iter().enumerate() {
        let phonemes = match token.say {
            Say::Pause(_) => Vec::new(),
            _ if !token.given.is_empty() => token.given.clone(),
            Say::Letter => letters::named(&token.text),
            Say::Word => {
                let previous = at.checked_sub(1).and_then(word_at);
                pronouncer
                    .in_context(&token.text, previous, word_at(at + 1))
                    // Names come again and again in a long text.
                    .unwrap_or_else(|| {
                        unlisted.entry(&token.text).or_insert_with(|| pronouncer.word(&token.text)).clone()
                    })
            }
        };
        if phonemes.is_empty() && token.pause().is_none() {
            out.unreadable.push(Unreadable { text: token.text.clone(), source: token.source.clone() });
        } else {
            out.tokens.push(Pronounced { token: token.clone(), phonemes });
        }
    }
    out.unreadable.sort_by_key(|left_out| left_out.source.start);
    reductions::reduce(&mut out.tokens, pronouncer);
    out
}
