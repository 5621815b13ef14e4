//! Labels for who of a few speakers speaks, where more than one may (Plaquet and Bredin 2023, "Powerset multi-class
//! cross entropy loss for neural speaker diarization").

/// Sets of `speakers` people of whom at most `at_once` speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Powerset {
    speakers: usize,
    /// Each class as bits; fewer speakers first.
    classes: Vec<u32>,
}

impl Powerset {
    /// All sets, in the order of `pyannote.audio.utils.powerset`: nobody, each alone, each pair, and so on.
    pub fn new(speakers: usize, at_once: usize) -> Self {
        let mut classes: Vec<u32> = (0..1u32 << speakers).filter(|set| set.count_ones() as usize <= at_once).collect();
        // Of as many speakers: by the first, then by the second.
        classes.sort_by_key(|set| (set.count_ones(), set.reverse_bits().wrapping_neg()));
        Self { speakers, classes }
    }

    /// Number of classes.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Never.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// Number of speakers.
    pub fn speakers(&self) -> usize {
        self.speakers
    }

    /// Whether `speaker` speaks in `class`.
    pub fn has(&self, class: usize, speaker: usize) -> bool {
        self.classes[class] >> speaker & 1 == 1
    }

    /// How many speak in `class`.
    pub fn size(&self, class: usize) -> usize {
        self.classes[class].count_ones() as usize
    }

    /// The class of a set of speakers; of too large a set, that of its first speakers.
    pub fn class_of(&self, mut set: u32) -> usize {
        loop {
            if let Some(class) = self.classes.iter().position(|&one| one == set) {
                return class;
            }
            set &= !(1 << (31 - set.leading_zeros()));
        }
    }

    /// Every order of the speakers, and for each what becomes of each class when speaker i is called `order[i]`.
    pub fn permutations(&self) -> Vec<(Vec<usize>, Vec<usize>)> {
        let renamed = |order: &[usize], set: u32| {
            (0..self.speakers).filter(|&i| set >> i & 1 == 1).map(|i| 1 << order[i]).sum::<u32>()
        };
        let classes = |order: &[usize]| self.classes.iter().map(|&set| self.class_of(renamed(order, set))).collect();
        orders(self.speakers)
            .into_iter()
            .map(|order| {
                let classes = classes(&order);
                (order, classes)
            })
            .collect()
    }
}

/// All orders of 0..count.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(count - 1);
    let insert = |order: &Vec<usize>, at: usize| [&order[..at], &[count - 1], &order[at..]].concat();
    shorter.iter().flat_map(|order| (0..=order.len()).map(move |at| insert(order, at))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_in_pyannotes_order() {
        let powerset = Powerset::new(3, 2);
        assert_eq!(powerset.classes, [0b000, 0b001, 0b010, 0b100, 0b011, 0b101, 0b110]);
        assert_eq!((powerset.len(), powerset.class_of(0b101), powerset.class_of(0b111)), (7, 5, 4));
        assert!(powerset.has(6, 1) && powerset.has(6, 2) && !powerset.has(6, 0));
    }

    #[test]
    fn an_order_renames_the_speakers_of_each_class() {
        let all = Powerset::new(3, 2).permutations();
        assert_eq!(all.len(), 6);
        let (_, swapped) = all.iter().find(|(order, _)| order == &[1, 0, 2]).expect("the order");
        assert_eq!(swapped, &[0, 2, 1, 3, 4, 6, 5]);
        let mut orders: Vec<_> = all.iter().map(|(order, _)| order.clone()).collect();
        orders.dedup();
        assert_eq!(orders.len(), 6);
    }
}
