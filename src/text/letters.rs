//! The names of the letters.

use super::{lexicon::read_phonemes, morphology, symbols::Symbol};

/// The name of a letter, in ARPAbet.
fn name(letter: char) -> Option<&'static str> {
    Some(match letter.to_ascii_lowercase() {
        'a' => "EY1",
        'b' => "B IY1",
        'c' => "S IY1",
        'd' => "D IY1",
        'e' => "IY1",
        'f' => "EH1 F",
        'g' => "JH IY1",
        'h' => "EY1 CH",
        'i' => "AY1",
        'j' => "JH EY1",
        'k' => "K EY1",
        'l' => "EH1 L",
        'm' => "EH1 M",
        'n' => "EH1 N",
        'o' => "OW1",
        'p' => "P IY1",
        'q' => "K Y UW1",
        'r' => "AA1 R",
        's' => "EH1 S",
        't' => "T IY1",
        'u' => "Y UW1",
        'v' => "V IY1",
        'w' => "D AH1 B AH0 L Y UW0",
        'x' => "EH1 K S",
        'y' => "W AY1",
        'z' => "Z IY1",
        _ => return None,
    })
}

/// The phonemes of a letter's name, in American English.
pub fn letter(letter: char) -> Option<Vec<Symbol>> {
    name(letter).and_then(read_phonemes)
}

/// A word said letter by letter; characters that are no letters are passed over.
pub fn spell(word: &str) -> Vec<Symbol> {
    word.chars().filter_map(letter).flatten().collect()
}

/// Whether `phonemes` only name the letters of `word`, whatever the stress.
pub fn spells(word: &str, phonemes: &[Symbol]) -> bool {
    let bare = |phonemes: &[Symbol]| phonemes.iter().map(|s| s.without_stress()).collect::<Vec<_>>();
    bare(&spell(word)) == bare(phonemes)
}

/// A letter's name, with the ending of a plural or possessive where the text has one: `c`, `tv's`.
pub fn named(text: &str) -> Vec<Symbol> {
    match text.strip_suffix("'s") {
        Some(letters) => morphology::with_plural(spell(letters)),
        None => spell(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_has_a_name() {
        assert!(('a'..='z').chain('A'..='Z').all(|c| letter(c).is_some()));
        assert_eq!(letter('é'), None);
        assert_eq!(spell("f-b").len(), 4);
    }
}
