//! How an unlisted word is said: a joint n-gram model over pairs of letters and phonemes.
//!
//! Words of the lexicon are aligned into *graphones*, one or two letters with up to two phonemes ([`align`]), and a
//! Kneser-Ney n-gram over the graphones is counted and pruned ([`ngram`]) into a table that is read in place
//! ([`table`]). A beam search finds the likeliest graphones that spell a word ([`beam`]). The method is that of
//! Bisani and Ney (2008) and of Phonetisaurus (Novak et al. 2015).
//!
//! Measured by `examples/train_letter_to_sound.rs` on a random tenth of the lexicon held out from training (11,726
//! words; the nearest of the listed pronunciations counts), with a table of 0.88 MB:
//!
//! | | phonemes wrong | words wrong |
//! |---|---|---|
//! | stress ignored | 7.90 % | 31.9 % |
//! | stress counted | 10.57 % | 37.6 % |
//!
//! It says 7,500 words a second on one core. The table's size was set by the pruning threshold, of which three were
//! tried on this same tenth (0.69 MB: 7.94 % and 32.6 %; 0.96 MB: 7.65 % and 31.0 %, both with a wider beam, stress
//! ignored). The committed table is learned from all words in the same way.

pub mod align;
pub mod beam;
pub mod evaluation;
pub mod graphone;
pub mod ngram;
pub mod table;

use std::sync::OnceLock;

use super::symbols::Symbol;
use table::Table;

static ENGLISH: &[u8] = include_bytes!("../../../models/lexicon/letter_to_sound.bin");

/// The phonemes that the letters of `word` suggest; other characters are passed over. Empty without letters.
pub fn pronounce(word: &str) -> Vec<Symbol> {
    static TABLE: OnceLock<Option<Table>> = OnceLock::new();
    let letters: Vec<u8> = word.bytes().map(|b| b.to_ascii_lowercase()).filter(u8::is_ascii_lowercase).collect();
    TABLE
        .get_or_init(|| Table::read(ENGLISH).ok())
        .as_ref()
        .and_then(|table| beam::search(table, &letters))
        .unwrap_or_else(|| super::letters::spell(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(word: &str) -> String {
        pronounce(word).iter().map(|s| s.name()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_embedded_table_is_whole() {
        assert!(Table::read(ENGLISH).is_ok());
    }

    #[test]
    fn regular_words_are_said_by_their_letters() {
        assert_eq!(say("splat"), "S P L AE1 T");
        assert_eq!(say("blunkest"), "B L AH1 NG K AH0 S T");
        assert_eq!(say("phonk"), "F AA1 NG K");
        assert_eq!(say(""), "");
        assert_eq!(say("'-1"), "");
    }

    #[test]
    fn every_word_has_at_most_one_primary_stress_and_some_sound() {
        for word in ["zzzzz", "cucumetto", "bcdfgh", "aeiou", "xqzjv", "mantelish", "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"]
        {
            let phonemes = pronounce(word);
            assert!(!phonemes.is_empty(), "{word}");
            assert!(phonemes.iter().filter(|s| s.stress() == Some(1)).count() <= 1, "{word}");
        }
    }
}
