//! Edit distance and the error rates built on it (Levenshtein 1966): phonemes, words or anything else that compares.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// How a hypothesis differs from a reference, by the fewest edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EditCounts {
    /// Reference items replaced by another.
    pub substitutions: usize,
    /// Items that the hypothesis has and the reference has not.
    pub insertions: usize,
    /// Reference items that the hypothesis lacks.
    pub deletions: usize,
    /// Number of items in the reference.
    pub reference_length: usize,
}

impl EditCounts {
    /// The edit distance.
    pub fn errors(&self) -> usize {
        self.substitutions + self.insertions + self.deletions
    }

    /// Errors per reference item: 0 is perfect, and more than 1 is possible. `None` if the reference is empty.
    pub fn rate(&self) -> Option<f64> {
        (self.reference_length > 0).then(|| self.errors() as f64 / self.reference_length as f64)
    }

    fn step(self, substitutions: usize, insertions: usize, deletions: usize) -> Self {
        Self {
            substitutions: self.substitutions + substitutions,
            insertions: self.insertions + insertions,
            deletions: self.deletions + deletions,
            ..self
        }
    }
}

impl AddAssign for EditCounts {
    /// Counts of a whole test set: the rate of the sum weighs long utterances more, as is usual.
    fn add_assign(&mut self, other: Self) {
        *self = self.step(other.substitutions, other.insertions, other.deletions);
        self.reference_length += other.reference_length;
    }
}

/// The fewest edits from `reference` to `hypothesis`. Of equal ways, the one with most substitutions counts.
/// Time is the product of the lengths, memory the length of the hypothesis.
pub fn edit_distance<T: PartialEq>(reference: &[T], hypothesis: &[T]) -> EditCounts {
    let empty = EditCounts { reference_length: reference.len(), ..EditCounts::default() };
    let mut row: Vec<EditCounts> = (0..=hypothesis.len()).map(|j| empty.step(0, j, 0)).collect();
    for expected in reference {
        let mut diagonal = row[0];
        row[0] = row[0].step(0, 0, 1);
        for (j, got) in hypothesis.iter().enumerate() {
            let replaced = diagonal.step(usize::from(expected != got), 0, 0);
            let deleted = row[j + 1].step(0, 0, 1);
            let inserted = row[j].step(0, 1, 0);
            diagonal = row[j + 1];
            row[j + 1] = fewest(replaced, fewest(deleted, inserted));
        }
    }
    row.last().copied().unwrap_or(empty)
}

/// The better of two; the first when equal.
fn fewest(a: EditCounts, b: EditCounts) -> EditCounts {
    if b.errors() < a.errors() { b } else { a }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counts(reference: &str, hypothesis: &str) -> (usize, usize, usize) {
        let chars = |s: &str| s.chars().collect::<Vec<_>>();
        let found = edit_distance(&chars(reference), &chars(hypothesis));
        (found.substitutions, found.insertions, found.deletions)
    }

    #[test]
    fn textbook_cases() {
        assert_eq!(counts("kitten", "sitting"), (2, 1, 0));
        assert_eq!(edit_distance(b"intention", b"execution").errors(), 5);
        assert_eq!(counts("abc", ""), (0, 0, 3));
        assert_eq!(counts("", "abc"), (0, 3, 0));
        assert_eq!(counts("abc", "abc"), (0, 0, 0));
        assert_eq!(counts("abcd", "bcd"), (0, 0, 1));
    }

    #[test]
    fn rates_add_up_over_a_test_set() {
        let mut total = edit_distance(b"abcd", b"abxd");
        assert_eq!(total.rate(), Some(0.25));
        total += edit_distance(b"abcdef", b"abcdefgh");
        assert_eq!(total.errors(), 3);
        assert_eq!(total.rate(), Some(0.3));
        assert_eq!(edit_distance(b"", b"ab").rate(), None);
    }

    /// The recursive definition, for short strings.
    fn by_definition(a: &[u8], b: &[u8]) -> usize {
        match (a, b) {
            ([], rest) | (rest, []) => rest.len(),
            ([x, a_rest @ ..], [y, b_rest @ ..]) if x == y => by_definition(a_rest, b_rest),
            ([_, a_rest @ ..], [_, b_rest @ ..]) => {
                1 + by_definition(a_rest, b_rest).min(by_definition(a, b_rest)).min(by_definition(a_rest, b))
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(
            a in prop::collection::vec(0u8..3, 0..7), b in prop::collection::vec(0u8..3, 0..7),
        ) {
            let found = edit_distance(&a, &b);
            prop_assert_eq!(found.errors(), by_definition(&a, &b));
            prop_assert_eq!(a.len() + found.insertions, b.len() + found.deletions);
        }
    }
}
