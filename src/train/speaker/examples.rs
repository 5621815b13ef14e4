//! Crops for the speaker encoder: of utterances at several speeds and of mixtures, as they may have been recorded.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use super::{SpeakerRecipe, unit_rows};
use crate::augment::{Augmenter, Backgrounds, Speed, mix};
use crate::dataset::prepared::Prepared;
use crate::nn::checkpoint::Weights;
use crate::nn::shared::Shared;
use crate::train::crop::{crop_from, random_crop};
use crate::units::SampleRate;

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
    /// (T, K) what it knows of each frame, in half precision.
    frames: Option<Shared>,
}

/// A part of an example.
struct Crop {
    /// (L) at 16 kHz.
    samples: Tensor,
    /// (T, K) the teacher's frames, zeros where it has none.
    frames: Tensor,
    /// (T) 1 where it has some.
    known: Tensor,
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
    /// Values K of a teacher's frame.
    frame_size: i64,
    augmenter: Augmenter,
}

/// A batch.
#[derive(Debug)]
pub(super) struct Drawn {
    /// (B, L) samples at 16 kHz.
    pub samples: Tensor,
    /// (B, E) the teacher's embeddings.
    pub teacher: Tensor,
    /// (B, T, K) its frames, and (B, T) 1 where it has any.
    pub frames: Tensor,
    pub known: Tensor,
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
        let weighed = recipe.frames_weight > 0.0;
        for (index, item) in utterances.iter().enumerate() {
            for &speed in &recipe.speeds {
                let key = spoken_key(&item.utterance.key, speed);
                let frames = weighed.then(|| teacher.tensors.get(&format!("frames/{key}"))).flatten().map(Shared::from);
                let Some(teacher) = teacher.tensors.get(&key) else { continue };
                let next = classes.len() as i64;
                let class = *classes.entry((&item.utterance.speaker, speed)).or_insert(next);
                let teacher = unit_rows(teacher).into();
                all.push(Example { utterances: vec![index], speed, class: Some(class), teacher, frames });
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
                let (utterances, speed) = (vec![a, b], Speed::NORMAL);
                all.push(Example { utterances, speed, class: None, teacher, frames: None });
            }
        }
        let mixtures = (first..all.len()).collect();
        let augmenter = Augmenter::new(recipe.augment.clone(), random);
        let mixture_share = recipe.mixtures;
        let frame_size = all.iter().find_map(|example| Some(example.frames.as_ref()?.size()[1])).unwrap_or(0);
        Self { utterances, noise, all, by_class, mixtures, mixture_share, frame_size, augmenter }
    }

    /// Values of a teacher's frame; 0 where it tells none, or the recipe does not weigh them.
    pub fn frame_size(&self) -> i64 {
        self.frame_size
    }

    /// (S, E) the mean of the teacher's embeddings of each class, of unit length.
    pub fn directions(&self) -> Tensor {
        let mean = |own: &Vec<usize>| {
            let all: Vec<&Tensor> = own.iter().map(|&index| &*self.all[index].teacher).collect();
            Tensor::stack(&all, 0).mean_dim(0, false, Kind::Float)
        };
        unit_rows(&Tensor::stack(&self.by_class.iter().map(mean).collect::<Vec<_>>(), 0))
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
        let crops: Vec<Crop> = picks.iter().map(|&(pick, seed)| self.crop(&self.all[pick], length, seed)).collect();
        let stack = |part: fn(&Crop) -> &Tensor| Tensor::stack(&crops.iter().map(part).collect::<Vec<_>>(), 0);
        let chosen = || picks.iter().map(|&(pick, _)| &self.all[pick]);
        let (rows, classes): (Vec<i64>, Vec<i64>) =
            chosen().enumerate().filter_map(|(row, example)| Some((row as i64, example.class?))).unzip();
        Drawn {
            samples: stack(|crop| &crop.samples),
            frames: stack(|crop| &crop.frames),
            known: stack(|crop| &crop.known),
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

    fn crop(&self, example: &Example, length: i64, seed: u64) -> Crop {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let before = example.speed.samples_before(length);
        // All begin with a frame of the teacher's.
        let mut begin = |&index: &usize| {
            let spare = self.utterances[index].samples.size()[0] - before;
            let last = (spare.max(0) as f64 / example.speed.ratio()) as i64 / TEACHER_HOP;
            random.random_range(0..=last)
        };
        let begins: Vec<i64> = example.utterances.iter().map(&mut begin).collect();
        let part = |(&index, &begin): (&usize, &i64)| {
            let start = example.speed.samples_before(begin * TEACHER_HOP);
            crop_from(&self.utterances[index], start.min(self.utterances[index].samples.size()[0] - 1), before)
        };
        let mut parts: Vec<Tensor> = example.utterances.iter().zip(&begins).map(part).collect();
        let first = parts.swap_remove(0);
        let speech = parts.iter().fold(first, |sum, other| mix(&sum, other, 0.0) * 0.7);
        let played = example.speed.apply(&speech).narrow(0, 0, length);
        let (frames, known) = self.frames(example.frames.as_deref(), begins[0], length / TEACHER_HOP);
        Crop { samples: self.augmenter.apply(played, self, &mut random), frames, known }
    }

    /// `count` frames of the teacher's from `begin` on, and which of them there are.
    fn frames(&self, frames: Option<&Tensor>, begin: i64, count: i64) -> (Tensor, Tensor) {
        let options = (Kind::Float, Device::Cpu);
        let there = frames.map_or(0, |frames| (frames.size()[0] - begin).clamp(0, count));
        let known = Tensor::cat(&[Tensor::ones([there], options), Tensor::zeros([count - there], options)], 0);
        let missing = Tensor::zeros([count - there, self.frame_size], options);
        match frames {
            Some(frames) if there > 0 => {
                (Tensor::cat(&[frames.narrow(0, begin, there).to_kind(Kind::Float), missing], 0), known)
            }
            _ => (missing, known),
        }
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

/// Samples of a teacher's frame.
const TEACHER_HOP: i64 = SampleRate::ANALYSIS.0 as i64 / 50;

/// The teacher's name for an utterance at a speed.
fn spoken_key(key: &str, speed: Speed) -> String {
    if speed == Speed::NORMAL { key.to_string() } else { format!("{key}@{}", speed.ratio()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::corpus::CorpusUtterance;

    /// A recording whose samples count its hops, and a teacher whose frames count them at half the speed as well.
    #[test]
    fn the_teacher_s_frames_are_those_of_the_crop() {
        let recipe = include_str!("../../../models/recipes/speaker.toml");
        let mut recipe: SpeakerRecipe = toml::from_str(recipe).expect("a recipe");
        (recipe.augment.clean, recipe.augment.rooms, recipe.mixtures) = (1.0, 0, 0.0);
        recipe.frames_weight = 1.0;
        recipe.speeds = vec![Speed::NORMAL, Speed::from(0.5)];
        let (hops, known) = (500, 450);
        let counted = |count: i64| Tensor::arange(count, (Kind::Float, Device::Cpu));
        let utterance = CorpusUtterance {
            key: "some/one".into(),
            collection: "some".into(),
            speaker: "one".into(),
            path: "one.wav".into(),
            text: None,
        };
        let samples = counted(hops).repeat_interleave_self_int(TEACHER_HOP, 0, hops * TEACHER_HOP).to_kind(Kind::Int16);
        let (samples, rate) = (samples.into(), SampleRate::ANALYSIS);
        let spoken = Prepared { utterance, samples, features: None, rate };
        let mut teacher = Weights::default();
        for (key, count) in [("some/one", known), ("some/one@0.5", 2 * known)] {
            teacher.tensors.insert(key.into(), Tensor::ones([8], (Kind::Float, Device::Cpu)));
            teacher.tensors.insert(format!("frames/{key}"), counted(count).unsqueeze(1));
        }
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let examples = Examples::new(vec![spoken], Vec::new(), &teacher, &recipe, &mut random);
        assert_eq!((examples.classes(), examples.frame_size()), (2, 1));
        let mut unknown = 0;
        for (seed, example) in (0..200).zip(examples.all.iter().cycle()) {
            let crop = examples.crop(example, 10 * TEACHER_HOP, seed);
            let heard = (&crop.samples * f64::from(i16::MAX)).view([10, TEACHER_HOP]).select(1, TEACHER_HOP / 2);
            let frames = crop.frames.select(1, 0) * example.speed.ratio();
            // Half a frame of half the speed, and the sinc, which strays where the count rises.
            let strays = ((heard - frames) * &crop.known).abs().max().double_value(&[]);
            assert!(strays <= if example.speed == Speed::NORMAL { 1e-3 } else { 0.6 }, "{seed}: {strays}");
            unknown += 10 - crop.known.sum(Kind::Int64).int64_value(&[]);
        }
        assert!((50..500).contains(&unknown), "a tenth of the recording: {unknown}");
    }
}
