//! The phonemes in other alphabets: ARPAbet as in CMUdict, the International Phonetic Alphabet, and misaki's letters.
//!
//! ARPAbet and IPA are mapped to and back without loss, which a test shows for every entry of the lexicon. Misaki
//! writes an unstressed `ER0` like `AH0 R`, so that one of the two is lost there: `əɹ` is read as `ER0`, except at
//! the beginning of a word.

pub mod arpabet;
pub mod ipa;
pub mod misaki;
mod reader;
mod syllables;

pub use reader::UnknownPhone;

use super::symbols::Symbol;

/// An alphabet of phonemes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alphabet {
    /// `HH AH0 L OW1`.
    Arpabet,
    /// `həˈloʊ`.
    Ipa,
    /// `həlˈO`.
    Misaki,
}

impl Alphabet {
    /// Phonemes as text.
    pub fn write(self, phonemes: &[Symbol]) -> String {
        match self {
            Self::Arpabet => arpabet::write(phonemes),
            Self::Ipa => ipa::write(phonemes),
            Self::Misaki => misaki::write(phonemes),
        }
    }

    /// Text as phonemes, at least one.
    ///
    /// # Errors
    /// At the first character that is no phoneme of the alphabet.
    pub fn read(self, text: &str) -> Result<Vec<Symbol>, UnknownPhone> {
        match self {
            Self::Arpabet => arpabet::read(text),
            Self::Ipa => ipa::read(text),
            Self::Misaki => misaki::read(text),
        }
    }
}

/// Phonemes in whichever alphabet `text` is written: ARPAbet if it can be, else misaki's if it holds one of the letters
/// that only misaki has, else IPA.
///
/// # Errors
/// At the first character that is no phoneme.
pub fn read(text: &str) -> Result<Vec<Symbol>, UnknownPhone> {
    let is_misaki = |c: char| misaki::OWN_LETTERS.contains(c);
    arpabet::read(text).or_else(|_| match text.contains(is_misaki) {
        true => misaki::read(text),
        false => ipa::read(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::lexicon::{Lexicon, read_phonemes};

    /// Every pronunciation of the lexicon.
    fn pronunciations() -> impl Iterator<Item = Vec<Symbol>> {
        Lexicon::ENGLISH.entries().flat_map(|(_, listed)| listed.split('|').filter_map(read_phonemes))
    }

    #[test]
    fn arpabet_and_ipa_come_back_whole() {
        for phonemes in pronunciations() {
            for alphabet in [Alphabet::Arpabet, Alphabet::Ipa] {
                let written = alphabet.write(&phonemes);
                assert_eq!(alphabet.read(&written).as_deref(), Ok(phonemes.as_slice()), "{written}");
                assert_eq!(read(&written).as_deref(), Ok(phonemes.as_slice()), "{written}");
            }
        }
    }

    #[test]
    fn misaki_comes_back_but_for_er_and_schwa_with_r() {
        let merged = |phonemes: &[Symbol]| Alphabet::Arpabet.write(phonemes).replace("AH0 R", "ER0");
        let (mut whole, mut all) = (0usize, 0usize);
        for phonemes in pronunciations() {
            let written = Alphabet::Misaki.write(&phonemes);
            let back = Alphabet::Misaki.read(&written).unwrap();
            assert_eq!(merged(&back), merged(&phonemes), "{written}");
            whole += usize::from(back == phonemes);
            all += 1;
        }
        let share = 100.0 * whole as f64 / all as f64;
        assert!(share > 97.0, "{share:.2} % of {all} come back");
    }

    #[test]
    fn known_words_are_written_as_usual() {
        for (arpabet, ipa, misaki) in [
            ("HH AH0 L OW1", "həˈloʊ", "həlˈO"),
            ("K AH0 M P Y UW1 T ER0", "kəmˈpjutɚ", "kəmpjˈutəɹ"),
            ("CH ER1 CH", "ˈt͡ʃɝt͡ʃ", "ʧˈɜɹʧ"),
            ("JH OY1", "ˈd͡ʒɔɪ", "ʤˈY"),
            ("AE2 B S T R AE1 K SH AH0 N", "ˌæbˈstɹækʃən", "ˌæbstɹˈækʃən"),
        ] {
            let phonemes = read_phonemes(arpabet).unwrap();
            assert_eq!(Alphabet::Ipa.write(&phonemes), ipa);
            assert_eq!(Alphabet::Misaki.write(&phonemes), misaki);
        }
    }

    #[test]
    fn the_first_unknown_character_is_named() {
        for (text, at) in [("həlʘ", 4), ("", 0), ("ˈ", 2), ("kæt!", 4)] {
            assert_eq!(ipa::read(text).unwrap_err().at, at, "{text}");
        }
        assert!(read("%%").is_err());
    }
}
