//! Dynamic time warping: which frame of one recording matches which of another (Sakoe and Chiba 1978).

/// Above this many cells, the path is kept to a band around the diagonal: two utterances of 90 s fit without it.
const MAX_CELLS: usize = 64 << 20;

/// Where a path came from, one byte a cell.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Both,
    First,
    Second,
}

/// The pairs (i, j) of frames on the cheapest path from (0, 0) to (`first` - 1, `second` - 1), by steps of one in
/// either or both, all with weight 1. Empty if either is. `distance` must not be negative; NaN counts as far.
pub fn align(first: usize, second: usize, distance: impl Fn(usize, usize) -> f32) -> Vec<(usize, usize)> {
    align_within(first, second, MAX_CELLS, distance)
}

fn align_within(
    first: usize,
    second: usize,
    max_cells: usize,
    distance: impl Fn(usize, usize) -> f32,
) -> Vec<(usize, usize)> {
    if first == 0 || second == 0 {
        return Vec::new();
    }
    let band = Band::new(first, second, max_cells);
    let mut steps = Vec::with_capacity(first * band.width);
    let mut above = vec![f64::INFINITY; band.width];
    let mut row = Vec::with_capacity(band.width);
    for i in 0..first {
        let start = band.start(i);
        let shift = start - band.start(i.saturating_sub(1));
        // The row above, by this row's columns: infinite where its band does not reach.
        let reached = |k: usize| above.get(k).copied().unwrap_or(f64::INFINITY);
        row.clear();
        for k in 0..band.width {
            let diagonal =
                if i == 0 && start + k == 0 { 0.0 } else { (k + shift).checked_sub(1).map_or(f64::INFINITY, reached) };
            let left = row.last().copied().unwrap_or(f64::INFINITY);
            let (cost, step) = cheapest(diagonal, reached(k + shift), left);
            row.push(cost + bounded(distance(i, start + k)));
            steps.push(step);
        }
        std::mem::swap(&mut above, &mut row);
    }
    trace(&band, &steps)
}

/// Infinity is kept for the cells that no path reaches.
fn bounded(distance: f32) -> f64 {
    const FAR: f64 = 1e30;
    if distance.is_nan() { FAR } else { f64::from(distance).clamp(0.0, FAR) }
}

/// The cheapest of three ways to a cell; when equal, the diagonal, then a step in the first.
fn cheapest(both: f64, first: f64, second: f64) -> (f64, Step) {
    if both <= first && both <= second {
        (both, Step::Both)
    } else if first <= second {
        (first, Step::First)
    } else {
        (second, Step::Second)
    }
}

fn trace(band: &Band, steps: &[Step]) -> Vec<(usize, usize)> {
    let (mut i, mut j) = (band.first - 1, band.second - 1);
    let mut path = vec![(i, j)];
    while (i, j) != (0, 0) {
        let step = steps[i * band.width + (j - band.start(i))];
        i -= usize::from(step != Step::Second);
        j -= usize::from(step != Step::First);
        path.push((i, j));
    }
    path.reverse();
    path
}

/// The columns that each row looks at: `width` of them, following the diagonal.
struct Band {
    first: usize,
    second: usize,
    width: usize,
}

impl Band {
    fn new(first: usize, second: usize, max_cells: usize) -> Self {
        // Twice the steepness of the diagonal: the bands of neighbouring rows overlap.
        let least = (2 * second.div_ceil(first) + 1).min(second);
        Self { first, second, width: (max_cells / first).clamp(least, second) }
    }

    /// First column of row `i`: the band is centred on the diagonal and stays inside the second sequence.
    fn start(&self, i: usize) -> usize {
        let diagonal = (self.second - 1) as u128 * i as u128 / (self.first - 1).max(1) as u128;
        (diagonal as usize).saturating_sub(self.width / 2).min(self.second - self.width)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn distances(a: &[f32], b: &[f32], max_cells: usize) -> Vec<(usize, usize)> {
        align_within(a.len(), b.len(), max_cells, |i, j| (a[i] - b[j]).abs())
    }

    fn cost(a: &[f32], b: &[f32], path: &[(usize, usize)]) -> f32 {
        path.iter().map(|&(i, j)| (a[i] - b[j]).abs()).sum()
    }

    #[test]
    fn a_stretched_sequence_is_followed() {
        let (a, b) = ([1.0, 2.0, 3.0], [1.0, 1.0, 2.0, 2.0, 2.0, 3.0]);
        assert_eq!(distances(&a, &b, 100), [(0, 0), (0, 1), (1, 2), (1, 3), (1, 4), (2, 5)]);
        assert_eq!(align(1, 3, |_, _| 0.0), [(0, 0), (0, 1), (0, 2)]);
        assert_eq!(align(0, 3, |_, _| 0.0), []);
    }

    #[test]
    fn a_band_wide_enough_changes_nothing() {
        let a: Vec<f32> = (0..200).map(|i| (i as f32 * 0.1).sin()).collect();
        let b: Vec<f32> = (0..150).map(|i| (i as f32 * 0.1333).sin()).collect();
        assert_eq!(distances(&a, &b, 200 * 40), distances(&a, &b, 200 * 150));
    }

    /// The least cost by the recursive definition.
    fn by_definition(a: &[f32], b: &[f32]) -> f32 {
        let here = (a[a.len() - 1] - b[b.len() - 1]).abs();
        let (a_rest, b_rest) = (&a[..a.len() - 1], &b[..b.len() - 1]);
        here + match (a_rest.is_empty(), b_rest.is_empty()) {
            (true, true) => 0.0,
            (true, false) => by_definition(a, b_rest),
            (false, true) => by_definition(a_rest, b),
            _ => by_definition(a_rest, b_rest).min(by_definition(a, b_rest)).min(by_definition(a_rest, b)),
        }
    }

    proptest! {
        #[test]
        fn the_path_is_the_cheapest(
            a in prop::collection::vec(0u8..9, 1..7), b in prop::collection::vec(0u8..9, 1..7),
        ) {
            let (a, b): (Vec<f32>, Vec<f32>) =
                (a.into_iter().map(f32::from).collect(), b.into_iter().map(f32::from).collect());
            let path = distances(&a, &b, 1000);
            prop_assert!((cost(&a, &b, &path) - by_definition(&a, &b)).abs() < 1e-3);
        }

        #[test]
        fn every_path_is_complete_and_monotonic(
            first in 1usize..90, second in 1usize..90, max_cells in 1usize..2000, bad in any::<f32>(),
        ) {
            let path = align_within(first, second, max_cells, |i, j| if (i * j) % 3 == 1 { bad } else { i as f32 });
            prop_assert_eq!(path[0], (0, 0));
            prop_assert_eq!(path[path.len() - 1], (first - 1, second - 1));
            for pair in path.windows(2) {
                let (di, dj) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
                prop_assert!(di <= 1 && dj <= 1 && di + dj > 0);
            }
        }
    }
}
