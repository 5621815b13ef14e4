//! Batches of similar length, a pure function of seed and step, so that a resumed run sees the same batches.

use std::cell::{Cell, RefCell};

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A plan of batches over items of known length.
#[derive(Debug)]
pub struct LengthBatches {
    lengths: Vec<usize>,
    capacity: Cell<usize>,
    seed: u64,
    /// The epoch that was asked for last: its number, its first step, and what is in it.
    known: RefCell<Option<Epoch>>,
}

#[derive(Debug, Clone)]
struct Epoch {
    number: u64,
    first: u64,
    batches: Vec<Vec<usize>>,
}

impl LengthBatches {
    /// Batches whose padded size (longest item times count) is at most `capacity`; an item longer than that is alone.
    pub fn new(lengths: Vec<usize>, capacity: usize, seed: u64) -> Self {
        Self { lengths, capacity: Cell::new(capacity), seed, known: RefCell::default() }
    }

    /// Makes batches half as large, unless that would leave the longest item no room.
    pub fn halve(&self) -> bool {
        let half = self.capacity.get() / 2;
        let possible = self.lengths.iter().all(|&length| length <= half);
        if possible {
            self.resize(half);
        }
        possible
    }

    /// Makes batches twice as large.
    pub fn double(&self) {
        self.resize(self.capacity.get() * 2);
    }

    /// Makes batches of another size.
    pub fn resize(&self, capacity: usize) {
        if self.capacity.replace(capacity) != capacity {
            self.known.take();
        }
    }

    /// The items of the batch at `step`. Every item comes once an epoch. Empty only if there are no items.
    pub fn at(&self, step: u64) -> Vec<usize> {
        if self.lengths.is_empty() {
            return Vec::new();
        }
        let mut epoch = match self.known.take() {
            Some(epoch) if epoch.first <= step => epoch,
            _ => Epoch { number: 0, first: 0, batches: self.epoch(0) },
        };
        while step >= epoch.first + epoch.batches.len() as u64 {
            let (number, first) = (epoch.number + 1, epoch.first + epoch.batches.len() as u64);
            epoch = Epoch { number, first, batches: self.epoch(number) };
        }
        let batch = epoch.batches[(step - epoch.first) as usize].clone();
        self.known.replace(Some(epoch));
        batch
    }

    /// All batches of one epoch, in order.
    pub fn epoch(&self, epoch: u64) -> Vec<Vec<usize>> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed ^ epoch.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        // Lengths are blurred, so that the same items do not always meet.
        let mut order: Vec<(f64, usize)> = self
            .lengths
            .iter()
            .enumerate()
            .map(|(item, &length)| (length as f64 * random.random_range(0.9..1.1), item))
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut batches: Vec<Vec<usize>> = Vec::new();
        let mut longest = 0;
        for (_, item) in order {
            let length = self.lengths[item].max(longest);
            match batches.last_mut() {
                Some(batch) if length * (batch.len() + 1) <= self.capacity.get() => {
                    longest = length;
                    batch.push(item);
                }
                _ => {
                    longest = self.lengths[item];
                    batches.push(vec![item]);
                }
            }
        }
        batches.shuffle(&mut random);
        batches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> LengthBatches {
        LengthBatches::new((1..=100).collect(), 300, 7)
    }

    #[test]
    fn an_epoch_holds_every_item_once_within_the_capacity() {
        let plan = plan();
        let batches = plan.epoch(3);
        let mut seen: Vec<usize> = batches.concat();
        seen.sort_unstable();
        assert_eq!(seen, (0..100).collect::<Vec<_>>());
        for batch in batches {
            let longest = batch.iter().map(|&item| plan.lengths[item]).max().unwrap_or(0);
            assert!(longest * batch.len() <= 300, "{batch:?}");
        }
    }

    #[test]
    fn steps_walk_through_epochs() {
        let plan = plan();
        let first = plan.epoch(0);
        let count = first.len() as u64;
        assert_eq!(plan.at(count - 1), first[first.len() - 1]);
        assert_eq!(plan.at(count), plan.epoch(1)[0]);
        assert_ne!(plan.epoch(0), plan.epoch(1));
    }

    #[test]
    fn a_long_item_is_alone_and_nothing_is_nothing() {
        assert_eq!(LengthBatches::new(vec![500], 300, 1).at(4), [0]);
        assert!(LengthBatches::new(vec![], 300, 1).at(4).is_empty());
    }
}
