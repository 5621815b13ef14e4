//! Where the syllable of a vowel begins: as many consonants as can begin an English word.

use crate::text::symbols::Symbol;

/// Clusters of consonants that begin words, besides single ones.
#[rustfmt::skip]
const ONSETS: [&str; 46] = [
    "P L", "P R", "P Y", "B L", "B R", "B Y", "T R", "T W", "D R", "D W", "K L", "K R", "K W", "K Y", "G L", "G R",
    "G W", "F L", "F R", "F Y", "TH R", "TH W", "SH R", "S P", "S T", "S K", "S M", "S N", "S L", "S W", "S F", "V Y",
    "M Y", "HH Y", "HH W", "N Y", "S P L", "S P R", "S T R", "S K R", "S K W", "S K L", "S P Y", "S K Y", "SH L",
    "SH M",
];

/// How many of `consonants` belong to the vowel that follows them.
pub fn onset(consonants: &[Symbol]) -> usize {
    let legal = |length: &usize| match &consonants[consonants.len() - length..] {
        [] => true,
        [one] => one.name() != "NG",
        several => {
            let names: Vec<_> = several.iter().map(|phoneme| phoneme.name()).collect();
            ONSETS.contains(&names.join(" ").as_str())
        }
    };
    (0..=consonants.len().min(3)).rev().find(legal).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::lexicon::read_phonemes;

    #[test]
    fn onsets_are_as_long_as_words_allow() {
        for (consonants, length) in [("B S T R", 3), ("M P Y", 2), ("NG", 0), ("NG K", 1), ("L D", 1), ("T L", 1)] {
            assert_eq!(onset(&read_phonemes(consonants).unwrap()), length, "{consonants}");
        }
    }
}
