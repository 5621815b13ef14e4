//! Who talks to whom: people who sound alike make the hard conversations, and chance seldom brings them together.

use rand::{Rng, seq::index};
use rand_chacha::ChaCha8Rng;

use crate::augment::Spoken;
use crate::nn::host::floats;
use crate::speaker::{SpeakerEncoder, cosine, mean_embedding};

/// Chooses the people of conversations.
#[derive(Debug, Clone)]
pub(super) struct Casting {
    voices: usize,
    /// The voices that each resembles, the nearest first; none if nobody is chosen by that.
    nearest: Vec<Vec<usize>>,
    /// Casts of people who sound alike.
    share: f64,
}

impl Casting {
    /// So many voices each may be cast with.
    const NEAREST: usize = 12;
    /// So many utterances of each voice are heard, as much of each as the encoder hears at once.
    const UTTERANCES: usize = 3;

    /// Hears every voice. `share` of all casts will sound alike; nothing is heard if it is 0.
    pub fn new(voices: &[Vec<Spoken>], encoder: &SpeakerEncoder, share: f64) -> Self {
        if share <= 0.0 {
            return Self { voices: voices.len(), nearest: Vec::new(), share };
        }
        let longest = SpeakerEncoder::SAMPLE_RATE.samples(SpeakerEncoder::MAX_PART) as i64;
        let embedding = |utterances: &Vec<Spoken>| {
            let one = |spoken: &Spoken| {
                let samples = &spoken.samples;
                encoder.embed(&floats(&samples.narrow(0, 0, samples.size()[0].min(longest)))).ok()
            };
            let embeddings: Vec<Vec<f32>> = utterances.iter().take(Self::UTTERANCES).filter_map(one).collect();
            mean_embedding(embeddings.iter().map(Vec::as_slice))
        };
        Self::among(&voices.iter().map(embedding).collect::<Vec<_>>(), share)
    }

    fn among(embeddings: &[Vec<f32>], share: f64) -> Self {
        let nearest = |voice: usize| {
            let mut others: Vec<usize> = (0..embeddings.len()).filter(|&other| other != voice).collect();
            let similarity: Vec<f32> = embeddings.iter().map(|other| cosine(&embeddings[voice], other)).collect();
            others.sort_by(|&one, &other| similarity[other].total_cmp(&similarity[one]));
            others.truncate(Self::NEAREST);
            others
        };
        Self { voices: embeddings.len(), nearest: (0..embeddings.len()).map(nearest).collect(), share }
    }

    /// So many of the voices; all of them if there are no more.
    pub fn cast(&self, count: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
        let count = count.min(self.voices);
        if count < 2 || self.share <= 0.0 || !random.random_bool(self.share) {
            return index::sample(random, self.voices, count).into_vec();
        }
        let first = random.random_range(0..self.voices);
        let near = &self.nearest[first];
        let others = index::sample(random, near.len(), (count - 1).min(near.len()));
        [first].into_iter().chain(others.into_iter().map(|other| near[other])).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::SeedableRng;

    use super::*;

    /// Forty voices on a circle.
    fn circle() -> Vec<Vec<f32>> {
        (0..40).map(|index| (index as f32 * std::f32::consts::TAU / 40.0).sin_cos()).map(|(y, x)| vec![x, y]).collect()
    }

    #[test]
    fn people_who_sound_alike_are_cast_together() {
        let casting = Casting::among(&circle(), 1.0);
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..200 {
            let cast = casting.cast(3, &mut random);
            assert_eq!(cast.iter().collect::<HashSet<_>>().len(), 3);
            for &other in &cast[1..] {
                let apart = cast[0].abs_diff(other);
                assert!(apart.min(40 - apart) <= 6, "{cast:?}");
            }
        }
        assert_eq!(casting.cast(0, &mut random), [] as [usize; 0]);
        assert_eq!(casting.cast(1, &mut random).len(), 1);
    }

    #[test]
    fn without_a_share_anybody_is_cast() {
        let casting = Casting::among(&circle(), 0.0);
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let met: HashSet<usize> = (0..300).flat_map(|_| casting.cast(3, &mut random)).collect();
        assert_eq!(met.len(), 40);
    }
}
