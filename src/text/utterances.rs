//! Long text is cut into utterances at the ends of sentences and clauses.

use super::{
    phonemes::Pronounced,
    prosody::{SentenceKind, Utterance, add_prosody_markers},
    token::Token,
};

/// The most words in one utterance.
pub const MAX_WORDS: usize = 25;
/// The most phonemes in one utterance, unless a single word has more.
pub const MAX_PHONEMES: usize = 200;
/// A clause shorter than this is not cut off on its own.
const MIN_CLAUSE_WORDS: usize = 5;
/// A pause that the text asks for divides utterances from this length on.
const LONG_BREAK_MS: u32 = 300;

/// Words before which a clause can begin when there is no punctuation to cut at.
const CONJUNCTIONS: [&str; 14] =
    ["and", "but", "or", "because", "which", "who", "that", "when", "while", "where", "if", "so", "although", "until"];

/// One utterance a sentence; a sentence that is too long is cut at clause ends, conjunctions, or where it must be.
pub fn split(tokens: &[Pronounced]) -> Vec<Utterance> {
    let mut utterances = Vec::new();
    let (mut start, mut kind, mut begins) = (0, SentenceKind::default(), true);
    while start < tokens.len() {
        let rest = &tokens[start..];
        if begins {
            kind = SentenceKind::of(rest);
        }
        let fitting = fitting(rest);
        let end = rest[..fitting].iter().position(|token| token.token.ends_sentence() || is_long_break(&token.token));
        let length = match end {
            Some(end) => end + 1 + rest[end + 1..].iter().take_while(|token| token.token.pause().is_some()).count(),
            None if fitting == rest.len() => fitting,
            None => cut(rest, fitting),
        };
        let mut utterance = add_prosody_markers(&rest[..length]);
        // A part of a sentence is of the sentence's kind.
        utterance.kind = kind;
        start += length;
        begins = end.is_some();
        // What was cut where no mark stands.
        if !begins && start < tokens.len() && rest[length - 1].token.pause().is_none() {
            utterance.goes_on();
        }
        utterances.push(utterance);
    }
    utterances.retain(|utterance| !utterance.words.is_empty());
    utterances
}

/// Whether the text itself asks for a pause so long that what follows is said anew.
fn is_long_break(token: &Token) -> bool {
    token.milliseconds.is_some_and(|milliseconds| milliseconds >= LONG_BREAK_MS)
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
/// Words read from one number or abbreviation stay together unless that is longer than an utterance.
fn cut(tokens: &[Pronounced], limit: usize) -> usize {
    let divides_reading = |at: usize| tokens[at - 1].token.source == tokens[at].token.source;
    let after_pause = |&at: &usize| tokens[at - 1].token.pause().is_some();
    let before_conjunction = |&at: &usize| CONJUNCTIONS.contains(&tokens[at].token.text.as_str());
    let mut places = (MIN_CLAUSE_WORDS.min(limit)..=limit).rev().filter(|&at| !divides_reading(at));
    let last = places.clone().next();
    places.clone().find(after_pause).or_else(|| places.find(before_conjunction)).or(last).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use crate::text::FrontEnd;

    fn split(text: &str) -> Vec<String> {
        let words = |utterance: &super::Utterance| {
            utterance.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
        };
        FrontEnd::new().utterances(text).iter().map(words).collect()
    }

    #[test]
    fn sentences_are_utterances() {
        assert_eq!(split("One. Two? \"Three!\" Four"), ["one", "two", "three", "four"]);
        assert_eq!(split("Dr. Lee paid $3.50. Good."), ["doctor lee paid three dollars and fifty cents", "good"]);
    }

    #[test]
    fn long_sentences_are_cut_between_clauses_and_never_inside_a_number() {
        let clause = "the man who sold the house went home again";
        let parts = split(&format!("{clause}, {clause}, {clause}, {clause}."));
        assert_eq!(parts.len(), 2);
        assert!(parts.iter().all(|part| part.starts_with("the man") && part.ends_with("again")));
        let number = split(&format!("{} 1-800-555-1234 and more", "ship ".repeat(18)));
        assert!(
            number.iter().any(|part| part.contains("eight hundred five five five one two three four")),
            "{number:?}"
        );
    }
}
