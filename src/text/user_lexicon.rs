//! A user's own pronunciations, which come before all others.
//!
//! One word a line, then its phonemes in ARPAbet, IPA or misaki's letters: `Gathercole  G AE1 DH ER0 K OW2 L`. Empty lines and lines that
//! begin with `#` are passed over; of two lines for one word the later counts.

use std::{collections::HashMap, path::Path};

use super::{alphabets, symbols::Symbol};
use crate::error::FileError;

/// The most phonemes of one word: an utterance must have room for it.
const MAX_PHONEMES: usize = 60;

/// The file is no lexicon.
#[derive(Debug, thiserror::Error)]
pub enum UserLexiconError {
    /// The file could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line is not a word with its phonemes.
    #[error(
        "line {line}: expected a word and 1 to {MAX_PHONEMES} phonemes such as \"hello HH AH0 L OW1\", found {found:?}"
    )]
    Line {
        /// Counted from 1.
        line: usize,
        /// The line.
        found: String,
    },
}

/// Pronunciations by word in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserLexicon {
    words: HashMap<String, Vec<Symbol>>,
}

impl UserLexicon {
    /// Reads a file.
    ///
    /// # Errors
    /// When the file cannot be read, or at the first line that is not of the format.
    pub fn read(path: &Path) -> Result<Self, UserLexiconError> {
        let text = std::fs::read_to_string(path).map_err(FileError::on("read", path))?;
        Self::parse(&text)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// At the first line that is not of the format.
    pub fn parse(text: &str) -> Result<Self, UserLexiconError> {
        let mut words = HashMap::new();
        for (i, line) in text.trim_start_matches('\u{FEFF}').lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let error = || UserLexiconError::Line { line: i + 1, found: line.to_owned() };
            let (word, phonemes) = line.split_once(char::is_whitespace).ok_or_else(error)?;
            let phonemes = alphabets::read(phonemes).ok().filter(|p| p.len() <= MAX_PHONEMES).ok_or_else(error)?;
            words.insert(word.to_lowercase().replace('\u{2019}', "'"), phonemes);
        }
        Ok(Self { words })
    }

    /// The phonemes of `word`, in lower case.
    pub fn get(&self, word: &str) -> Option<&[Symbol]> {
        self.words.get(word).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_words_with_phonemes() {
        let lexicon = UserLexicon::parse("# names\n\nKnollys  N OW1 L Z\nO’Hare\tOW0 HH EH1 R\nKeogh ˈkioʊ\n").unwrap();
        assert_eq!(lexicon.get("knollys").map(<[_]>::len), Some(4));
        assert_eq!(lexicon.get("o'hare").map(<[_]>::len), Some(4));
        assert_eq!(lexicon.get("keogh").map(<[_]>::len), Some(3));
        assert_eq!(lexicon.get("other"), None);
    }

    #[test]
    fn the_first_wrong_line_is_named() {
        for wrong in ["word", "word XX1", "word HH , AH0", &format!("word {}", "AH0 ".repeat(61))] {
            let error = UserLexicon::parse(&format!("good G UH1 D\n{wrong}")).unwrap_err();
            assert!(error.to_string().starts_with("line 2: expected"), "{error}");
        }
        let missing = UserLexicon::read(Path::new("no/such/lexicon.txt")).unwrap_err();
        assert!(missing.to_string().starts_with("cannot read no/such/lexicon.txt"), "{missing}");
    }
}
