//! Conversations with exact labels, mixed from folders of speakers.

use std::path::{Path, PathBuf};

use rand::{Rng, SeedableRng, seq::SliceRandom, seq::index};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use super::speakers::Speaker;
use crate::audio::load_mono;
use crate::augment::{Backgrounds, ConversationConfig, Mixer, Spoken, excerpt};
use crate::diarization::Turn;
use crate::nn::host::floats;
use crate::units::{SampleRate, Seconds};

const RATE: SampleRate = SampleRate::ANALYSIS;
/// Voices of a crowd in the background.
const CROWD: usize = 6;

/// What conversations are mixed from, and how.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// Who may speak.
    pub speakers: &'a [Speaker],
    /// Recordings of background sounds; without them noises are made.
    pub noise: &'a [PathBuf],
    /// People in a conversation, at least and at most.
    pub people: (usize, usize),
    /// How long one is, at least and at most.
    pub length: (Seconds, Seconds),
    /// How people talk, and where.
    pub manner: &'a ConversationConfig,
    /// The same seed makes the same conversations.
    pub seed: u64,
}

/// Why nothing can be mixed.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// No recording of a speaker can be used.
    #[error("nothing is said in the recordings of {0}, or they can't be decoded")]
    Nothing(String),
}

/// A conversation and who speaks when in it.
#[derive(Debug)]
pub struct Simulated {
    /// At 16 kHz.
    pub samples: Vec<f32>,
    /// In order of their beginnings.
    pub turns: Vec<Turn>,
    /// Recordings that could not be used, and why.
    pub set_aside: Vec<(PathBuf, String)>,
}

impl Simulated {
    /// How long it is.
    pub fn duration(&self) -> Seconds {
        RATE.duration(self.samples.len())
    }

    /// The share of the time with speech in which several people speak.
    pub fn overlap(&self) -> f64 {
        let mut edges: Vec<(f64, i32)> =
            self.turns.iter().flat_map(|turn| [(turn.start.0, 1), (turn.end().0, -1)]).collect();
        edges.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut speech, mut overlap, mut speaking, mut since) = (0.0, 0.0, 0, 0.0);
        for (time, change) in edges {
            speech += if speaking > 0 { time - since } else { 0.0 };
            overlap += if speaking > 1 { time - since } else { 0.0 };
            (speaking, since) = (speaking + change, time);
        }
        if speech > 0.0 { overlap / speech } else { 0.0 }
    }
}

/// Mixes conversations one after the other.
#[derive(Debug)]
pub struct Simulation<'a> {
    plan: Plan<'a>,
    mixer: Mixer,
}

impl<'a> Simulation<'a> {
    /// Builds the rooms.
    pub fn new(plan: Plan<'a>) -> Self {
        Self { plan, mixer: Mixer::new(plan.manner.clone(), &mut ChaCha8Rng::seed_from_u64(plan.seed)) }
    }

    /// The conversation of a number, which is called `name`. It depends on the plan and the number alone.
    ///
    /// # Errors
    /// One of the speakers has no usable recording.
    pub fn make(&self, number: u64, name: &str) -> Result<Simulated, SimulationError> {
        let plan = &self.plan;
        let mut random = ChaCha8Rng::seed_from_u64(plan.seed);
        random.set_stream(number + 1);
        let (least, most) = plan.people;
        let people = random.random_range(least..=most).min(plan.speakers.len());
        let length = Seconds(random.random_range(plan.length.0.0..=plan.length.1.0));
        let chosen: Vec<&Speaker> =
            index::sample(&mut random, plan.speakers.len(), people).iter().map(|index| &plan.speakers[index]).collect();
        let mut set_aside = Vec::new();
        let cast = chosen.iter().map(|speaker| spoken(speaker, length, &mut random, &mut set_aside));
        let cast = cast.collect::<Result<Vec<_>, _>>()?;
        let around = Around { crowd: self.crowd(&chosen, &mut random), noise: self.noise(&mut random) };
        let cast: Vec<&[Spoken]> = cast.iter().map(Vec::as_slice).collect();
        let made = self.mixer.mix(&cast, RATE.samples(length) as i64, &around, &mut random);
        let time = |sample: i64| Seconds(sample as f64 / RATE.hz());
        let turns = made.said.iter().map(|said| Turn {
            file: name.to_owned(),
            start: time(said.when.start),
            duration: time(said.when.end - said.when.start),
            speaker: chosen[said.speaker].name.clone(),
            confidence: None,
        });
        Ok(Simulated { turns: turns.collect(), samples: floats(&made.samples), set_aside })
    }

    /// What people say who are not in the conversation.
    fn crowd(&self, cast: &[&Speaker], random: &mut ChaCha8Rng) -> Vec<Tensor> {
        let others: Vec<&Speaker> = self.plan.speakers.iter().filter(|one| !cast.contains(one)).collect();
        let voice = |_| {
            let speaker = others.get(random.random_range(0..others.len().max(1)))?;
            load(&speaker.recordings[random.random_range(0..speaker.recordings.len())])
        };
        (0..CROWD).filter_map(voice).collect()
    }

    fn noise(&self, random: &mut ChaCha8Rng) -> Option<Tensor> {
        load(self.plan.noise.get(random.random_range(0..self.plan.noise.len().max(1)))?)
    }
}

/// A recording, if it can be decoded and has any sound.
fn load(path: &Path) -> Option<Tensor> {
    let samples = load_mono(path, RATE).ok().filter(|samples| samples.iter().any(|sample| *sample != 0.0))?;
    Some(Tensor::from_slice(&samples))
}

/// Recordings of a speaker, any of them, as long together as `length`, or all.
fn spoken(
    speaker: &Speaker,
    length: Seconds,
    random: &mut ChaCha8Rng,
    set_aside: &mut Vec<(PathBuf, String)>,
) -> Result<Vec<Spoken>, SimulationError> {
    let mut order: Vec<&PathBuf> = speaker.recordings.iter().collect();
    order.shuffle(random);
    let (mut all, mut total) = (Vec::new(), 0);
    for path in order {
        if total >= RATE.samples(length) {
            break;
        }
        match load_mono(path, RATE) {
            Ok(samples) => {
                let one = Spoken::new(Tensor::from_slice(&samples));
                if one.said.is_empty() {
                    set_aside.push((path.clone(), "nothing is said in it".to_owned()));
                    continue;
                }
                total += samples.len();
                all.push(one);
            }
            Err(error) => set_aside.push((path.clone(), error.to_string())),
        }
    }
    if all.is_empty() { Err(SimulationError::Nothing(speaker.name.clone())) } else { Ok(all) }
}

/// What is around a conversation.
struct Around {
    crowd: Vec<Tensor>,
    noise: Option<Tensor>,
}

impl Backgrounds for Around {
    fn sound(&self, length: i64, random: &mut ChaCha8Rng) -> Option<Tensor> {
        self.noise.as_ref().map(|noise| excerpt(noise, length, random))
    }

    fn speech(&self, length: i64, random: &mut ChaCha8Rng) -> Tensor {
        match self.crowd.get(random.random_range(0..self.crowd.len().max(1))) {
            Some(voice) => excerpt(voice, length, random),
            None => Tensor::zeros([length], (Kind::Float, Device::Cpu)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_is_a_share_of_speech() {
        let turn = |speaker: &str, start, duration| Turn {
            file: "a".into(),
            start: Seconds(start),
            duration: Seconds(duration),
            speaker: speaker.into(),
            confidence: None,
        };
        let turns = vec![turn("ann", 1.0, 4.0), turn("ben", 4.0, 2.0), turn("ann", 8.0, 3.0)];
        let made = Simulated { samples: vec![0.0; 16_000 * 12], turns, set_aside: Vec::new() };
        assert_eq!((made.overlap(), made.duration()), (0.125, Seconds(12.0)));
    }
}
