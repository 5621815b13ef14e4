//! A graphone: letters and the phonemes that they spell.

use crate::text::symbols::Symbol;

/// One or two letters and up to two phonemes; unused places hold 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Graphone {
    /// Lower-case ASCII letters.
    pub letters: [u8; 2],
    /// Ids of phonemes.
    pub phonemes: [u8; 2],
}

/// How many letters and phonemes one graphone joins.
pub const SHAPES: [(usize, usize); 4] = [(1, 0), (1, 1), (1, 2), (2, 1)];

impl Graphone {
    /// The graphone of these letters and phonemes, of which only the first two count.
    pub fn new(letters: &[u8], phonemes: &[Symbol]) -> Self {
        let mut graphone = Self::default();
        graphone.letters.iter_mut().zip(letters).for_each(|(to, &from)| *to = from);
        graphone.phonemes.iter_mut().zip(phonemes).for_each(|(to, from)| *to = from.id());
        graphone
    }

    /// The letters, one or two.
    pub fn letters(&self) -> &[u8] {
        let length = self.letters.iter().take_while(|&&letter| letter != 0).count();
        &self.letters[..length]
    }

    /// The phonemes, none to two.
    pub fn phonemes(&self) -> impl Iterator<Item = Symbol> + use<> {
        self.phonemes.into_iter().filter(|&id| id != 0).filter_map(Symbol::from_id)
    }

    /// Whether one of the phonemes carries primary stress.
    pub fn is_stressed(&self) -> bool {
        self.phonemes().any(|phoneme| phoneme.stress() == Some(1))
    }
}
