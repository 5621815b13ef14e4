//! How one word is said: user lexicon, heteronyms, lexicon, word formation, letter-to-sound model, in this order.

use std::sync::Arc;

use super::{
    heteronyms::{self, Context},
    letter_to_sound,
    lexicon::Lexicon,
    morphology,
    symbols::Symbol,
    user_lexicon::UserLexicon,
};

/// Finds pronunciations. Cheap to make and to clone.
#[derive(Debug, Clone)]
pub struct Pronouncer {
    lexicon: Lexicon,
    user: Arc<UserLexicon>,
}

impl Default for Pronouncer {
    fn default() -> Self {
        Self::new(UserLexicon::default())
    }
}

impl Pronouncer {
    /// American English, with the user's own words before it.
    pub fn new(user: UserLexicon) -> Self {
        Self { lexicon: Lexicon::ENGLISH, user: Arc::new(user) }
    }

    /// Whether the user has said how `word` is pronounced, so that no rule may change it.
    pub fn is_users(&self, word: &str) -> bool {
        self.user.get(word).is_some()
    }

    /// The phonemes of a listed word between its neighbours.
    pub fn in_context(&self, word: &str, context: &Context) -> Option<Vec<Symbol>> {
        let users = self.user.get(word).map(<[Symbol]>::to_vec);
        users.or_else(|| heteronyms::choose(word, context)).or_else(|| self.lexicon.get(word))
    }

    /// The phonemes of `word`, which is in lower case. Empty only when the word has no letter at all.
    pub fn word(&self, word: &str) -> Vec<Symbol> {
        self.known(word)
            .or_else(|| self.known(word.trim_matches('\'')))
            .or_else(|| morphology::derive(word, &|stem| self.known(stem)))
            .unwrap_or_else(|| match word.strip_suffix("'s") {
                Some(stem) => morphology::with_plural(letter_to_sound::pronounce(stem)),
                None => letter_to_sound::pronounce(word),
            })
    }

    /// The phonemes of a listed word in its usual form.
    pub fn known(&self, word: &str) -> Option<Vec<Symbol>> {
        self.in_context(word, &Context::default())
    }
}
