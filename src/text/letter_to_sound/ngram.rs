//! Counts a modified Kneser-Ney n-gram (Chen and Goodman 1999) over graphones and prunes it to a size.

use std::collections::BTreeMap;

/// Stands before the first graphone of a word.
pub const BEGIN: u16 = 0;
/// Stands after the last graphone of a word.
pub const END: u16 = 1;
/// The longest n-gram: eight tokens of 16 bits fill a key.
pub const MAX_ORDER: usize = 8;

/// The tokens of an n-gram, 16 bits each, the last in the lowest bits.
pub type Key = u128;

/// Probabilities and back-off weights by n-gram, one map an order, the unigrams first.
#[derive(Debug, Clone, Default)]
pub struct NGram {
    /// Natural logarithm of the probability of each n-gram's last token.
    pub log_probability: Vec<BTreeMap<Key, f64>>,
    /// Natural logarithm of what is left for tokens that do not follow an n-gram.
    pub log_backoff: Vec<BTreeMap<Key, f64>>,
}

/// The n-gram without its last token.
pub fn context(key: Key) -> Key {
    key >> 16
}

/// The n-gram of `order` tokens without its first one.
pub fn suffix(key: Key, order: usize) -> Key {
    key & mask(order - 1)
}

fn mask(order: usize) -> Key {
    if order >= MAX_ORDER { Key::MAX } else { (1 << (16 * order)) - 1 }
}

/// Estimates n-grams up to `order` over words of tokens, all of them below `vocabulary`.
///
/// An n-gram above bigrams is kept when it gains at least `threshold` nats over its shorter form on the training data
/// (the weighted difference of Seymore and Rosenfeld 1996).
pub fn estimate(words: &[Vec<u16>], vocabulary: usize, order: usize, threshold: f64) -> NGram {
    let raw = count(words, order.min(MAX_ORDER));
    let counts = continuation_counts(&raw);
    let mut probability: Vec<BTreeMap<Key, f64>> = Vec::new();
    for level in 0..counts.len() {
        let lower = |key: Key| match level {
            0 => 1.0 / vocabulary as f64,
            _ => probability[level - 1].get(&suffix(key, level + 1)).copied().unwrap_or(0.0),
        };
        let mut interpolated = interpolate(&counts[level], &lower);
        if level == 0 {
            let unseen = floor(&interpolated, vocabulary);
            for token in 0..vocabulary as Key {
                interpolated.entry(token).or_insert(unseen);
            }
        }
        probability.push(interpolated);
    }
    prune(&mut probability, &raw, threshold);
    with_backoff(probability)
}

/// The probability of a token that was never seen.
fn floor(unigrams: &BTreeMap<Key, f64>, vocabulary: usize) -> f64 {
    unigrams.values().copied().fold(1.0 / vocabulary as f64, f64::min)
}

/// How often each n-gram occurs, one map an order.
fn count(words: &[Vec<u16>], order: usize) -> Vec<BTreeMap<Key, u32>> {
    let mut counts = vec![BTreeMap::new(); order];
    for word in words {
        let mut history: Key = Key::from(BEGIN);
        for (i, &token) in word.iter().chain(&[END]).enumerate() {
            history = history << 16 | Key::from(token);
            // The word's beginning is one more token of context.
            for n in 1..=order.min(i + 2) {
                *counts[n - 1].entry(history & mask(n)).or_default() += 1;
            }
        }
    }
    counts
}

/// Below the highest order: how many different tokens stand before an n-gram, unless it begins a word.
fn continuation_counts(raw: &[BTreeMap<Key, u32>]) -> Vec<BTreeMap<Key, u32>> {
    let mut counts: Vec<BTreeMap<Key, u32>> = Vec::new();
    for (level, higher) in raw.iter().skip(1).enumerate() {
        let mut distinct: BTreeMap<Key, u32> = BTreeMap::new();
        higher.keys().for_each(|&key| *distinct.entry(suffix(key, level + 2)).or_default() += 1);
        let begins = |key: Key| level > 0 && (key >> (16 * level)) as u16 == BEGIN;
        distinct.extend(raw[level].iter().filter(|(key, _)| begins(**key)).map(|(&key, &count)| (key, count)));
        counts.push(distinct);
    }
    counts.extend(raw.last().cloned());
    counts
}

/// Discounted counts, with what was taken given to the lower order.
fn interpolate(counts: &BTreeMap<Key, u32>, lower: &dyn Fn(Key) -> f64) -> BTreeMap<Key, f64> {
    let discounts = discounts(counts);
    let discount = |count: u32| discounts[count.min(3) as usize];
    let mut totals: BTreeMap<Key, (f64, f64)> = BTreeMap::new();
    for (&key, &count) in counts {
        let (total, taken) = totals.entry(context(key)).or_default();
        *total += f64::from(count);
        *taken += discount(count);
    }
    let probability = |(&key, &count): (&Key, &u32)| {
        let (total, taken) = totals[&context(key)];
        (key, (f64::from(count) - discount(count) + taken * lower(key)) / total)
    };
    counts.iter().map(probability).collect()
}

/// What is taken from counts of 1, 2 and more.
fn discounts(counts: &BTreeMap<Key, u32>) -> [f64; 4] {
    let of = |n: u32| counts.values().filter(|&&count| count == n).count().max(1) as f64;
    let y = of(1) / (of(1) + 2.0 * of(2));
    let amount = |n: u32| f64::from(n) - f64::from(n + 1) * y * of(n + 1) / of(n);
    [0.0, amount(1).clamp(0.1, 0.95), amount(2).clamp(0.1, 1.9), amount(3).clamp(0.1, 2.9)]
}

/// Drops n-grams that say little more than their suffix, longest first; contexts of kept ones are kept.
fn prune(probability: &mut [BTreeMap<Key, f64>], raw: &[BTreeMap<Key, u32>], threshold: f64) {
    for level in (2..probability.len()).rev() {
        let (lower, upper) = probability.split_at_mut(level);
        let contexts: std::collections::BTreeSet<Key> =
            upper.get(1).into_iter().flat_map(|longer| longer.keys().map(|&key| context(key))).collect();
        upper[0].retain(|&key, p| {
            let shorter = lower[level - 1].get(&suffix(key, level + 1)).copied().unwrap_or(1e-9);
            let count = raw[level].get(&key).copied().unwrap_or(0);
            contexts.contains(&key) || f64::from(count) * (*p / shorter).ln() >= threshold
        });
    }
}

/// Gives each context what its kept n-grams leave over.
fn with_backoff(probability: Vec<BTreeMap<Key, f64>>) -> NGram {
    let mut log_backoff = vec![BTreeMap::new(); probability.len()];
    for level in 1..probability.len() {
        let mut sums: BTreeMap<Key, (f64, f64)> = BTreeMap::new();
        for (&key, &p) in &probability[level] {
            let (kept, shorter) = sums.entry(context(key)).or_default();
            *kept += p;
            *shorter += probability[level - 1].get(&suffix(key, level + 1)).copied().unwrap_or(0.0);
        }
        let left = |(kept, shorter): (f64, f64)| ((1.0 - kept).max(1e-6) / (1.0 - shorter).max(1e-6)).ln();
        log_backoff[level - 1] = sums.into_iter().map(|(key, sums)| (key, left(sums))).collect();
    }
    let logarithms = |level: BTreeMap<Key, f64>| level.into_iter().map(|(key, p)| (key, p.ln())).collect();
    NGram { log_probability: probability.into_iter().map(logarithms).collect(), log_backoff }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_after_a_context_sum_to_one() {
        let words: Vec<Vec<u16>> = vec![vec![2, 3, 4], vec![2, 3], vec![3, 3, 4], vec![4, 2, 3, 4], vec![2, 4]];
        let model = estimate(&words, 5, 3, 0.0);
        let unigrams: f64 = model.log_probability[0].values().map(|p| p.exp()).sum();
        assert!((unigrams - 1.0).abs() < 0.25, "{unigrams}");
        let after_two: f64 = (0..5u128).map(|token| bigram(&model, 2, token)).sum();
        assert!((after_two - 1.0).abs() < 0.05, "{after_two}");
    }

    fn bigram(model: &NGram, context: u128, token: u128) -> f64 {
        match model.log_probability[1].get(&(context << 16 | token)) {
            Some(p) => p.exp(),
            None => (model.log_probability[0][&token] + model.log_backoff[0][&context]).exp(),
        }
    }

    #[test]
    fn pruning_drops_the_longest_first() {
        let words: Vec<Vec<u16>> = (0..50).map(|i| vec![2 + i % 3, 2 + i % 5, 2 + i % 2]).collect();
        let size = |threshold| estimate(&words, 7, 4, threshold).log_probability[3].len();
        assert!(size(1e9) == 0 && size(0.0) > 0);
    }
}
