//! Function words as they are said inside a sentence: `the` and `to` by the sound that follows.

use super::{lexicon::read_phonemes, phonemes::Pronounced, pronounce::Pronouncer, symbols::Symbol, token::Say};

/// Replaces the listed form of `the`, `a` and `to` by the one that its neighbour asks for.
pub fn reduce(tokens: &mut [Pronounced], pronouncer: &Pronouncer) {
    for i in 0..tokens.len() {
        let Pronounced { token, .. } = &tokens[i];
        if token.say != Say::Word || !token.given.is_empty() || pronouncer.is_users(&token.text) {
            continue;
        }
        let next = tokens.get(i + 1).and_then(|next| next.phonemes.first().copied());
        if let Some(phonemes) = reduced(&tokens[i].token.text, next) {
            tokens[i].phonemes = phonemes;
        }
    }
}

/// The form of a function word before `next`, which is `None` at a pause and at the end.
fn reduced(word: &str, next: Option<Symbol>) -> Option<Vec<Symbol>> {
    let form = match (word, next) {
        ("the", Some(next)) if next.is_vowel() => "DH IY0",
        ("the", _) => "DH AH0",
        ("a", Some(_)) => "AH0",
        ("a", None) => "EY1",
        ("to", Some(next)) if !next.is_vowel() => "T AH0",
        ("to", _) => "T UW1",
        _ => return None,
    };
    read_phonemes(form)
}
