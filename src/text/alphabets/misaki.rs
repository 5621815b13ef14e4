//! Misaki's letters, American: one letter for each diphthong and affricate, stress marks right before the vowel.

use super::reader::{self, UnknownPhone};
use crate::text::symbols::Symbol;

/// Letters that IPA has not.
pub const OWN_LETTERS: &str = "AIOWYʤʧᵊᵻQT";

/// Phonemes by their name without stress. `AH` and `ER` are written by their stress.
#[rustfmt::skip]
const LETTERS: [(&str, &str); 37] = [
    ("AA", "ɑ"), ("AE", "æ"), ("AO", "ɔ"), ("AW", "W"), ("AY", "I"), ("EH", "ɛ"), ("EY", "A"), ("IH", "ɪ"),
    ("IY", "i"), ("OW", "O"), ("OY", "Y"), ("UH", "ʊ"), ("UW", "u"), ("B", "b"), ("CH", "ʧ"), ("D", "d"), ("DH", "ð"),
    ("F", "f"), ("G", "ɡ"), ("HH", "h"), ("JH", "ʤ"), ("K", "k"), ("L", "l"), ("M", "m"), ("N", "n"), ("NG", "ŋ"),
    ("P", "p"), ("R", "ɹ"), ("S", "s"), ("SH", "ʃ"), ("T", "t"), ("TH", "θ"), ("V", "v"), ("W", "w"), ("Y", "j"),
    ("Z", "z"), ("ZH", "ʒ"),
];
/// What is read besides [`LETTERS`], before them: details that ARPAbet does not have, and British vowels.
#[rustfmt::skip]
const VARIANTS: [(&str, &str); 11] = [
    ("ɜɹ", "ER"), ("əɹ", "ER"), ("ɜː", "ER"), ("ɜ", "ER"), ("ə", "AH"), ("ʌ", "AH"), ("ᵊ", "AH"), ("ᵻ", "IH"),
    ("ɾ", "T"), ("Q", "OW"), ("ɒ", "AA"),
];

/// Phonemes as misaki writes them.
pub fn write(phonemes: &[Symbol]) -> String {
    let mut out = String::new();
    for phoneme in phonemes {
        out.push_str(["", "ˈ", "ˌ"][usize::from(phoneme.stress().unwrap_or(0))]);
        let name = phoneme.name().trim_end_matches(|c: char| c.is_ascii_digit());
        out.push_str(match (name, phoneme.stress()) {
            ("AH", Some(0)) => "ə",
            ("AH", _) => "ʌ",
            ("ER", Some(0)) => "əɹ",
            ("ER", _) => "ɜɹ",
            _ => LETTERS.iter().find(|(listed, _)| *listed == name).map_or("", |(_, letter)| letter),
        });
    }
    out
}

/// Reads misaki's letters.
///
/// # Errors
/// At the first character that is none of them.
pub fn read(text: &str) -> Result<Vec<Symbol>, UnknownPhone> {
    let swapped = LETTERS.iter().map(|&(name, letter)| (letter, name));
    let signs: Vec<_> = VARIANTS.iter().copied().chain(swapped).collect();
    let mut phonemes = reader::read(text, &signs)?;
    // A word begins with a schwa and R (`around`) rather than with ER0.
    if phonemes[0].name() == "ER0" && phonemes.get(1).is_some_and(|next| next.is_vowel()) {
        let split = ["AH0", "R"].into_iter().filter_map(Symbol::from_name);
        phonemes.splice(0..1, split);
    }
    Ok(phonemes)
}
