//! The International Phonetic Alphabet as American dictionaries use it.

use super::{
    reader::{self, UnknownPhone},
    syllables::onset,
};
use crate::text::symbols::Symbol;

/// Vowels by their name without stress.
const VOWELS: [(&str, &str); 14] = [
    ("AA", "ɑ"),
    ("AE", "æ"),
    ("AO", "ɔ"),
    ("AW", "aʊ"),
    ("AY", "aɪ"),
    ("EH", "ɛ"),
    ("EY", "eɪ"),
    ("IH", "ɪ"),
    ("IY", "i"),
    ("OW", "oʊ"),
    ("OY", "ɔɪ"),
    ("UH", "ʊ"),
    ("UW", "u"),
    ("AH", "ʌ"),
];
/// Consonants that are not written like their names in small letters.
const CONSONANTS: [(&str, &str); 10] = [
    ("CH", "t͡ʃ"),
    ("JH", "d͡ʒ"),
    ("DH", "ð"),
    ("G", "ɡ"),
    ("HH", "h"),
    ("NG", "ŋ"),
    ("R", "ɹ"),
    ("SH", "ʃ"),
    ("TH", "θ"),
    ("ZH", "ʒ"),
];
/// What is read, with the usual variants: the longest first.
#[rustfmt::skip]
const SIGNS: [(&str, &str); 60] = [
    ("t͡ʃ", "CH"), ("d͡ʒ", "JH"), ("tʃ", "CH"), ("dʒ", "JH"), ("ʧ", "CH"), ("ʤ", "JH"),
    ("aʊ", "AW"), ("aɪ", "AY"), ("eɪ", "EY"), ("oʊ", "OW"), ("əʊ", "OW"), ("ɔɪ", "OY"), ("iː", "IY"), ("uː", "UW"),
    ("ɑː", "AA"), ("ɔː", "AO"), ("ɜːɹ", "ER"), ("ɜːr", "ER"), ("ɜɹ", "ER"), ("ɜr", "ER"), ("ɜː", "ER"), ("ɝ", "ER"),
    ("ɚ", "ER"), ("ɜ", "ER"), ("ɑ", "AA"), ("æ", "AE"), ("ʌ", "AH"), ("ə", "AH"), ("ɐ", "AH"), ("ɔ", "AO"),
    ("ɒ", "AA"), ("ɛ", "EH"), ("e", "EY"), ("ɪ", "IH"), ("ᵻ", "IH"), ("ɨ", "IH"), ("i", "IY"), ("o", "OW"),
    ("ʊ", "UH"), ("u", "UW"), ("a", "AE"), ("b", "B"), ("d", "D"), ("ð", "DH"), ("f", "F"), ("ɡ", "G"), ("g", "G"),
    ("h", "HH"), ("j", "Y"), ("k", "K"), ("l", "L"), ("m", "M"), ("n", "N"), ("ŋ", "NG"), ("p", "P"), ("ɹ", "R"),
    ("r", "R"), ("s", "S"), ("ʃ", "SH"), ("t", "T"),
];
/// The end of the signs.
#[rustfmt::skip]
const MORE_SIGNS: [(&str, &str); 6] = [("θ", "TH"), ("v", "V"), ("w", "W"), ("z", "Z"), ("ʒ", "ZH"), ("ɾ", "T")];

/// Phonemes with stress marks before the syllable; a dot where two signs would be read as one.
pub fn write(phonemes: &[Symbol]) -> String {
    let mut out = String::new();
    // Where the signs after the last vowel begin, one place a consonant.
    let mut consonants: Vec<usize> = Vec::new();
    let mut first = 0;
    for (i, phoneme) in phonemes.iter().enumerate() {
        if phoneme.is_vowel() {
            let mark = ["", "ˈ", "ˌ"][usize::from(phoneme.stress().unwrap_or(0))];
            let own = onset(&phonemes[first..i]);
            let place = if own == 0 { out.len() } else { consonants[consonants.len() - own] };
            out.insert_str(place, mark);
            consonants.clear();
            first = i + 1;
        } else {
            consonants.push(out.len());
        }
        let sign = sign(*phoneme);
        let merges = matches!(
            (out.chars().next_back(), sign.chars().next()),
            (Some('t'), Some('ʃ')) | (Some('d'), Some('ʒ')) | (Some('ɔ'), Some('ɪ'))
        );
        if merges {
            out.push('.');
        }
        out.push_str(&sign);
    }
    out
}

fn sign(phoneme: Symbol) -> String {
    let name = phoneme.name().trim_end_matches(|c: char| c.is_ascii_digit());
    match (name, phoneme.stress()) {
        ("AH", Some(0)) => "ə".to_owned(),
        ("ER", Some(0)) => "ɚ".to_owned(),
        ("ER", _) => "ɝ".to_owned(),
        ("Y", _) => "j".to_owned(),
        _ => {
            let listed = VOWELS.iter().chain(&CONSONANTS).find(|(listed, _)| *listed == name);
            listed.map_or_else(|| name.to_lowercase(), |(_, sign)| (*sign).to_owned())
        }
    }
}

/// Reads IPA, broad or with the usual details.
///
/// # Errors
/// At the first character that is no phoneme.
pub fn read(text: &str) -> Result<Vec<Symbol>, UnknownPhone> {
    reader::read(text, &[&SIGNS[..], &MORE_SIGNS[..]].concat())
}
