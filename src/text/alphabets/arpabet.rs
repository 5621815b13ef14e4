//! ARPAbet as in CMUdict: names with spaces between, stress 0, 1 or 2 after each vowel.

use super::reader::UnknownPhone;
use crate::text::symbols::Symbol;

/// Phonemes as names with spaces between.
pub fn write(phonemes: &[Symbol]) -> String {
    phonemes.iter().map(|phoneme| phoneme.name()).collect::<Vec<_>>().join(" ")
}

/// Reads names with spaces between; a vowel without a number has no stress.
///
/// # Errors
/// At the first name that is no phoneme, and when there is none at all.
pub fn read(text: &str) -> Result<Vec<Symbol>, UnknownPhone> {
    let mut phonemes = Vec::new();
    for name in text.split_ascii_whitespace() {
        let phoneme = Symbol::from_name(name).or_else(|| Symbol::from_name(&format!("{name}0")));
        let error = || UnknownPhone { at: name.as_ptr() as usize - text.as_ptr() as usize, found: name.to_owned() };
        phonemes.push(phoneme.filter(|phoneme| phoneme.is_phoneme()).ok_or_else(error)?);
    }
    if phonemes.is_empty() { Err(UnknownPhone { at: 0, found: String::new() }) } else { Ok(phonemes) }
}
