//! Training of the speaker encoder: a strong teacher's embeddings, and telling the training speakers apart.

mod examples;
mod recipe;

pub use recipe::SpeakerRecipe;

use std::{cell::Cell, collections::BTreeMap};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor, nn};

use self::examples::{Drawn, Examples};
use super::ahead::{Ahead, BatchSize};
use super::crop::random_crop;
use super::runner::{Loss, TRAINING_ONLY, Task, TrainError};
use crate::augment::mix;
use crate::dataset::prepared::Prepared;
use crate::evaluation::verification::equal_error_rate;
use crate::features::fbank::Fbank;
use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::nn::host::{floats, sent};
use crate::speaker::{Calibration, EcapaConfig, EcapaTdnn, SpeakerEncoder};
use crate::units::SampleRate;

/// Crops last a multiple of this, so that memory is used again.
const CROP_STEP_S: f64 = 0.25;

/// The speaker encoder in training.
#[derive(Debug)]
pub struct SpeakerTask {
    network: EcapaTdnn,
    config: EcapaConfig,
    fbank: Fbank,
    /// (S, E) a direction for each training speaker.
    directions: Tensor,
    /// From the network's frames to the teacher's, where the recipe weighs them.
    frames: Option<nn::Linear>,
    recipe: SpeakerRecipe,
    batches: Ahead<Batch>,
    /// Seconds in a batch.
    batch_s: BatchSize,
    validation: Validation,
    /// Of all conditions together, as last measured.
    calibration: Cell<Option<Calibration>>,
    device: Device,
}

/// A batch and how much it is.
#[derive(Debug)]
struct Batch {
    drawn: Drawn,
    audio_s: f64,
}

/// What the trainer reads.
#[derive(Debug, Clone)]
pub struct SpeakerData {
    /// Utterances to learn from.
    pub training: Vec<Prepared>,
    /// Utterances of speakers kept for measuring.
    pub validation: Vec<Prepared>,
    /// Background sounds.
    pub noise: Vec<Prepared>,
    /// Background sounds kept for measuring.
    pub validation_noise: Vec<Prepared>,
    /// The teacher's embeddings by the utterance's key.
    pub teacher: Weights,
}

/// Utterances of unseen speakers, in classes, with the teacher's embeddings.
#[derive(Debug)]
struct Validation {
    utterances: Vec<Prepared>,
    noise: Vec<Prepared>,
    classes: Vec<usize>,
    teacher: Vec<Option<Tensor>>,
}

impl Validation {
    fn new(utterances: Vec<Prepared>, noise: Vec<Prepared>, teacher: &Weights) -> Self {
        let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
        let mut class = |item: &'_ Prepared| item.utterance.speaker.clone();
        let names: Vec<String> = utterances.iter().map(&mut class).collect();
        for name in &names {
            let next = classes.len();
            classes.entry(name).or_insert(next);
        }
        let classes = names.iter().map(|name| classes[name.as_str()]).collect();
        let teacher = utterances.iter().map(|item| teacher.tensors.get(&item.utterance.key).map(unit_rows)).collect();
        Self { utterances, noise, classes, teacher }
    }

    /// Crops from half a second on, with noise at a signal-to-noise ratio if one is given: (N, L).
    fn crops(&self, seconds: f64, snr_db: Option<f64>) -> Tensor {
        let length = (seconds * SampleRate::ANALYSIS.hz()) as i64;
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut crop = |item: &Prepared| {
            let start = (item.samples.size()[0] - length).clamp(0, 8_000);
            let speech = item.crop(start, length);
            match snr_db {
                Some(snr_db) if !self.noise.is_empty() => {
                    let noise = &self.noise[random.random_range(0..self.noise.len())];
                    mix(&speech, &random_crop(noise, length, &mut random), snr_db)
                }
                _ => speech,
            }
        };
        Tensor::stack(&self.utterances.iter().map(&mut crop).collect::<Vec<_>>(), 0)
    }

    /// Cosines of all pairs of embeddings (N, E): of the same speaker, and of different ones.
    fn trials(&self, embeddings: &Tensor) -> (Vec<f32>, Vec<f32>) {
        let scores = embeddings.matmul(&embeddings.transpose(0, 1));
        let (mut same, mut different) = (Vec::new(), Vec::new());
        for (i, a) in self.classes.iter().enumerate() {
            for (b, score) in self.classes.iter().zip(floats(&scores.get(i as i64))).take(i) {
                if a == b { same.push(score) } else { different.push(score) }
            }
        }
        (same, different)
    }

    /// Mean cosine of embeddings (N, E) to the teacher's.
    fn teacher_cosine(&self, embeddings: &Tensor) -> f64 {
        let known = |(index, teacher): (usize, &Option<Tensor>)| {
            Some((embeddings.get(index as i64) * teacher.as_ref()?).sum(Kind::Float).double_value(&[]))
        };
        let cosines: Vec<f64> = self.teacher.iter().enumerate().filter_map(known).collect();
        cosines.iter().sum::<f64>() / cosines.len().max(1) as f64
    }
}

impl SpeakerTask {
    /// Makes the network and the classifier in `store`; `loaders` threads mix its batches.
    ///
    /// # Errors
    /// A teacher that knows none of the utterances, or no frames where the recipe weighs them, or sizes that describe no
    /// network.
    pub fn new(
        store: &nn::VarStore,
        recipe: SpeakerRecipe,
        data: SpeakerData,
        seed: u64,
        loaders: usize,
    ) -> Result<Self, TrainError> {
        let config = EcapaConfig::with_channels(recipe.channels);
        let network = EcapaTdnn::new(store.root(), &config).map_err(|error| TrainError::Data(error.to_string()))?;
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let examples = Examples::new(data.training, data.noise, &data.teacher, &recipe, &mut random);
        if examples.classes() == 0 {
            return Err(TrainError::Data("the teacher has no embedding of any utterance of the corpus".into()));
        }
        if recipe.frames_weight > 0.0 && examples.frame_size() == 0 {
            let message = "the recipe weighs the teacher's frames, and the teacher tells none of them";
            return Err(TrainError::Data(message.into()));
        }
        let validation = Validation::new(data.validation, data.validation_noise, &data.teacher);
        // Named as the constant says.
        let beside = store.root().sub(TRAINING_ONLY.trim_end_matches('.'));
        let directions = beside.var_copy("directions", &examples.directions());
        let channels = config.channels.last().copied().unwrap_or_default();
        // From nothing, lest it disturb what is there.
        let none = nn::Init::Const(0.0);
        let linear = nn::LinearConfig { ws_init: none, bs_init: Some(none), bias: true };
        let frames = (recipe.frames_weight > 0.0)
            .then(|| nn::linear(&beside / "frames", channels, examples.frame_size(), linear));
        let (device, fbank) = (store.device(), Fbank::new(store.device()));
        let batch_s = BatchSize::new(recipe.batch_s.round() as usize);
        let maker = |examples: Examples| {
            let (plan, size) = (recipe.clone(), batch_s.clone());
            move |step| batch(&plan, size.get() as f64, &examples, seed.wrapping_add(step)).sent(device)
        };
        let batches = Ahead::with_copies(loaders, examples, maker);
        let calibration = Cell::default();
        Ok(Self {
            network,
            config,
            fbank,
            directions,
            frames,
            recipe,
            batches,
            batch_s,
            validation,
            calibration,
            device,
        })
    }

    /// Additive angular margin softmax: embeddings (B, E) of unit length, classes (B).
    fn margin_loss(&self, embeddings: &Tensor, classes: &Tensor) -> Tensor {
        let cosine = embeddings.matmul(&unit_rows(&self.directions).transpose(0, 1)).clamp(-1.0 + 1e-6, 1.0 - 1e-6);
        let with_margin = (cosine.acos() + self.recipe.margin).clamp_max(std::f64::consts::PI).cos();
        let one_hot = classes.one_hot(self.directions.size()[0]).to_kind(Kind::Float);
        let logits = (&cosine + (with_margin - &cosine) * one_hot) * self.recipe.scale;
        logits.cross_entropy_for_logits(classes)
    }

    /// Samples (B, L) → what the network knows of each frame, (B, C, T), and embeddings (B, E) of unit length.
    fn hear(&self, samples: &Tensor, train: bool) -> (Tensor, Tensor) {
        let features = SpeakerEncoder::features(&self.fbank, &samples.to_device(self.device));
        let frames = self.network.frames(&features, None, train);
        let embeddings = unit_rows(&self.network.pool(&frames, None, train));
        (frames, embeddings)
    }

    /// How far the network's frames (B, C, T) are from the teacher's: a share of their variance.
    fn frame_loss(&self, to_teacher: &nn::Linear, frames: &Tensor, drawn: &Drawn) -> Tensor {
        // Two frames of the network for one of the teacher's.
        let pairs = frames.avg_pool1d(2, 2, 0, false, true).transpose(1, 2).to_kind(Kind::Float).apply(to_teacher);
        let count = pairs.size()[1].min(drawn.frames.size()[1]);
        let (known, truth) = (drawn.known.narrow(1, 0, count), drawn.frames.narrow(1, 0, count));
        let distance = (pairs.narrow(1, 0, count) - truth).square().sum_dim_intlist(-1, false, Kind::Float);
        (distance * &known).sum(Kind::Float) / known.sum(Kind::Float).clamp_min(1.0)
    }

    /// Embeddings (N, E) of unseen speakers.
    fn embed_validation(&self, seconds: f64, snr_db: Option<f64>) -> Tensor {
        /// Crops at once.
        const BATCH: i64 = 16;
        let crops = self.validation.crops(seconds, snr_db);
        let embeddings: Vec<Tensor> = crops.split(BATCH, 0).iter().map(|crops| self.hear(crops, false).1).collect();
        Tensor::cat(&embeddings, 0).to_device(Device::Cpu)
    }
}

impl Task for SpeakerTask {
    fn loss(&self, batch: u64, _progress: f64) -> Loss {
        let Batch { drawn, audio_s } = self.batches.take(batch);
        let (frames, embeddings) = self.hear(&drawn.samples, true);
        let cosines = (&embeddings * &drawn.teacher).sum_dim_intlist(-1, false, Kind::Float);
        let teacher: Tensor = 1.0 - cosines.mean(Kind::Float);
        let mut total = &teacher * self.recipe.teacher_weight;
        let mut parts = vec![("teacher", teacher.detach())];
        if let Some(to_teacher) = &self.frames {
            let distance = self.frame_loss(to_teacher, &frames, &drawn);
            parts.push(("frames", distance.detach()));
            total += distance * self.recipe.frames_weight;
        }
        let (rows, classes) = (drawn.rows, drawn.classes);
        if classes.numel() > 0 {
            let margin = self.margin_loss(&embeddings.index_select(0, &rows), &classes);
            parts.push(("margin", margin.detach()));
            total += margin * self.recipe.margin_weight;
        }
        Loss { total, parts, audio_s }
    }

    fn halve_batches(&self) -> bool {
        self.batch_s.halve()
    }

    /// Equal error rates over all pairs of crops of unseen speakers (2 s; 4 s; 4 s with unseen noise at 10 dB), and the
    /// cosine to the teacher.
    ///
    /// The calibration is fitted to the trials of all three conditions.
    fn validate(&self) -> Vec<(&'static str, f64)> {
        if self.validation.utterances.is_empty() {
            return Vec::new();
        }
        let long = self.embed_validation(4.0, None);
        let conditions = [
            ("eer_2s", self.embed_validation(2.0, None)),
            ("eer_4s", long.shallow_clone()),
            ("eer_4s_10db", self.embed_validation(4.0, Some(10.0))),
        ];
        let trials = conditions.map(|(name, embeddings)| (name, self.validation.trials(&embeddings)));
        let rate = |(same, different): &(Vec<f32>, Vec<f32>)| equal_error_rate(same, different).unwrap_or(f64::NAN);
        let mut measures: Vec<_> = trials.iter().map(|(name, trials)| (*name, rate(trials))).collect();
        measures.push(("teacher_cosine", self.validation.teacher_cosine(&long)));
        let (same, different): (Vec<_>, Vec<_>) = trials.into_iter().map(|(_, trials)| trials).unzip();
        self.calibration.set(Calibration::fit(&same.concat(), &different.concat()));
        measures
    }

    fn metadata(&self, weights: &mut Weights) -> Result<(), CheckpointError> {
        if let Some(calibration) = self.calibration.get() {
            weights.set_json(Calibration::KEY, &calibration)?;
        }
        weights.set_json(SpeakerEncoder::CONFIG_KEY, &self.config)
    }
}

impl Batch {
    /// The same where the network is.
    fn sent(&self, device: Device) -> Self {
        let Drawn { samples, teacher, frames, known, rows, classes } = &self.drawn;
        let parts = [samples, teacher, frames, known, rows, classes].map(|part| sent(part, device));
        let [samples, teacher, frames, known, rows, classes] = parts;
        Self { drawn: Drawn { samples, teacher, frames, known, rows, classes }, audio_s: self.audio_s }
    }
}

/// Crops of one length.
fn batch(recipe: &SpeakerRecipe, batch_s: f64, examples: &Examples, seed: u64) -> Batch {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (shortest, longest) = recipe.crop_s;
    let seconds = (random.random_range(shortest..=longest) / CROP_STEP_S).round() * CROP_STEP_S;
    let count = (batch_s / seconds).round().max(2.0) as usize;
    let length = (seconds * SampleRate::ANALYSIS.hz()) as i64;
    let drawn = tch::no_grad(|| examples.draw(count, length, random.random()));
    Batch { drawn, audio_s: seconds * count as f64 }
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
    fn rows_become_unit_vectors() {
        let rows = unit_rows(&Tensor::from_slice2(&[[3f32, 4.], [0., 2.]]));
        assert!((rows - Tensor::from_slice2(&[[0.6f32, 0.8], [0., 1.]])).abs().max().double_value(&[]) < 1e-6);
    }
}
