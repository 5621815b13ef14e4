//! How an unlisted word is said: a joint n-gram model over pairs of letters and phonemes.
//!
//! Words of the lexicon are aligned into *graphones*, one or two letters with up to two phonemes ([`align`]), and a
//! Kneser-Ney n-gram over the graphones is counted and pruned ([`ngram`]) into a table that is read in place
//! ([`table`]). A beam search finds the likeliest graphones that spell a word ([`beam`]), and an n-gram over stress
//! patterns helps to choose among them ([`stress`]). The method is that of Bisani and Ney (2008) and of Phonetisaurus
//! (Novak et al. 2015).
//!
//! Measured by `examples/train_letter_to_sound.rs` on a random tenth of the lexicon held out from training (11,726
//! words; the nearest of the listed pronunciations counts), with tables of 4.4 MB:
//!
//! | | phonemes wrong | words wrong |
//! |---|---|---|
//! | stress ignored | 6.70 % | 27.5 % |
//! | stress counted | 8.93 % | 32.6 % |
//!
//! It says 6,000 words a second on one core. Sizes that were tried on the same words (stress ignored): 0.9 MB, order 7
//! and no stress patterns: 7.90 % and 31.9 %; 2.9 MB: 6.86 % and 27.8 %; 5.2 MB: 6.74 % and 27.5 %. A second n-gram
//! from right to left gave 27.3 % instead of 27.7 % before pruning, for twice the size; graphones without stress gave
//! the same 27.7 %. The committed tables are learned from all words in the same way.

pub mod align;
pub mod beam;
pub mod evaluation;
pub mod graphone;
pub mod history;
pub mod ngram;
pub mod stress;
pub mod table;

use std::sync::OnceLock;

use super::symbols::Symbol;
use table::Table;

static GRAPHONES: &[u8] = include_bytes!("../../../models/lexicon/letter_to_sound.bin");
static STRESSES: &[u8] = include_bytes!("../../../models/lexicon/stress.bin");

/// The phonemes that the letters of `word` suggest; other characters are passed over. Empty without letters.
pub fn pronounce(word: &str) -> Vec<Symbol> {
    static TABLES: OnceLock<Option<(Table, Table)>> = OnceLock::new();
    let letters: Vec<u8> = word.bytes().map(|b| b.to_ascii_lowercase()).filter(u8::is_ascii_lowercase).collect();
    TABLES
        .get_or_init(|| Some((Table::read(GRAPHONES).ok()?, Table::read(STRESSES).ok()?)))
        .as_ref()
        .and_then(|(graphones, stresses)| beam::search(graphones, stresses, &letters))
        .unwrap_or_else(|| super::letters::spell(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(word: &str) -> String {
        pronounce(word).iter().map(|s| s.name()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_embedded_tables_are_whole() {
        assert!(Table::read(GRAPHONES).is_ok() && Table::read(STRESSES).is_ok());
    }

    #[test]
    fn regular_words_are_said_by_their_letters() {
        assert_eq!(say("splat"), "S P L AE1 T");
        assert_eq!(say("blunkest"), "B L AH1 NG K IH0 S T");
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
