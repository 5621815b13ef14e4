//! Crops for the speaker encoder: of utterances at several speeds and of mixtures, as they may have been recorded.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

use super::{SpeakerRecipe, unit_rows};
use crate::augment::{Augmenter, Backgrounds, Speed, mix};
use crate::dataset::prepared::Prepared;
use crate::nn::checkpoint::Weights;
use crate::nn::shared::Shared;
use crate::train::crop::random_crop;

/// A voice to learn: one utterance at a speed, or a mixture of two.
#[derive(Debug, Clone)]
struct Example {
    /// Utterances, heard at once.
    utterances: Vec<usize>,
    speed: Speed,
    /// The speaker at that speed; a mixture is nobody.
    class: Option<i64>,
    /// (E) the teacher's embedding, of unit length.
    teacher: Shared,
}

/// Everything that can be drawn.
#[derive(Debug, Clone)]
pub(super) struct Examples {
    utterances: Vec<Prepared>,
    noise: Vec<Prepared>,
    all: Vec<Example>,
    by_class: Vec<Vec<usize>>,
    mixtures: Vec<usize>,
    mixture_share: f64,
    augmenter: Augmenter,
}

/// A batch.
#[derive(Debug)]
pub(super) struct Drawn {
    /// (B, L) samples at 16 kHz.
    pub samples: Tensor,
    /// (B, E) the teacher's embeddings.
    pub teacher: Tensor,
    /// Rows that have a class, and (their number) the classes.
    pub rows: Tensor,
    pub classes: Tensor,
}

impl Examples {
    /// Pairs the utterances with what `teacher` says of them. What it does not know is left out.
    pub fn new(
        utterances: Vec<Prepared>,
        noise: Vec<Prepared>,
        teacher: &Weights,
        recipe: &SpeakerRecipe,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let mut all = Vec::new();
        let mut classes: BTreeMap<(&str, Speed), i64> = BTreeMap::new();
        for (index, item) in utterances.iter().enumerate() {
            for &speed in &recipe.speeds {
                let Some(teacher) = teacher.tensors.get(&spoken_key(&item.utterance.key, speed)) else { continue };
                let next = classes.len() as i64;
                let class = *classes.entry((&item.utterance.speaker, speed)).or_insert(next);
                let teacher = unit_rows(teacher).into();
                all.push(Example { utterances: vec![index], speed, class: Some(class), teacher });
            }
        }
        let mut by_class = vec![Vec::new(); classes.len()];
        for (index, example) in all.iter().enumerate() {
            by_class[example.class.unwrap_or_default() as usize].push(index);
        }
        let index: BTreeMap<&str, usize> =
            utterances.iter().enumerate().map(|(index, item)| (item.utterance.key.as_str(), index)).collect();
        let first = all.len();
        for (key, teacher) in &teacher.tensors {
            let Some((a, b)) = key.split_once('+') else { continue };
            if let (Some(&a), Some(&b)) = (index.get(a), index.get(b)) {
                let teacher = unit_rows(teacher).into();
                all.push(Example { utterances: vec![a, b], speed: Speed::NORMAL, class: None, teacher });
            }
        }
        let mixtures = (first..all.len()).collect();
        let augmenter = Augmenter::new(recipe.augment.clone(), random);
        let mixture_share = recipe.mixtures;
        Self { utterances, noise, all, by_class, mixtures, mixture_share, augmenter }
    }

    /// Number of classes.
    pub fn classes(&self) -> i64 {
        self.by_class.len() as i64
    }

    /// Draws `count` crops of `length` samples. Half are drawn by speaker, so that all are learnt; half by utterance,
    /// so that all are heard.
    pub fn draw(&self, count: usize, length: i64, seed: u64) -> Drawn {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let picks: Vec<(usize, u64)> = (0..count).map(|slot| (self.pick(slot, &mut random), random.random())).collect();
        let crops: Vec<Tensor> = picks.iter().map(|&(pick, seed)| self.crop(&self.all[pick], length, seed)).collect();
        let chosen = || picks.iter().map(|&(pick, _)| &self.all[pick]);
        let (rows, classes): (Vec<i64>, Vec<i64>) =
            chosen().enumerate().filter_map(|(row, example)| Some((row as i64, example.class?))).unzip();
        Drawn {
            samples: Tensor::stack(&crops, 0),
            teacher: Tensor::stack(&chosen().map(|example| &*example.teacher).collect::<Vec<_>>(), 0),
            rows: Tensor::from_slice(&rows),
            classes: Tensor::from_slice(&classes),
        }
    }

    fn pick(&self, slot: usize, random: &mut ChaCha8Rng) -> usize {
        if !self.mixtures.is_empty() && random.random_bool(self.mixture_share) {
            return self.mixtures[random.random_range(0..self.mixtures.len())];
        }
        if slot.is_multiple_of(2) {
            let own = &self.by_class[random.random_range(0..self.by_class.len())];
            own[random.random_range(0..own.len())]
        } else {
            random.random_range(0..self.all.len() - self.mixtures.len())
        }
    }

    fn crop(&self, example: &Example, length: i64, seed: u64) -> Tensor {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let before = example.speed.samples_before(length);
        let part = |&index: &usize, random: &mut ChaCha8Rng| random_crop(&self.utterances[index], before, random);
        let mut parts = example.utterances.iter().map(|index| part(index, &mut random)).collect::<Vec<_>>();
        let first = parts.swap_remove(0);
        let speech = parts.iter().fold(first, |sum, other| mix(&sum, other, 0.0) * 0.7);
        let played = example.speed.apply(&speech).narrow(0, 0, length);
        self.augmenter.apply(played, self, &mut random)
    }
}

impl Backgrounds for Examples {
    fn sound(&self, length: i64, random: &mut ChaCha8Rng) -> Option<Tensor> {
        (!self.noise.is_empty())
            .then(|| random_crop(&self.noise[random.random_range(0..self.noise.len())], length, random))
    }

    fn speech(&self, length: i64, random: &mut ChaCha8Rng) -> Tensor {
        random_crop(&self.utterances[random.random_range(0..self.utterances.len())], length, random)
    }
}

/// The teacher's name for an utterance at a speed.
fn spoken_key(key: &str, speed: Speed) -> String {
    if speed == Speed::NORMAL { key.to_string() } else { format!("{key}@{}", speed.ratio()) }
}
