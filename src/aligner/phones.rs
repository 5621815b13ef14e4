//! The classes that the aligner tells apart: silence and the phonemes without stress.

use std::sync::OnceLock;

use crate::text::symbols::Symbol;

/// A class of the aligner: 0 is silence, the others are phonemes in the order of their symbols' ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(pub u8);

impl Phone {
    /// Pauses, breaths, background.
    pub const SILENCE: Self = Self(0);

    /// How many classes there are: silence, 24 consonants and 15 vowels.
    pub const COUNT: usize = 40;

    /// States of a phoneme: its beginning, middle and end sound different, and it lasts at least three frames.
    pub const PARTS: usize = 3;

    /// How many states there are: one for silence, [`Phone::PARTS`] for each phoneme.
    pub const STATES: usize = 1 + (Self::COUNT - 1) * Self::PARTS;

    /// The states in the order in which they are passed.
    pub fn states(self) -> std::ops::Range<usize> {
        match usize::from(self.0) {
            0 => 0..1,
            class => 1 + (class - 1) * Self::PARTS..1 + class * Self::PARTS,
        }
    }

    /// Whose state this is.
    pub fn of_state(state: usize) -> Self {
        Self(state.div_ceil(Self::PARTS) as u8)
    }

    /// The class of a symbol; boundaries and pauses are silence.
    pub fn of(symbol: Symbol) -> Self {
        if !symbol.is_phoneme() {
            return Self::SILENCE;
        }
        let found = table().iter().position(|&phone| phone == symbol.without_stress());
        Self(found.map_or(0, |index| index as u8 + 1))
    }

    /// The symbol, vowels without stress; silence is the plain boundary.
    pub fn symbol(self) -> Symbol {
        let index = usize::from(self.0).checked_sub(1);
        index.and_then(|index| table().get(index).copied()).unwrap_or(Symbol::BOUNDARY)
    }
}

fn table() -> &'static [Symbol] {
    static TABLE: OnceLock<Vec<Symbol>> = OnceLock::new();
    TABLE.get_or_init(|| Symbol::all().filter(|s| s.is_phoneme() && s.without_stress() == *s).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_cover_all_classes_once() {
        let states: Vec<usize> = (0..Phone::COUNT as u8).flat_map(|class| Phone(class).states()).collect();
        assert_eq!(states, (0..Phone::STATES).collect::<Vec<_>>());
        assert!((0..Phone::STATES).all(|state| Phone::of_state(state).states().contains(&state)));
    }

    #[test]
    fn every_phoneme_has_a_class_of_its_own() {
        assert_eq!(table().len() + 1, Phone::COUNT);
        for symbol in Symbol::all() {
            let phone = Phone::of(symbol);
            if symbol.is_phoneme() {
                assert_eq!(phone.symbol(), symbol.without_stress());
            } else {
                assert_eq!(phone, Phone::SILENCE);
            }
        }
    }
}
