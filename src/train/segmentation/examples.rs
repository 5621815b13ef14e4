//! Windows of conversations, and who speaks in each frame of them.

use std::collections::{BTreeMap, VecDeque};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use tch::{Device, Tensor};

use super::casting::Casting;
use super::recipe::SegmentationRecipe;
use crate::augment::{Backgrounds, Conversation, Mixer, Said, Spoken, excerpt};
use crate::dataset::prepared::Prepared;
use crate::diarization::segmentation::Segmentation;
use crate::nn::host::sent;
use crate::speaker::SpeakerEncoder;
use crate::train::crop::random_crop;
use crate::units::{SampleRate, Seconds};

/// Everything that can be drawn; clones, for other threads, share the samples.
#[derive(Debug, Clone)]
pub(super) struct Examples {
    /// What each speaker says.
    voices: Vec<Vec<Spoken>>,
    noise: Vec<Prepared>,
    mixer: Mixer,
    people: [f64; 3],
    casting: Casting,
}

/// A batch.
#[derive(Debug)]
pub(super) struct Windows {
    /// (B, L) at 16 kHz.
    pub samples: Tensor,
    /// (B, T) the class of each frame.
    pub classes: Tensor,
}

impl Windows {
    /// The same where the network is.
    pub fn to_device(&self, device: Device) -> Self {
        Self { samples: sent(&self.samples, device), classes: sent(&self.classes, device) }
    }

    fn select(&self, rows: &[i64]) -> Self {
        let rows = Tensor::from_slice(rows).to_device(self.samples.device());
        Self { samples: self.samples.index_select(0, &rows), classes: self.classes.index_select(0, &rows) }
    }

    fn joined(all: &[Self]) -> Self {
        let join = |part: fn(&Self) -> &Tensor| Tensor::cat(&all.iter().map(part).collect::<Vec<_>>(), 0);
        Self { samples: join(|windows| &windows.samples), classes: join(|windows| &windows.classes) }
    }
}

/// The batches that were mixed last, of which every step draws its own: where a GPU learns faster than the processors mix,
/// windows are used several times, but not in the same company.
#[derive(Debug, Default)]
pub(super) struct Pool {
    /// With their numbers, in order.
    mixed: VecDeque<(u64, Windows)>,
}

impl Pool {
    /// Batches that are kept.
    const KEPT: u64 = 12;

    /// A batch drawn from the mixed batches up to number `last`; `take` mixes those that are missing.
    pub fn draw(&mut self, last: u64, take: impl Fn(u64) -> Windows, random: &mut ChaCha8Rng) -> Windows {
        let first = (last + 1).saturating_sub(Self::KEPT);
        self.mixed.retain(|(number, _)| (first..=last).contains(number));
        // After a jump some are missing that are older than those that are there.
        if self.mixed.front().is_some_and(|(number, _)| *number != first) {
            self.mixed.clear();
        }
        let next = self.mixed.back().map_or(first, |(number, _)| number + 1);
        self.mixed.extend((next..=last).map(|number| (number, take(number))));
        let count = self.mixed.back().map_or(0, |(_, windows)| windows.samples.size()[0]);
        let mut rows: Vec<Vec<i64>> = vec![Vec::new(); self.mixed.len()];
        for _ in 0..count {
            let one = random.random_range(0..self.mixed.len());
            rows[one].push(random.random_range(0..self.mixed[one].1.samples.size()[0]));
        }
        let chosen = self.mixed.iter().zip(&rows).filter(|(_, rows)| !rows.is_empty());
        Windows::joined(&chosen.map(|((_, windows), rows)| windows.select(rows)).collect::<Vec<_>>())
    }
}

impl Examples {
    /// What is said before a window begins.
    const BEFORE: Seconds = Seconds(5.0);

    pub fn new(
        speech: Vec<Prepared>,
        noise: Vec<Prepared>,
        recipe: &SegmentationRecipe,
        encoder: &SpeakerEncoder,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let spoken: Vec<(String, Spoken)> = speech
            .into_par_iter()
            .map(|item| (item.utterance.speaker, Spoken::new(item.samples.shallow_clone())))
            .collect();
        let mut voices: BTreeMap<String, Vec<Spoken>> = BTreeMap::new();
        for (speaker, one) in spoken.into_iter().filter(|(_, one)| !one.said.is_empty()) {
            voices.entry(speaker).or_default().push(one);
        }
        let voices: Vec<Vec<Spoken>> = voices.into_values().collect();
        let casting = Casting::new(&voices, encoder, recipe.alike);
        let mixer = Mixer::new(recipe.conversation.clone(), random);
        Self { voices, noise, mixer, people: recipe.people, casting }
    }

    /// Draws `count` windows.
    pub fn draw(&self, count: usize, random: &mut ChaCha8Rng) -> Windows {
        let (samples, classes): (Vec<Tensor>, Vec<Tensor>) =
            (0..count).map(|_| self.window(&mut ChaCha8Rng::seed_from_u64(random.random()))).unzip();
        Windows { samples: Tensor::stack(&samples, 0), classes: Tensor::stack(&classes, 0) }
    }

    fn window(&self, random: &mut ChaCha8Rng) -> (Tensor, Tensor) {
        let [window, before] =
            [Segmentation::WINDOW, Self::BEFORE].map(|time| SampleRate::ANALYSIS.samples(time) as i64);
        let mut left = random.random_range(0.0..1.0);
        let mut there = |share: &f64| {
            left -= share;
            left < 0.0
        };
        let people = self.people.iter().position(&mut there).map_or(0, |index| index + 1);
        let cast = self.casting.cast(people, random);
        let cast: Vec<&[Spoken]> = cast.into_iter().map(|index| self.voices[index].as_slice()).collect();
        let Conversation { samples, said } = self.mixer.mix(&cast, before + window, self, random);
        (samples.narrow(0, before, window), classes(&said, before, window))
    }
}

impl Backgrounds for Examples {
    fn sound(&self, length: i64, random: &mut ChaCha8Rng) -> Option<Tensor> {
        let sound = self.noise.get(random.random_range(0..self.noise.len().max(1)))?;
        Some(random_crop(sound, length, random))
    }

    fn speech(&self, length: i64, random: &mut ChaCha8Rng) -> Tensor {
        let own = &self.voices[random.random_range(0..self.voices.len())];
        excerpt(&own[random.random_range(0..own.len())].samples, length, random)
    }
}

/// The class of each frame of a window: who speaks for at least half of it, in order of appearance.
fn classes(said: &[Said], start: i64, length: i64) -> Tensor {
    let frames = (length / Segmentation::HOP) as usize;
    let mut sets = vec![0u32; frames];
    let mut order: Vec<usize> = Vec::new();
    for one in said {
        let edge = |sample: i64| ((sample - start) as f64 / Segmentation::HOP as f64).round().max(0.0) as usize;
        let (from, to) = (edge(one.when.start).min(frames), edge(one.when.end).min(frames));
        if to <= from {
            continue;
        }
        let who = order.iter().position(|&speaker| speaker == one.speaker).unwrap_or_else(|| {
            order.push(one.speaker);
            order.len() - 1
        });
        sets[from..to].iter_mut().for_each(|set| *set |= 1 << who);
    }
    let powerset = Segmentation::classes();
    let classes: Vec<i64> = sets.iter().map(|&set| powerset.class_of(set) as i64).collect();
    Tensor::from_slice(&classes)
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;

    #[test]
    fn frames_have_the_class_of_those_who_speak() {
        let said = |speaker, start, end| Said { speaker, when: start..end };
        // From sample 1000 on, frames of 320: the first speaker was heard before.
        let all = [said(4, 0, 900), said(7, 1_000, 1_640), said(2, 1_500, 2_100), said(4, 2_500, 9_000)];
        let classes: Vec<i64> = classes(&all, 1_000, 3_200).try_into().expect("numbers");
        assert_eq!(classes, [1, 1, 2, 0, 0, 3, 3, 3, 3, 3]);
    }

    #[test]
    fn a_pool_draws_from_the_last_batches_and_is_the_same_after_a_jump() {
        let batch = |number: u64| Windows {
            samples: Tensor::full([4, 2], number as i64, (Kind::Float, Device::Cpu)),
            classes: Tensor::full([4, 1], number as i64, (Kind::Int64, Device::Cpu)),
        };
        let draw = |pool: &mut Pool, last: u64| {
            let drawn = pool.draw(last, batch, &mut ChaCha8Rng::seed_from_u64(last));
            assert_eq!(drawn.samples.select(1, 0).to_kind(Kind::Int64), drawn.classes.select(1, 0));
            Vec::<i64>::try_from(drawn.classes.view([-1])).expect("numbers")
        };
        let mut pool = Pool::default();
        let mut seen = BTreeMap::new();
        for last in 0..40 {
            let drawn = draw(&mut pool, last);
            assert!(drawn.len() == 4 && drawn.iter().all(|&number| number as u64 <= last && number as u64 + 12 > last));
            drawn.into_iter().for_each(|number| *seen.entry(number).or_insert(0) += 1);
            assert_eq!(draw(&mut Pool::default(), last), draw(&mut pool, last));
        }
        assert!(seen.len() > 30, "{seen:?}");
    }
}
