//! The lexicon: CMUdict, embedded as sorted text and searched in place, so nothing is parsed at start.

use super::symbols::Symbol;

/// `word<TAB>PH ON EM|OTH ER`, sorted by bytes; see `models/lexicon/README.md`.
static ENGLISH: &str = include_str!("../../models/lexicon/english.txt");

/// `emoji<TAB>name`, sorted by bytes; see `models/lexicon/README.md`.
static EMOJI: &str = include_str!("../../models/lexicon/emoji.txt");

/// A sorted lexicon in memory.
#[derive(Debug, Clone, Copy)]
pub struct Lexicon {
    lines: &'static str,
}

impl Lexicon {
    /// American English: 126,000 words of CMUdict.
    pub const ENGLISH: Self = Self { lines: ENGLISH };
    /// The names of emoji, which have no joiners, variation selectors and skin tones here.
    pub const EMOJI: Self = Self { lines: EMOJI };

    /// The preferred pronunciation of `word` (lower case, apostrophes kept), in phonemes.
    pub fn get(&self, word: &str) -> Option<Vec<Symbol>> {
        self.variants(word).next().and_then(read_phonemes)
    }

    /// All pronunciations of `word` as ARPAbet text, the preferred one first.
    pub fn variants(&self, word: &str) -> impl Iterator<Item = &'static str> + use<> {
        self.find(word).into_iter().flat_map(|pronunciations| pronunciations.split('|'))
    }

    /// Whether the lexicon holds `word`.
    pub fn contains(&self, word: &str) -> bool {
        self.find(word).is_some()
    }

    /// The words and their pronunciations, in the order of their bytes.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        self.lines.lines().filter_map(|line| line.split_once('\t'))
    }

    /// A binary search over byte positions: each probe is widened to the line around it.
    fn find(&self, word: &str) -> Option<&'static str> {
        let bytes = self.lines.as_bytes();
        let (mut low, mut high) = (0, bytes.len());
        while low < high {
            let probe = low + (high - low) / 2;
            let start = bytes[low..probe].iter().rposition(|&b| b == b'\n').map_or(low, |i| low + i + 1);
            let end = bytes[probe..high].iter().position(|&b| b == b'\n').map_or(high, |i| probe + i);
            let (entry, pronunciations) = self.lines.get(start..end)?.split_once('\t')?;
            match entry.cmp(word) {
                std::cmp::Ordering::Equal => return Some(pronunciations),
                std::cmp::Ordering::Less => low = end + 1,
                std::cmp::Ordering::Greater => high = start,
            }
        }
        None
    }
}

/// Phonemes from ARPAbet text such as `HH AH0 L OW1`; `None` when one of them is unknown or there are none.
pub fn read_phonemes(arpabet: &str) -> Option<Vec<Symbol>> {
    let phonemes: Option<Vec<_>> =
        arpabet.split_ascii_whitespace().map(|name| Symbol::from_name(name).filter(|s| s.is_phoneme())).collect();
    phonemes.filter(|phonemes| !phonemes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_and_every_pronunciation_read() {
        let mut words = 0;
        let mut previous = "";
        for (word, pronunciations) in Lexicon::ENGLISH.entries() {
            assert!(previous < word, "{previous} before {word}");
            assert_eq!(Lexicon::ENGLISH.find(word), Some(pronunciations));
            assert!(pronunciations.split('|').all(|p| read_phonemes(p).is_some()), "{word}");
            previous = word;
            words += 1;
        }
        assert!(words > 120_000, "{words} words");
    }

    #[test]
    fn absent_words_are_absent() {
        for word in ["", "zzzzzz", "Hello", "hello ", "\n", "\t", "hello\t", "aaaaaaa", "~", "é", "quixotique"] {
            assert!(!Lexicon::ENGLISH.contains(word), "{word:?}");
        }
    }

    #[test]
    fn variants_keep_their_order() {
        let variants: Vec<_> = Lexicon::ENGLISH.variants("read").collect();
        assert_eq!(variants, ["R EH1 D", "R IY1 D"]);
    }

    #[test]
    fn unknown_phonemes_are_refused() {
        assert_eq!(read_phonemes("HH AX0"), None);
        assert_eq!(read_phonemes(" "), None);
        assert_eq!(read_phonemes("HH , AH0"), None);
    }
}
