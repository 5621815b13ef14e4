//! The second step: spoken words become phonemes.

use std::collections::HashMap;

use super::{
    heteronyms::Context,
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

/// The words around a token up to the next pause or letter.
fn context(tokens: &[Token], at: usize) -> Context<'_> {
    let mut context = Context::default();
    let word = |token: &'_ Token| token.say == Say::Word;
    for (to, token) in context.before.iter_mut().zip(tokens[..at].iter().rev().take_while(|token| word(token))) {
        *to = Some(token.text.as_str());
    }
    for (to, token) in context.after.iter_mut().zip(tokens[at + 1..].iter().take_while(|token| word(token))) {
        *to = Some(token.text.as_str());
    }
    context
}

/// Finds the phonemes of every word, in the context of its neighbours.
pub fn convert_to_phonemes(text: Normalized, pronouncer: &Pronouncer) -> Phonemized {
    let mut out = Phonemized { tokens: Vec::with_capacity(text.tokens.len()), unreadable: text.unreadable };
    let mut unlisted = HashMap::new();
    for (at, token) in text.tokens.iter().enumerate() {
        let phonemes = match token.say {
            Say::Pause(_) => Vec::new(),
            _ if !token.given.is_empty() => token.given.clone(),
            Say::Letter => letters::named(&token.text),
            Say::Word => {
                pronouncer
                    .in_context(&token.text, &context(&text.tokens, at))
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
