//! Long text is cut into utterances at the ends of sentences and clauses.

use super::{
    phonemes::Pronounced,
    prosody::{Utterance, add_prosody_markers},
    symbols::Symbol,
};

/// The most words in one utterance.
pub const MAX_WORDS: usize = 25;
/// The most phonemes in one utterance, unless a single word has more.
pub const MAX_PHONEMES: usize = 200;
/// A clause shorter than this is not cut off on its own.
const MIN_CLAUSE_WORDS: usize = 5;

/// Words before which a clause can begin when there is no punctuation to cut at.
const CONJUNCTIONS: [&str; 14] =
    ["and", "but", "or", "because", "which", "who", "that", "when", "while", "where", "if", "so", "although", "until"];

/// One utterance a sentence; a sentence that is too long is cut at clause ends, conjunctions, or where it must be.
pub fn split(tokens: &[Pronounced]) -> Vec<Utterance> {
    let ends_sentence = |token: &Pronounced| {
        matches!(token.token.pause(), Some(Symbol::PERIOD | Symbol::QUESTION | Symbol::EXCLAMATION))
    };
    let mut utterances = Vec::new();
    let mut start = 0;
    while start < tokens.len() {
        let rest = &tokens[start..];
        let fitting = fitting(rest);
        let length = match rest[..fitting].iter().position(ends_sentence) {
            Some(end) => end + 1 + rest[end + 1..].iter().take_while(|token| token.token.pause().is_some()).count(),
            None if fitting == rest.len() => fitting,
            None => cut(rest, fitting),
        };
        utterances.push(add_prosody_markers(&rest[..length]));
        start += length;
    }
    utterances.retain(|utterance| !utterance.words.is_empty());
    utterances
}

/// How many tokens from the first on stay within the limits: at least one.
fn fitting(tokens: &[Pronounced]) -> usize {
    let (mut words, mut phonemes) = (0, 0);
    for (i, token) in tokens.iter().enumerate() {
        words += usize::from(token.token.pause().is_none());
        phonemes += token.phonemes.len();
        if words > MAX_WORDS || phonemes > MAX_PHONEMES {
            return i.max(1);
        }
    }
    tokens.len()
}

/// The best place to cut at or before `limit`: after a pause, else before a conjunction, else at the limit.
/// Words read from one number or abbreviation stay together when any other place is left.
fn cut(tokens: &[Pronounced], limit: usize) -> usize {
    let after_pause = |&at: &usize| tokens[at - 1].token.pause().is_some();
    let before_conjunction = |&at: &usize| CONJUNCTIONS.contains(&tokens[at].token.text.as_str());
    let between_sources = |&at: &usize| tokens[at - 1].token.source != tokens[at].token.source;
    let mut late = (MIN_CLAUSE_WORDS.min(limit)..=limit).rev();
    late.clone()
        .find(after_pause)
        .or_else(|| late.clone().find(|at| before_conjunction(at) && between_sources(at)))
        .or_else(|| late.find(between_sources))
        .unwrap_or(limit)
}
