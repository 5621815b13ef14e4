//! Training of the speaker encoder: a strong teacher's embeddings, and telling the training speakers apart.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use tch::{Device, Kind, Tensor, nn};

use super::runner::{Loss, RunConfig, Task, TrainError};
use crate::dataset::prepared::Prepared;
use crate::features::fbank::Fbank;
use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::nn::host::floats;
use crate::speaker::{EcapaConfig, EcapaTdnn, SpeakerEncoder};
use crate::units::SampleRate;

/// What `models/recipes/speaker.toml` says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeakerRecipe {
    /// Speakers kept for measuring.
    pub held_out: Vec<String>,
    /// Collections of the corpus.
    pub collections: Vec<String>,
    /// The collection of background sounds.
    pub noise: String,
    /// Share of crops that get a background.
    pub noise_share: f64,
    /// Range of signal-to-noise ratios.
    pub snr_db: (f64, f64),
    /// Crops in a batch.
    pub batch: usize,
    /// Shortest and longest crop.
    pub crop_s: (f64, f64),
    /// Channels of the network.
    pub channels: i64,
    /// Margin in radians.
    pub margin: f64,
    /// Scale of the cosines before the softmax.
    pub scale: f64,
    /// Weight of the distance to the teacher.
    pub teacher_weight: f64,
    /// Length and learning rate.
    pub run: RunConfig,
}

/// An utterance with its speaker's class and the teacher's embedding.
#[derive(Debug)]
struct Voice {
    prepared: Prepared,
    class: i64,
    teacher: Option<Tensor>,
}

/// The speaker encoder in training.
#[derive(Debug)]
pub struct SpeakerTask {
    network: EcapaTdnn,
    config: EcapaConfig,
    fbank: Fbank,
    /// (S, E) a direction for each training speaker.
    directions: Tensor,
    recipe: SpeakerRecipe,
    training: Vec<Voice>,
    by_speaker: Vec<Vec<usize>>,
    validation: Vec<Voice>,
    noise: Vec<Prepared>,
    seed: u64,
    device: Device,
}

/// What the trainer reads.
#[derive(Debug)]
pub struct SpeakerData {
    /// Utterances to learn from.
    pub training: Vec<Prepared>,
    /// Utterances of speakers kept for measuring.
    pub validation: Vec<Prepared>,
    /// Background sounds.
    pub noise: Vec<Prepared>,
    /// The teacher's embeddings by the utterance's key.
    pub teacher: Weights,
}

impl SpeakerTask {
    /// Makes the network and the classifier in `store`.
    pub fn new(store: &nn::VarStore, recipe: SpeakerRecipe, data: SpeakerData, seed: u64) -> Result<Self, TrainError> {
        let config = EcapaConfig::with_channels(recipe.channels);
        let network = EcapaTdnn::new(store.root(), &config).map_err(|error| TrainError::Data(error.to_string()))?;
        let SpeakerData { training, validation, noise, teacher } = data;
        let mut classes: BTreeMap<String, i64> = BTreeMap::new();
        for item in &training {
            let next = classes.len() as i64;
            classes.entry(item.utterance.speaker.clone()).or_insert(next);
        }
        let mut others: BTreeMap<String, i64> = BTreeMap::new();
        let voice = |prepared: Prepared, classes: &mut BTreeMap<String, i64>| {
            let next = classes.len() as i64;
            let class = *classes.entry(prepared.utterance.speaker.clone()).or_insert(next);
            let teacher = teacher.tensors.get(&prepared.utterance.key).map(unit_rows);
            Voice { prepared, class, teacher }
        };
        let training: Vec<Voice> = training.into_iter().map(|item| voice(item, &mut classes)).collect();
        let validation = validation.into_iter().map(|item| voice(item, &mut others)).collect();
        if !training.iter().any(|voice| voice.teacher.is_some()) {
            return Err(TrainError::Data("the teacher has no embedding of any utterance of the corpus".into()));
        }
        let mut by_speaker = vec![Vec::new(); classes.len()];
        for (index, voice) in training.iter().enumerate() {
            by_speaker[voice.class as usize].push(index);
        }
        let shape = [classes.len() as i64, config.embedding];
        let init = nn::Init::Randn { mean: 0.0, stdev: 0.1 };
        let directions = store.root().sub("classifier").var("weight", &shape, init);
        let (device, fbank) = (store.device(), Fbank::new(store.device()));
        Ok(Self { network, config, fbank, directions, recipe, training, by_speaker, validation, noise, seed, device })
    }

    /// One crop per pick, levelled, some with a background: (B, L).
    fn crops(&self, picks: &[usize], length: i64, random: &mut ChaCha8Rng) -> Tensor {
        let crop = |&index: &usize| {
            let voice = &self.training[index].prepared;
            let speech = random_crop(voice, length, random);
            let mixed = if !self.noise.is_empty() && random.random_bool(self.recipe.noise_share) {
                let noise = random_crop(&self.noise[random.random_range(0..self.noise.len())], length, random);
                let snr_db = random.random_range(self.recipe.snr_db.0..self.recipe.snr_db.1);
                let gain = level(&speech) / level(&noise).max(1e-5) * 10f64.powf(-snr_db / 20.0);
                speech + noise * gain
            } else {
                speech
            };
            tilt(mixed, random.random_range(-0.35..0.35))
        };
        Tensor::stack(&picks.iter().map(crop).collect::<Vec<_>>(), 0).to_device(self.device)
    }

    /// Additive angular margin softmax: embeddings (B, E) of unit length, classes (B).
    fn margin_loss(&self, embeddings: &Tensor, classes: &Tensor) -> Tensor {
        let cosine = embeddings.matmul(&unit_rows(&self.directions).transpose(0, 1)).clamp(-1.0 + 1e-6, 1.0 - 1e-6);
        let with_margin = (cosine.acos() + self.recipe.margin).clamp_max(std::f64::consts::PI).cos();
        let one_hot = classes.one_hot(self.directions.size()[0]).to_kind(Kind::Float);
        let logits = (&cosine + (with_margin - &cosine) * one_hot) * self.recipe.scale;
        logits.cross_entropy_for_logits(classes)
    }

    /// Mean of 1 - cosine to the teacher, over the utterances that it knows.
    fn teacher_loss(&self, embeddings: &Tensor, picks: &[usize]) -> Tensor {
        let zero = Tensor::zeros([self.config.embedding], (Kind::Float, Device::Cpu));
        let targets: Vec<&Tensor> =
            picks.iter().map(|&index| self.training[index].teacher.as_ref().unwrap_or(&zero)).collect();
        let known = picks.iter().filter(|&&index| self.training[index].teacher.is_some()).count();
        let targets = Tensor::stack(&targets, 0).to_device(self.device);
        (-(embeddings * targets).sum(Kind::Float) + known as f64) / known.max(1) as f64
    }
}

impl Task for SpeakerTask {
    fn loss(&self, step: u64, _progress: f64) -> Loss {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed.wrapping_add(step));
        // Half by speaker, so that all are learnt; half by utterance, so that all are heard.
        let pick = |slot: usize| {
            if slot.is_multiple_of(2) {
                let own = &self.by_speaker[random.random_range(0..self.by_speaker.len())];
                own[random.random_range(0..own.len())]
            } else {
                random.random_range(0..self.training.len())
            }
        };
        let picks: Vec<usize> = (0..self.recipe.batch).map(pick).collect();
        let seconds = random.random_range(self.recipe.crop_s.0..=self.recipe.crop_s.1);
        let length = (seconds * SampleRate::ANALYSIS.hz()) as i64;
        let samples = self.crops(&picks, length, &mut random);
        let features = SpeakerEncoder::features(&self.fbank, &samples);
        let embeddings = unit_rows(&self.network.forward(&features, None, true));
        let classes: Vec<i64> = picks.iter().map(|&index| self.training[index].class).collect();
        let margin = self.margin_loss(&embeddings, &Tensor::from_slice(&classes).to_device(self.device));
        let teacher = self.teacher_loss(&embeddings, &picks);
        let parts = vec![("margin", margin.detach()), ("teacher", teacher.detach())];
        let total = margin + teacher * self.recipe.teacher_weight;
        Loss { total, parts, audio_s: seconds * picks.len() as f64 }
    }

    /// Equal error rate over all pairs of 3-second crops of unseen speakers, and the cosine to the teacher.
    fn validate(&self) -> Vec<(&'static str, f64)> {
        let length = 3 * i64::from(SampleRate::ANALYSIS.0);
        let mut embeddings = Vec::new();
        for voices in self.validation.chunks(16) {
            let crops: Vec<Tensor> = voices.iter().map(|voice| voice.prepared.crop(8_000, length)).collect();
            let features = SpeakerEncoder::features(&self.fbank, &Tensor::stack(&crops, 0).to_device(self.device));
            embeddings.push(unit_rows(&self.network.forward(&features, None, false)));
        }
        if embeddings.is_empty() {
            return Vec::new();
        }
        let embeddings = Tensor::cat(&embeddings, 0).to_device(Device::Cpu);
        let scores = embeddings.matmul(&embeddings.transpose(0, 1));
        let (mut same, mut different) = (Vec::new(), Vec::new());
        for (i, a) in self.validation.iter().enumerate() {
            let row = floats(&scores.get(i as i64));
            for (b, &score) in self.validation.iter().zip(&row).take(i) {
                if a.class == b.class { same.push(score) } else { different.push(score) }
            }
        }
        let known = |(index, voice): (usize, &Voice)| {
            let teacher = voice.teacher.as_ref()?;
            Some((embeddings.get(index as i64) * teacher).sum(Kind::Float).double_value(&[]))
        };
        let cosines: Vec<f64> = self.validation.iter().enumerate().filter_map(known).collect();
        let mean = cosines.iter().sum::<f64>() / cosines.len().max(1) as f64;
        vec![("equal_error_rate", equal_error_rate(same, different)), ("teacher_cosine", mean)]
    }

    fn metadata(&self, weights: &mut Weights) -> Result<(), CheckpointError> {
        weights.tensors.retain(|name, _| !name.starts_with("classifier."));
        weights.set_json(SpeakerEncoder::CONFIG_KEY, &self.config)
    }
}

/// The rate at which as many same-speaker pairs fall below a threshold as different ones reach it.
pub fn equal_error_rate(mut same: Vec<f32>, mut different: Vec<f32>) -> f64 {
    same.sort_by(f32::total_cmp);
    different.sort_by(f32::total_cmp);
    let rates = same.iter().enumerate().map(|(missed, &threshold)| {
        let accepted = different.len() - different.partition_point(|&score| score < threshold);
        (missed as f64 / same.len() as f64, accepted as f64 / different.len().max(1) as f64)
    });
    let crossing = rates.min_by(|a, b| (a.0 - a.1).abs().total_cmp(&(b.0 - b.1).abs()));
    crossing.map_or(f64::NAN, |(miss, accept)| (miss + accept) / 2.0)
}

fn random_crop(item: &Prepared, length: i64, random: &mut ChaCha8Rng) -> Tensor {
    let room = (item.samples.size()[0] - length).max(0);
    item.crop(random.random_range(0..=room), length)
}

fn level(samples: &Tensor) -> f64 {
    samples.square().mean(Kind::Float).double_value(&[]).sqrt()
}

/// A first-order filter `x[n] - a x[n-1]`: another microphone.
fn tilt(samples: Tensor, a: f64) -> Tensor {
    let before = samples.pad([1, 0], "constant", None).narrow(0, 0, samples.size()[0]);
    samples - before * a
}

/// Rows, or one vector, of unit length.
fn unit_rows(tensor: &Tensor) -> Tensor {
    let norm = tensor.square().sum_dim_intlist([-1i64].as_slice(), true, Kind::Float).sqrt();
    tensor / norm.clamp_min(1e-8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_error_rates_of_known_scores() {
        assert_eq!(equal_error_rate(vec![0.8, 0.9], vec![0.1, 0.2]), 0.0);
        assert_eq!(equal_error_rate(vec![0.1, 0.9, 0.8, 0.7], vec![0.0, 0.2, 0.3, 0.75]), 0.25);
    }

    #[test]
    fn rows_become_unit_vectors() {
        let rows = unit_rows(&Tensor::from_slice2(&[[3f32, 4.], [0., 2.]]));
        assert!((rows - Tensor::from_slice2(&[[0.6f32, 0.8], [0., 1.]])).abs().max().double_value(&[]) < 1e-6);
    }
}
