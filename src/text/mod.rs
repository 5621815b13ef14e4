//! Text front end: what is written becomes what is said.
//!
//! Three steps, each public: [`normalize_text`] turns writing into spoken words and pauses,
//! [`convert_to_phonemes`] finds how each word is said, [`add_prosody_markers`] lays out the symbols of an
//! utterance. [`FrontEnd`] runs all three, on plain text or on SSML ([`ssml`]).
//!
//! The phonemes are ARPAbet as in CMUdict, with stress ([`symbols`]); [`alphabets`] has the maps to IPA and misaki.

pub mod alphabets;
pub mod config;
pub mod heteronyms;
pub mod letter_to_sound;
pub mod letters;
pub mod lexicon;
pub mod markup;
pub mod morphology;
pub mod normalize;
pub mod phonemes;
pub mod pronounce;
pub mod prosody;
mod reductions;
pub mod ssml;
pub mod style;
pub mod symbols;
pub mod token;
pub mod user_lexicon;
pub mod utterances;

pub use config::Config;
pub use markup::Passage;
pub use normalize::{normalize, normalize_text};
pub use phonemes::{Phonemized, Pronounced, convert_to_phonemes};
pub use pronounce::Pronouncer;
pub use prosody::{Pause, SentenceKind, Utterance, Word, add_prosody_markers};
pub use ssml::SsmlError;
pub use style::{Emphasis, Style};
pub use symbols::Symbol;
pub use token::{Class, Normalized, Say, Token, Unreadable};

use std::path::Path;

use user_lexicon::{UserLexicon, UserLexiconError};

/// Text to utterances. Cheap to make: the lexicon is embedded and searched in place.
#[derive(Debug, Clone, Default)]
pub struct FrontEnd {
    pronouncer: Pronouncer,
    reading: config::Reading,
}

impl FrontEnd {
    /// American English.
    pub fn new() -> Self {
        Self::default()
    }

    /// As the settings say.
    ///
    /// # Errors
    /// When the user's lexicon cannot be read or a line of it is not a word with its phonemes.
    pub fn configured(config: &Config) -> Result<Self, UserLexiconError> {
        let own =
            if config.lexicon.is_empty() { Self::new() } else { Self::with_user_lexicon(config.lexicon.as_ref())? };
        Ok(Self { reading: config.reading(), ..own })
    }

    /// American English, with the pronunciations of a file before its own: see [`user_lexicon`].
    ///
    /// # Errors
    /// When the file cannot be read or a line of it is not a word with its phonemes.
    pub fn with_user_lexicon(path: &Path) -> Result<Self, UserLexiconError> {
        Ok(Self { pronouncer: Pronouncer::new(UserLexicon::read(path)?), ..Self::default() })
    }

    /// `text` in utterances of at most [`utterances::MAX_WORDS`] words and [`utterances::MAX_PHONEMES`] phonemes.
    /// SSML is read as such; what only looks like it is read as plain text (see [`FrontEnd::check`]).
    pub fn utterances(&self, text: &str) -> Vec<Utterance> {
        utterances::split(&self.read(text).tokens)
    }

    /// `text` as a single utterance, however long: for transcripts of recordings.
    pub fn phonemize(&self, text: &str) -> Utterance {
        add_prosody_markers(&self.read(text).tokens)
    }

    /// What in `text` cannot be read and would not be spoken, in the order of the text.
    pub fn unreadable(&self, text: &str) -> Vec<Unreadable> {
        self.read(text).unreadable
    }

    /// Whether `text`, if it is meant as SSML, can be read as such.
    ///
    /// # Errors
    /// At the first mistake in a text that begins with `<speak>`.
    pub fn check(text: &str) -> Result<(), SsmlError> {
        if ssml::is_ssml(text) { ssml::parse(text).map(drop) } else { Ok(()) }
    }

    /// The first two steps.
    pub fn read(&self, text: &str) -> Phonemized {
        let document = ssml::is_ssml(text).then(|| ssml::parse(text).ok()).flatten();
        self.read_passage(&document.unwrap_or_else(|| Passage::of(text)))
    }

    /// The first two steps on a text whose marks are known.
    pub fn read_passage(&self, passage: &Passage) -> Phonemized {
        convert_to_phonemes(normalize::normalize(passage, self.reading), &self.pronouncer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols(text: &str) -> String {
        FrontEnd::new().phonemize(text).symbols.iter().map(|s| s.name()).collect::<Vec<_>>().join("_")
    }

    #[test]
    fn words_are_separated_by_one_boundary() {
        assert_eq!(symbols("Hello, world"), " _HH_AH0_L_OW1_,_W_ER1_L_D_.");
        assert_eq!(symbols("the apple, the pear"), " _DH_IY0_ _AE1_P_AH0_L_,_DH_AH0_ _P_EH1_R_.");
        assert_eq!(symbols("\"Why?!\", she said"), " _W_AY1_?_SH_IY1_ _S_EH1_D_.");
        assert_eq!(symbols(""), "");
        assert_eq!(symbols("..."), "");
    }

    #[test]
    fn the_users_words_come_first() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "the DH IY1\nPaul P AW1 L\n").unwrap();
        let utterance = FrontEnd::with_user_lexicon(file.path()).unwrap().phonemize("the Paul");
        let names: Vec<_> = utterance.symbols.iter().map(|s| s.name()).collect();
        assert_eq!(names.join("_"), " _DH_IY1_ _P_AW1_L_.");
    }

    #[test]
    fn words_know_their_places() {
        let utterance = FrontEnd::new().phonemize("  Hello, world!");
        assert_eq!(utterance.source, 2..14);
        let world = &utterance.words[1];
        assert_eq!((world.text.as_str(), world.source.clone()), ("world", 9..14));
        let names: Vec<_> = utterance.symbols[world.symbols.clone()].iter().map(|s| s.name()).collect();
        assert_eq!(names, ["W", "ER1", "L", "D"]);
    }
}
