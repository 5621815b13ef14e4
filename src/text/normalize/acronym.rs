//! Acronyms, said as a word or spelled: `NASA`, `FBI`, `PhD`, `TVs`, `MP3`.

use super::{
    reading::{Cursor, Phrase, Reading, head, span},
    word::MAX_LETTERS,
};
use crate::text::{
    letters,
    lexicon::Lexicon,
    style::Emphasis,
    token::{Class, Say},
};

/// Acronyms that are said as a word though no lexicon lists them so.
const SAID: [&str; 34] = [
    "AIDS", "ASCII", "BAFTA", "CAPTCHA", "COBOL", "COVID", "ERASMUS", "FEMA", "FIFA", "GIF", "IKEA", "JPEG", "LASER",
    "LIDAR", "NAFTA", "NASA", "NASCAR", "NASDAQ", "NATO", "NIMBY", "OPEC", "OSHA", "PIN", "POTUS", "RADAR", "RAM",
    "ROM", "SARS", "SCOTUS", "SCUBA", "SIM", "SWAT", "UNESCO", "UNICEF",
];
/// Acronyms that are spelled though their letters make a word.
const SPELLED: [&str; 36] = [
    "AC", "AD", "AM", "API", "ATM", "BA", "BBC", "BC", "CD", "CEO", "DC", "DIY", "DNA", "EU", "FAQ", "GPS", "HIV",
    "ID", "IRA", "IT", "LA", "MA", "NBA", "NHS", "PA", "PC", "PM", "PR", "RNA", "SOS", "TV", "UK", "UN", "US", "USA",
    "VAT",
];
/// Written in mixed case and spelled.
const MIXED: [&str; 8] = ["PhD", "PhDs", "MSc", "BSc", "GHz", "IoT", "IPv", "eBPF"];
/// Unlisted capitals up to this many letters are spelled.
const MAX_SPELLED: usize = 5;

/// Reads two or more capitals, perhaps with a plural or possessive ending.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let rest = cursor.rest();
    if let Some(written) = MIXED
        .iter()
        .rev()
        .find(|w| rest.strip_prefix(**w).is_some_and(|r| !r.starts_with(|c: char| c.is_ascii_alphabetic())))
    {
        let mut phrase = Phrase::default();
        phrase.spell(written.trim_end_matches('s'));
        if written.ends_with('s') {
            phrase.0.last_mut()?.0.push_str("'s");
        }
        return Some(Reading::new(written.len(), Class::Acronym, phrase));
    }
    let capitals = span(head(rest, MAX_LETTERS), |c| c.is_ascii_uppercase());
    let ending = ["'s", "s"].into_iter().find(|ending| ends_word(&rest[capitals..], ending)).unwrap_or("");
    if capitals < 2 || !ends_word(&rest[capitals..], ending) {
        return None;
    }
    let word = &rest[..capitals];
    let mut phrase = Phrase::default();
    if is_spelled(cursor, word, !ending.is_empty()) {
        phrase.spell(word);
    } else {
        phrase.say(word);
    }
    if !ending.is_empty() {
        phrase.0.last_mut()?.0.push_str("'s");
    }
    let mut reading = Reading::new(capitals + ending.len(), Class::Acronym, phrase);
    if is_stressed(cursor, word, &reading.phrase) {
        (reading.class, reading.emphasis) = (Class::Word, Emphasis::Moderate);
    }
    Some(reading)
}

/// Whether an ordinary word is written in capitals to stand out: said as a word, listed, among words in small letters.
fn is_stressed(cursor: &Cursor, word: &str, phrase: &Phrase) -> bool {
    let said = phrase.0.iter().all(|(_, say)| *say == Say::Word);
    let ordinary = !SAID.contains(&word) && Lexicon::ENGLISH.contains(&word.to_ascii_lowercase());
    said && ordinary && !in_capitals(cursor, word.len())
}

fn ends_word(rest: &str, ending: &str) -> bool {
    rest.strip_prefix(ending).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
}

fn is_spelled(cursor: &Cursor, word: &str, has_ending: bool) -> bool {
    if SAID.contains(&word) {
        return false;
    }
    let listed = Lexicon::ENGLISH.get(&word.to_ascii_lowercase()).is_some_and(|said| !letters::spells(word, &said));
    if !has_ending && in_capitals(cursor, word.len()) {
        // Among other capitals only what can't be a word is spelled.
        return !listed && !has_vowel(word);
    }
    SPELLED.contains(&word) || !listed && word.len() <= MAX_SPELLED || !has_vowel(word)
}

fn has_vowel(word: &str) -> bool {
    word.contains(['A', 'E', 'I', 'O', 'U', 'Y'])
}

/// Whether a neighbouring word is written in capitals too, and long enough to be no acronym.
fn in_capitals(cursor: &Cursor, length: usize) -> bool {
    let shouted = |word: &str| {
        word.len() > 1
            && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'\'')
            && Lexicon::ENGLISH.contains(&word.to_ascii_lowercase())
            && !SPELLED.contains(&word)
            && !SAID.contains(&word)
    };
    let next = cursor.rest()[length..].trim_start_matches([' ', ',']);
    let next = head(next, MAX_LETTERS);
    shouted(&next[..span(next, |c| c.is_ascii_alphabetic() || c == '\'')]) || shouted(cursor.previous_word())
}
