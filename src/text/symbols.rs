//! The alphabet of every model: ARPAbet as in CMUdict, word boundaries and pauses.
//!
//! | ids | symbols |
//! |---|---|
//! | 0 | padding, never part of an utterance |
//! | 1 | word boundary without a pause, written `" "` |
//! | 2 to 7 | pauses `, . ? ! ; :` |
//! | 8 to 31 | the 24 consonants, in alphabetical order |
//! | 32 to 76 | the 15 vowels, in alphabetical order, each with stress 0, 1, 2 |
//!
//! Trained weights hold these ids: they never change. A new symbol takes the next free id.

use std::fmt;

/// Names of the symbols that are no phonemes, by id.
const MARKS: [&str; 8] = ["_", " ", ",", ".", "?", "!", ";", ":"];
/// Names of the consonants, from id [`FIRST_CONSONANT`] on.
const CONSONANTS: [&str; 24] = [
    "B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH", "T", "TH", "V", "W",
    "Y", "Z", "ZH",
];
/// Names of the vowels with stress, from id [`FIRST_VOWEL`] on.
const VOWELS: [&str; 45] = [
    "AA0", "AA1", "AA2", "AE0", "AE1", "AE2", "AH0", "AH1", "AH2", "AO0", "AO1", "AO2", "AW0", "AW1", "AW2", "AY0",
    "AY1", "AY2", "EH0", "EH1", "EH2", "ER0", "ER1", "ER2", "EY0", "EY1", "EY2", "IH0", "IH1", "IH2", "IY0", "IY1",
    "IY2", "OW0", "OW1", "OW2", "OY0", "OY1", "OY2", "UH0", "UH1", "UH2", "UW0", "UW1", "UW2",
];
const FIRST_CONSONANT: u8 = MARKS.len() as u8;
const FIRST_VOWEL: u8 = FIRST_CONSONANT + CONSONANTS.len() as u8;
/// The stresses of each vowel.
const STRESSES: u8 = 3;

/// One symbol of the alphabet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(u8);

impl Symbol {
    /// How many symbols there are: the size of a model's embedding table.
    pub const COUNT: usize = MARKS.len() + CONSONANTS.len() + VOWELS.len();
    /// Fills a batch up to its longest utterance.
    pub const PAD: Self = Self(0);
    /// Between two words that are said without a pause, and before the first word.
    pub const BOUNDARY: Self = Self(1);
    /// A short pause.
    pub const COMMA: Self = Self(2);
    /// The end of a statement.
    pub const PERIOD: Self = Self(3);
    /// The end of a question.
    pub const QUESTION: Self = Self(4);
    /// The end of an exclamation.
    pub const EXCLAMATION: Self = Self(5);
    /// A pause between a comma's and a period's.
    pub const SEMICOLON: Self = Self(6);
    /// A pause that announces what follows.
    pub const COLON: Self = Self(7);

    /// The symbol with this id, if there is one.
    pub fn from_id(id: u8) -> Option<Self> {
        (usize::from(id) < Self::COUNT).then_some(Self(id))
    }

    /// The symbol of this name: an ARPAbet phoneme in capitals (vowels with stress), `" "` or a pause.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.as_bytes() {
            [a] => decode(*a, 0, 0),
            [a, b] => decode(*a, *b, 0),
            [a, b, c] => decode(*a, *b, *c),
            _ => None,
        }
    }

    /// The id, from 0 to [`Symbol::COUNT`] - 1: a row of the embedding table.
    pub fn id(self) -> u8 {
        self.0
    }

    /// The name that [`Symbol::from_name`] reads.
    pub fn name(self) -> &'static str {
        match self.0 {
            id if id < FIRST_CONSONANT => MARKS[usize::from(id)],
            id if id < FIRST_VOWEL => CONSONANTS[usize::from(id - FIRST_CONSONANT)],
            id => VOWELS[usize::from(id - FIRST_VOWEL)],
        }
    }

    /// Whether this is a vowel, of any stress.
    pub fn is_vowel(self) -> bool {
        self.0 >= FIRST_VOWEL
    }

    /// Whether this is a vowel or a consonant.
    pub fn is_phoneme(self) -> bool {
        self.0 >= FIRST_CONSONANT
    }

    /// Whether this is one of `, . ? ! ; :`.
    pub fn is_pause(self) -> bool {
        (Self::COMMA.0..FIRST_CONSONANT).contains(&self.0)
    }

    /// Whether this stands between words: the plain boundary or a pause.
    pub fn is_boundary(self) -> bool {
        self == Self::BOUNDARY || self.is_pause()
    }

    /// The stress of a vowel: 0 none, 1 primary, 2 secondary.
    pub fn stress(self) -> Option<u8> {
        self.is_vowel().then(|| (self.0 - FIRST_VOWEL) % STRESSES)
    }

    /// The same vowel with stress 0; any other symbol unchanged.
    pub fn without_stress(self) -> Self {
        Self(self.0 - self.stress().unwrap_or(0))
    }

    /// The same vowel with this stress; any other symbol, and a stress above 2, leave it unchanged.
    pub fn with_stress(self, stress: u8) -> Self {
        if self.is_vowel() && stress < STRESSES { Self(self.without_stress().0 + stress) } else { self }
    }

    /// All symbols in the order of their ids.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT as u8).map(Self)
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.name())
    }
}

/// Ids by the first letter and, when there is one, the second: `ABSENT` where no phoneme is called so.
const BY_LETTERS: [u8; 26 * 27] = letter_table();
const ABSENT: u8 = u8::MAX;

const fn letter_table() -> [u8; 26 * 27] {
    let mut table = [ABSENT; 26 * 27];
    let mut i = 0;
    while i < CONSONANTS.len() {
        let name = CONSONANTS[i].as_bytes();
        let second = if name.len() > 1 { name[1] - b'A' + 1 } else { 0 };
        table[(name[0] - b'A') as usize * 27 + second as usize] = FIRST_CONSONANT + i as u8;
        i += 1;
    }
    let mut i = 0;
    while i < VOWELS.len() {
        let name = VOWELS[i].as_bytes();
        table[(name[0] - b'A') as usize * 27 + (name[1] - b'A' + 1) as usize] = FIRST_VOWEL + i as u8;
        i += STRESSES as usize;
    }
    table
}

/// The symbol spelled by these bytes, 0 standing for "none". The lexicon is read through this, so no search.
fn decode(first: u8, second: u8, stress: u8) -> Option<Symbol> {
    if !first.is_ascii_uppercase() {
        let mark = MARKS.iter().position(|mark| mark.as_bytes() == [first])?;
        return (second == 0).then_some(Symbol(mark as u8));
    }
    let second = match second {
        0 => 0,
        b'A'..=b'Z' => second - b'A' + 1,
        _ => return None,
    };
    let id = BY_LETTERS[usize::from(first - b'A') * 27 + usize::from(second)];
    match (id, stress) {
        (ABSENT, _) => None,
        (id, 0) if id < FIRST_VOWEL => Some(Symbol(id)),
        (id, b'0'..=b'2') if id >= FIRST_VOWEL => Some(Symbol(id + stress - b'0')),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_trained_weights() {
        let names: Vec<_> = Symbol::all().map(Symbol::name).collect();
        assert_eq!(
            names.join("|"),
            "_| |,|.|?|!|;|:|B|CH|D|DH|F|G|HH|JH|K|L|M|N|NG|P|R|S|SH|T|TH|V|W|Y|Z|ZH|AA0|AA1|AA2|AE0|AE1|AE2|AH0|AH1|\
             AH2|AO0|AO1|AO2|AW0|AW1|AW2|AY0|AY1|AY2|EH0|EH1|EH2|ER0|ER1|ER2|EY0|EY1|EY2|IH0|IH1|IH2|IY0|IY1|IY2|OW0|\
             OW1|OW2|OY0|OY1|OY2|UH0|UH1|UH2|UW0|UW1|UW2"
        );
        assert_eq!(Symbol::COUNT, 77);
        assert_eq!(Symbol::PERIOD.id(), 3);
        assert_eq!(Symbol::from_name("UW2").map(Symbol::id), Some(76));
    }

    #[test]
    fn names_and_ids_are_inverse() {
        for symbol in Symbol::all() {
            assert_eq!(Symbol::from_name(symbol.name()), Some(symbol));
            assert_eq!(Symbol::from_id(symbol.id()), Some(symbol));
        }
        assert_eq!(Symbol::from_id(77), None);
    }

    #[test]
    fn other_names_are_refused() {
        for name in ["", "AA", "AA3", "B1", "QQ", "b", "aa1", "AA11", "é", "  ", ", ", "N0", "A", "HH ", "-"] {
            assert_eq!(Symbol::from_name(name), None, "{name:?}");
        }
    }

    #[test]
    fn classes_divide_the_alphabet() {
        let count = |class: fn(Symbol) -> bool| Symbol::all().filter(|&symbol| class(symbol)).count();
        assert_eq!(count(Symbol::is_vowel), 45);
        assert_eq!(count(Symbol::is_phoneme), 69);
        assert_eq!(count(Symbol::is_pause), 6);
        assert_eq!(count(Symbol::is_boundary), 7);
        assert!(!Symbol::PAD.is_boundary() && !Symbol::PAD.is_phoneme());
    }

    #[test]
    fn stress_is_taken_and_put_back() {
        let stressed = Symbol::from_name("ER1").unwrap();
        assert_eq!(stressed.stress(), Some(1));
        assert_eq!(stressed.without_stress().name(), "ER0");
        assert_eq!(stressed.with_stress(2).name(), "ER2");
        assert_eq!(stressed.with_stress(3), stressed);
        assert_eq!(Symbol::COMMA.with_stress(1), Symbol::COMMA);
        assert_eq!(Symbol::from_name("NG").unwrap().stress(), None);
    }
}
