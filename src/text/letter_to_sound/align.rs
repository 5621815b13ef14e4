//! Aligns spellings with pronunciations by expectation maximisation (Jiampojamarn et al. 2007).

use std::collections::BTreeMap;

use super::graphone::{Graphone, SHAPES};
use crate::text::symbols::Symbol;

/// A spelling in lower-case ASCII letters with its phonemes.
pub type Pair = (Vec<u8>, Vec<Symbol>);

/// Graphones rarer than this are left out of the last alignment: they are typing errors and oddities.
const MIN_COUNT: f64 = 3.0;

/// The graphones of every pair that can be aligned, after `iterations` of learning.
pub fn align(pairs: &[Pair], iterations: usize) -> Vec<Vec<Graphone>> {
    let mut weights: BTreeMap<Graphone, f64> = BTreeMap::new();
    for iteration in 0..iterations {
        let mut counts: BTreeMap<Graphone, f64> = BTreeMap::new();
        for pair in pairs {
            // The first pass counts every graphone alike.
            let weight = |g: &Graphone| if iteration == 0 { 0.1 } else { weights.get(g).copied().unwrap_or(0.0) };
            expect(pair, &weight, &mut counts);
        }
        if iteration + 1 == iterations {
            counts.retain(|_, count| *count >= MIN_COUNT);
        }
        weights = normalised(counts);
    }
    pairs.iter().filter_map(|pair| best_path(pair, &weights)).collect()
}

fn normalised(mut counts: BTreeMap<Graphone, f64>) -> BTreeMap<Graphone, f64> {
    let total: f64 = counts.values().sum();
    counts.values_mut().for_each(|count| *count /= total);
    counts
}

/// The graphones that end at letter `i` and phoneme `j`, each with where it starts.
fn arcs(pair: &Pair, i: usize, j: usize) -> impl Iterator<Item = (usize, usize, Graphone)> + '_ {
    SHAPES.iter().filter_map(move |&(letters, phonemes)| {
        let (from_i, from_j) = (i.checked_sub(letters)?, j.checked_sub(phonemes)?);
        Some((from_i, from_j, Graphone::new(&pair.0[from_i..i], &pair.1[from_j..j])))
    })
}

/// Adds the expected count of each graphone in one pair.
fn expect(pair: &Pair, weight: &dyn Fn(&Graphone) -> f64, counts: &mut BTreeMap<Graphone, f64>) {
    let (rows, columns) = (pair.0.len() + 1, pair.1.len() + 1);
    let mut forward = vec![vec![0.0; columns]; rows];
    let mut backward = vec![vec![0.0; columns]; rows];
    forward[0][0] = 1.0;
    backward[rows - 1][columns - 1] = 1.0;
    for i in 0..rows {
        for j in 0..columns {
            forward[i][j] += arcs(pair, i, j).map(|(a, b, g)| forward[a][b] * weight(&g)).sum::<f64>();
        }
    }
    let total = forward[rows - 1][columns - 1];
    if total <= 0.0 {
        return;
    }
    for i in (0..rows).rev() {
        for j in (0..columns).rev() {
            for (a, b, graphone) in arcs(pair, i, j) {
                let through = weight(&graphone) * backward[i][j];
                backward[a][b] += through;
                *counts.entry(graphone).or_default() += forward[a][b] * through / total;
            }
        }
    }
}

/// The likeliest alignment, unless there is none within the known graphones.
fn best_path(pair: &Pair, weights: &BTreeMap<Graphone, f64>) -> Option<Vec<Graphone>> {
    let (rows, columns) = (pair.0.len() + 1, pair.1.len() + 1);
    let mut best = vec![vec![(0.0, None); columns]; rows];
    best[0][0] = (1.0, None);
    for i in 0..rows {
        for j in 0..columns {
            for (a, b, graphone) in arcs(pair, i, j) {
                let score = best[a][b].0 * weights.get(&graphone).copied().unwrap_or(0.0);
                if score > best[i][j].0 {
                    best[i][j] = (score, Some((a, b, graphone)));
                }
            }
        }
    }
    let (mut i, mut j, mut path) = (rows - 1, columns - 1, Vec::new());
    while (i, j) != (0, 0) {
        let (a, b, graphone) = best[i][j].1?;
        path.push(graphone);
        (i, j) = (a, b);
    }
    path.reverse();
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::lexicon::read_phonemes;

    #[test]
    fn letters_meet_their_sounds() {
        let pairs: Vec<Pair> = [
            ("ship", "SH IH1 P"),
            ("sip", "S IH1 P"),
            ("hip", "HH IH1 P"),
            ("shop", "SH AA1 P"),
            ("hop", "HH AA1 P"),
            ("pip", "P IH1 P"),
            ("fish", "F IH1 SH"),
            ("fib", "F IH1 B"),
        ]
        .into_iter()
        .cycle()
        .take(40)
        .map(|(word, phonemes)| (word.as_bytes().to_vec(), read_phonemes(phonemes).unwrap()))
        .collect();
        let aligned = align(&pairs, 10);
        assert_eq!(aligned.len(), 40);
        let letters: Vec<_> = aligned[0].iter().map(|g| String::from_utf8_lossy(g.letters()).into_owned()).collect();
        assert_eq!(letters, ["sh", "i", "p"]);
    }

    #[test]
    fn impossible_pairs_are_left_out() {
        let pair = (b"a".to_vec(), read_phonemes("S T R AE1 T S").unwrap());
        assert!(align(&[pair], 2).is_empty());
    }
}
