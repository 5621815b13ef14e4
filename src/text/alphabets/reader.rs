//! Reads phonemes written without spaces, the longest sign first.

use crate::text::symbols::Symbol;

/// Text that is no phoneme of the alphabet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a phoneme at byte {at}, found {found:?}")]
pub struct UnknownPhone {
    /// Bytes before it.
    pub at: usize,
    /// What stands there; nothing at the end of the text.
    pub found: String,
}

/// Signs and the ARPAbet they stand for, vowels without stress; a longer sign stands before its own beginning.
pub type Signs = [(&'static str, &'static str)];

/// What divides syllables or words, or only tells how a sound is made (length, linking): read as nothing.
const SILENT: [char; 8] = ['.', ' ', 'ː', '\u{361}', '-', '‿', '/', '\u{2c8}'];

/// Reads `text`. A stress mark counts for the next vowel.
pub fn read(text: &str, signs: &Signs) -> Result<Vec<Symbol>, UnknownPhone> {
    let mut phonemes: Vec<Symbol> = Vec::new();
    let (mut at, mut stress) = (0, 0);
    while let Some(c) = text[at..].chars().next() {
        if let Some((sign, names)) = signs.iter().find(|(sign, _)| text[at..].starts_with(sign)) {
            for name in names.split(' ') {
                let phoneme = Symbol::from_name(name).or_else(|| Symbol::from_name(&format!("{name}{stress}")));
                let phoneme = phoneme.ok_or_else(|| unknown(text, at))?;
                stress = if phoneme.is_vowel() { 0 } else { stress };
                phonemes.push(phoneme);
            }
            at += sign.len();
        } else {
            match c {
                'ˈ' | '\'' => stress = 1,
                'ˌ' => stress = 2,
                _ if SILENT.contains(&c) => {}
                _ => return Err(unknown(text, at)),
            }
            at += c.len_utf8();
        }
    }
    if phonemes.is_empty() { Err(unknown(text, text.len())) } else { Ok(phonemes) }
}

fn unknown(text: &str, at: usize) -> UnknownPhone {
    UnknownPhone { at, found: text[at..].chars().take(1).collect() }
}
