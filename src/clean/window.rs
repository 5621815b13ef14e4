//! The least of the last so many values.

use std::collections::VecDeque;

/// A sliding minimum at a constant cost per value (a queue of rising values).
#[derive(Debug)]
pub(super) struct WindowMin {
    length: usize,
    pushed: usize,
    /// Positions and values; both rise from front to back.
    rising: VecDeque<(usize, f32)>,
}

impl WindowMin {
    pub(super) fn new(length: usize) -> Self {
        Self { length, pushed: 0, rising: VecDeque::new() }
    }

    pub(super) fn push(&mut self, value: f32) {
        while self.rising.back().is_some_and(|&(_, last)| last >= value) {
            self.rising.pop_back();
        }
        self.rising.push_back((self.pushed, value));
        self.pushed += 1;
        while self.rising.front().is_some_and(|&(position, _)| position + self.length < self.pushed) {
            self.rising.pop_front();
        }
    }

    /// The least value in the window; infinite before the first.
    pub(super) fn min(&self) -> f32 {
        self.rising.front().map_or(f32::INFINITY, |&(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn equals_the_minimum_of_the_last_values(values in prop::collection::vec(-9.0f32..9.0, 1..60), length in 1usize..9) {
            let mut window = WindowMin::new(length);
            for (i, &value) in values.iter().enumerate() {
                window.push(value);
                let expected = values[(i + 1).saturating_sub(length)..=i].iter().copied().fold(f32::INFINITY, f32::min);
                prop_assert_eq!(window.min(), expected);
            }
        }
    }
}
