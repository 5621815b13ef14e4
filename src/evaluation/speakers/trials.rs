//! From embeddings to trials: all pairs, and whose is whose.

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::Embedding;
use crate::{
    nn::host::floats,
    speaker::{cosine, mean_embedding},
};

/// The cosines of all pairs.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Scores {
    pub same: Vec<f32>,
    pub different: Vec<f32>,
}

impl Scores {
    pub(super) fn of(embeddings: &[Embedding]) -> Self {
        let mut scores = Self::default();
        if embeddings.is_empty() {
            return scores;
        }
        let rows: Vec<Tensor> = embeddings.iter().map(|embedding| Tensor::from_slice(&embedding.values)).collect();
        let rows = Tensor::stack(&rows, 0);
        for (index, one) in embeddings.iter().enumerate().skip(1) {
            let cosines = floats(&rows.narrow(0, 0, index as i64).mv(&rows.get(index as i64)));
            for (other, cosine) in embeddings.iter().zip(cosines) {
                let kind = if one.speaker == other.speaker { &mut scores.same } else { &mut scores.different };
                kind.push(cosine);
            }
        }
        scores
    }
}

/// How often the right one of the enrolled speakers is the nearest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Identification {
    /// Share of utterances that were given to their speaker, from 0 to 1.
    pub accuracy: f64,
    /// How many utterances, over all draws.
    pub trials: usize,
    /// Among how many speakers.
    pub speakers: usize,
}

/// Enrolls each speaker with `enroll` utterances drawn at random and identifies the others, `draws` times. Speakers
/// with no more than `enroll` take no part; none with fewer than two that do.
pub(super) fn identify(embeddings: &[Embedding], enroll: usize, draws: usize, seed: u64) -> Option<Identification> {
    let count = embeddings.iter().map(|embedding| embedding.speaker + 1).max().unwrap_or(0);
    let mut by_speaker: Vec<Vec<&[f32]>> = vec![Vec::new(); count];
    for embedding in embeddings {
        by_speaker[embedding.speaker].push(&embedding.values);
    }
    by_speaker.retain(|own| own.len() > enroll);
    if by_speaker.len() < 2 {
        return None;
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut right, mut trials) = (0, 0);
    for _ in 0..draws {
        by_speaker.iter_mut().for_each(|own| own.shuffle(&mut random));
        let known: Vec<Vec<f32>> = by_speaker.iter().map(|own| mean_embedding(own[..enroll].iter().copied())).collect();
        for (speaker, own) in by_speaker.iter().enumerate() {
            for values in &own[enroll..] {
                let nearest =
                    (0..known.len()).max_by(|&a, &b| cosine(values, &known[a]).total_cmp(&cosine(values, &known[b])));
                right += usize::from(nearest == Some(speaker));
                trials += 1;
            }
        }
    }
    Some(Identification { accuracy: right as f64 / trials as f64, trials, speakers: by_speaker.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three speakers with `count` utterances each around a direction of their own, and one with a single utterance.
    fn embeddings(count: usize) -> Vec<Embedding> {
        let row = |speaker: usize, i: usize| {
            let mut values = vec![0.0; 5];
            values[speaker] = 1.0;
            values[4] = 0.1 * i as f32;
            Embedding { speaker, values: mean_embedding([values.as_slice()]) }
        };
        let mut rows: Vec<_> = (0..3).flat_map(|speaker| (0..count).map(move |i| row(speaker, i))).collect();
        rows.push(row(3, 0));
        rows
    }

    #[test]
    fn every_pair_is_scored_once() {
        let scores = Scores::of(&embeddings(4));
        assert_eq!((scores.same.len(), scores.different.len()), (3 * 6, 3 * 16 + 12));
        assert!(scores.same.iter().all(|&score| score > 0.9) && scores.different.iter().all(|&score| score < 0.1));
        assert_eq!(Scores::of(&[]), Scores::default());
    }

    #[test]
    fn speakers_that_differ_are_identified() {
        let found = identify(&embeddings(5), 3, 4, 1).expect("enough speakers");
        assert_eq!(found, Identification { accuracy: 1.0, trials: 4 * 3 * 2, speakers: 3 });
        assert_eq!(identify(&embeddings(3), 3, 4, 1), None);
    }
}
