//! Blocks of windows that are heard side by side. Much of hearing is small steps, in which threads that share one block would
//! wait for each other.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::hearing::{Block, Hearing, Voice};

/// Copies of what hears, of which each is used by one thread at a time.
#[derive(Debug)]
pub struct SideBySide<H>(Vec<Mutex<H>>);

/// The most copies: each takes 200 MB, its networks and what they make of a block. More threads are of use within a block.
const MOST: usize = 2;

impl<H: Hearing + Send> SideBySide<H> {
    /// The first, and as many more as use so many threads well.
    ///
    /// # Errors
    /// As `load`.
    pub fn new<E>(first: H, threads: usize, load: impl Fn() -> Result<H, E>) -> Result<Self, E> {
        let more = (1..threads.min(MOST)).map(|_| load());
        let copies = std::iter::once(Ok(first)).chain(more);
        Ok(Self(copies.map(|copy| copy.map(Mutex::new)).collect::<Result<_, E>>()?))
    }

    /// How many copies there are.
    pub fn copies(&self) -> usize {
        self.0.len()
    }
}

impl<H: Hearing + Send> Hearing for SideBySide<H> {
    fn hear(&self, block: &Block) -> Vec<Vec<Voice>> {
        self.hear_all(std::slice::from_ref(block)).into_iter().next().unwrap_or_default()
    }

    fn at_once(&self) -> usize {
        2 * self.copies()
    }

    fn hear_all(&self, blocks: &[Block]) -> Vec<Vec<Vec<Voice>>> {
        let each = blocks.len().div_ceil(self.copies()).max(1);
        // A copy that panicked goes on hearing: it keeps nothing from block to block.
        let hear = |(blocks, copy): (&[Block], &Mutex<H>)| {
            copy.lock().unwrap_or_else(PoisonError::into_inner).hear_all(blocks)
        };
        blocks.par_chunks(each).zip(&self.0).flat_map_iter(hear).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diarization::hearing::tests::one_voice;

    /// Hears what number it is of those that were loaded, and how many windows a block has.
    #[derive(Debug)]
    struct Numbered(usize);

    impl Hearing for Numbered {
        fn hear(&self, block: &Block) -> Vec<Vec<Voice>> {
            vec![vec![one_voice(self.0, block.windows.len())]]
        }
    }

    #[test]
    fn blocks_come_back_in_order_from_several_copies() {
        let loaded = std::cell::Cell::new(0);
        let load = || -> Result<Numbered, ()> {
            loaded.set(loaded.get() + 1);
            Ok(Numbered(loaded.get()))
        };
        let copies = |threads| SideBySide::new(Numbered(0), threads, load).expect("copies");
        assert_eq!([1, 2, 64].map(|threads| copies(threads).copies()), [1, 2, MOST]);
        loaded.set(0);
        let blocks: Vec<Block> =
            (1..=5).map(|count| Block { samples: Vec::new(), windows: vec![0..1; count] }).collect();
        let heard = copies(2).hear_all(&blocks);
        let told: Vec<(usize, usize)> = heard.iter().map(|block| (block[0][0].local, block[0][0].frames)).collect();
        assert_eq!(told, [(0, 1), (0, 2), (0, 3), (1, 4), (1, 5)]);
        assert!(copies(4).hear_all(&[]).is_empty());
        let failing = SideBySide::new(Numbered(0), 2, || Err::<Numbered, _>("gone"));
        assert_eq!(failing.map(|all| all.copies()), Err("gone"));
    }
}
