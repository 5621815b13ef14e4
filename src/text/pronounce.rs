//! How one word is said: user lexicon, lexicon, word formation, letter_to_sound, in this order.

use super::{letter_to_sound, lexicon::Lexicon, morphology, symbols::Symbol};

/// Finds pronunciations.
#[derive(Debug, Clone)]
pub struct Pronouncer {
    lexicon: Lexicon,
}

impl Default for Pronouncer {
    fn default() -> Self {
        Self { lexicon: Lexicon::ENGLISH }
    }
}

impl Pronouncer {
    /// The phonemes of `word`, which is in lower case. Empty only when the word has no letter at all.
    pub fn word(&self, word: &str) -> Vec<Symbol> {
        let word = word.trim_end_matches('\'');
        self.known(word)
            .or_else(|| self.known(word.trim_start_matches('\'')))
            .or_else(|| morphology::derive(word, &|stem| self.known(stem)))
            .unwrap_or_else(|| letter_to_sound::pronounce(word))
    }

    /// The phonemes of a word that is listed.
    pub fn known(&self, word: &str) -> Option<Vec<Symbol>> {
        self.lexicon.get(word)
    }
}
