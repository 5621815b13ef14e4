//! Training of the acoustic model, with the aligner's durations as truth.

mod listener;
mod recipe;
mod windows;

pub use listener::{Listener, ListenerConfig};
pub use recipe::{AcousticRecipe, LossWeights};

use std::collections::{BTreeMap, HashMap};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor, nn};

use crate::acoustic::config::AcousticConfig;
use crate::acoustic::decoder::Frames;
use crate::acoustic::discriminator::MelDiscriminator;
use crate::acoustic::model::AcousticModel;
use crate::dataset::batches::LengthBatches;
use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::synthesis::models::BUILT_IN;
use crate::train::adversary::{Adversary, AdversaryConfig};
use crate::train::labels::Labelled;
use crate::train::runner::{Left, Loss, Replica, Task, TrainError};
use crate::train::taught::TaughtBatch;

/// Embeddings of each speaker.
pub type Speakers = HashMap<String, Vec<Vec<f32>>>;

/// Utterances to learn from and to measure on.
#[derive(Debug)]
pub struct AcousticData {
    /// To learn from.
    pub training: Vec<Labelled>,
    /// To measure on.
    pub validation: Vec<Labelled>,
    /// Embeddings of all their speakers.
    pub speakers: Speakers,
    /// Speakers that are published with the weights, by the name that they get.
    pub built_in: BTreeMap<String, String>,
    /// Frames in a batch, padding included.
    pub batch_frames: usize,
    /// The discriminator, where there is one.
    pub adversary: Option<AdversaryConfig>,
    /// Who hears what is made, where somebody does.
    pub listener: Option<Listener>,
}

/// The acoustic model in training.
#[derive(Debug)]
pub struct AcousticTask {
    model: AcousticModel,
    weights: LossWeights,
    data: AcousticData,
    batches: LengthBatches,
    seed: u64,
    device: Device,
    adversary: Option<Adversary<MelDiscriminator>>,
}

/// The parts of the loss, scalars, and what they were measured on.
struct Parts {
    /// What was made.
    frames: Frames,
    /// (B, M, T) of the recordings.
    real_mel: Tensor,
    mel: Tensor,
    duration: Tensor,
    variance: Tensor,
    pitch: Tensor,
    voicing: Tensor,
}

impl AcousticTask {
    /// Makes the network in `store`. Utterances whose speaker has no embedding are left out.
    pub fn new(
        store: &nn::VarStore,
        config: AcousticConfig,
        weights: LossWeights,
        mut data: AcousticData,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let speakers = &data.speakers;
        data.training.retain(|item| speakers.contains_key(&item.speaker));
        data.validation.retain(|item| speakers.contains_key(&item.speaker));
        if data.training.is_empty() {
            return Err(TrainError::Data("no utterance is left to train on".into()));
        }
        let lengths = data.training.iter().map(Labelled::frames).collect();
        Ok(Self {
            model: AcousticModel::new(store.root(), config),
            weights,
            batches: LengthBatches::new(lengths, data.batch_frames, seed),
            adversary: data.adversary.map(|config| Adversary::new(store.device(), config, MelDiscriminator::new)),
            data,
            seed,
            device: store.device(),
        })
    }

    /// The discriminators begin with what those of another run have learnt, see [`Task::companion`].
    pub fn start_judges(&mut self, judges: &Weights) -> Result<(), CheckpointError> {
        if let Some(adversary) = &mut self.adversary {
            adversary.start_from(&judges.subset(MEL_JUDGE))?;
        }
        match &mut self.data.listener {
            Some(listener) => listener.start_from(&judges.subset(LISTENER)),
            None => Ok(()),
        }
    }

    fn parts(&self, items: &[&Labelled], random: &mut ChaCha8Rng) -> Parts {
        let speaker = |item: &&Labelled| {
            let known = &self.data.speakers[&item.speaker];
            known[random.random_range(0..known.len())].as_slice()
        };
        let speakers: Vec<&[f32]> = items.iter().map(speaker).collect();
        let batch = TaughtBatch::new(items, &speakers, self.device);
        let (variance, frames, expansion) = batch.teach(&self.model);
        let stack = |rows: Vec<Tensor>| Tensor::stack(&rows, 0).to_device(self.device);

        let frame_count = expansion.frames;
        let lay = |row: &Tensor| {
            let missing = frame_count - row.size().last().copied().unwrap_or(0);
            row.to_kind(Kind::Float).pad([0, missing], "constant", None)
        };
        let real_mel = stack(items.iter().map(|item| lay(&item.mel)).collect());
        let real_pitch = stack(items.iter().map(|item| lay(&item.frame_pitch)).collect());
        let voicing = stack(items.iter().map(|item| lay(&item.voicing)).collect());
        let mask = batch.mask.squeeze_dim(-1);
        let frame_mask = expansion.mask.squeeze_dim(-1);
        let per_symbol = |gap: Tensor| (gap.square() * &mask).sum(Kind::Float) / mask.sum(Kind::Float);
        let per_frame =
            |gap: Tensor, mask: &Tensor| (gap * mask).sum(Kind::Float) / mask.sum(Kind::Float).clamp_min(1.0);
        let bands = real_mel.size()[1] as f64;
        Parts {
            mel: per_frame(
                (&frames.mel - &real_mel).abs().sum_dim_intlist([1i64].as_slice(), false, Kind::Float),
                &frame_mask,
            ) / bands,
            duration: per_symbol(variance.log_duration - &batch.log_duration),
            variance: per_symbol(variance.pitch - &batch.pitch) + per_symbol(variance.energy - &batch.energy),
            pitch: per_frame((&frames.pitch - real_pitch).abs(), &(&voicing * &frame_mask)),
            voicing: per_frame(cross_entropy(&frames.voicing, &voicing), &frame_mask),
            frames,
            real_mel,
        }
    }
}

/// Binary cross entropy of logits, element by element: `max(x, 0) - x y + ln(1 + e^-|x|)`.
fn cross_entropy(logits: &Tensor, truth: &Tensor) -> Tensor {
    logits.relu() - logits * truth + (-logits.abs()).exp().log1p()
}

impl Task for AcousticTask {
    fn loss(&self, batch: u64, progress: f64) -> Loss {
        let items: Vec<&Labelled> =
            self.batches.at(batch).into_iter().map(|index| &self.data.training[index]).collect();
        let mut random = ChaCha8Rng::seed_from_u64(self.seed.wrapping_add(batch));
        let parts = self.parts(&items, &mut random);
        let LossWeights { duration, variance, pitch, voicing } = self.weights;
        let mut total = &parts.mel
            + &parts.duration * duration
            + &parts.variance * variance
            + &parts.pitch * pitch
            + &parts.voicing * voicing;
        let frames: usize = items.iter().map(|item| item.frames()).sum();
        let mut named = vec![
            ("mel", parts.mel.detach()),
            ("duration", parts.duration.detach()),
            ("variance", parts.variance.detach()),
            ("pitch", parts.pitch.detach()),
            ("voicing", parts.voicing.detach()),
        ];
        if let Some(adversary) = self.adversary.as_ref().filter(|adversary| adversary.has_begun(progress)) {
            let lengths: Vec<usize> = items.iter().map(|item| item.frames()).collect();
            if let Some((made, real)) = windows::windows(&parts.frames.mel, &parts.real_mel, &lengths, &mut random) {
                let contest = adversary.contest(&made, &real);
                named.extend([("discriminator", contest.discriminator), ("features", contest.features)]);
                total += contest.loss;
            }
        }
        let heard = self
            .data
            .listener
            .as_ref()
            .and_then(|listener| listener.hear(&parts.frames, &items, progress, &mut random));
        if let Some(heard) = heard {
            named.extend(heard.parts);
            total += heard.loss;
        }
        Loss { total, parts: named, audio_s: frames as f64 / self.model.config().mel.frame_rate() }
    }

    fn step_others(&self, batches: u64, replica: &Replica) -> Result<(), Left> {
        if let Some(adversary) = &self.adversary {
            adversary.step(batches, replica)?;
        }
        match &self.data.listener {
            Some(listener) => listener.adversary().step(batches, replica),
            None => Ok(()),
        }
    }

    fn halve_batches(&self) -> bool {
        if let Some(adversary) = &self.adversary {
            adversary.forget();
        }
        if let Some(listener) = &self.data.listener {
            listener.adversary().forget();
        }
        self.batches.halve()
    }

    fn validate(&self) -> Vec<(&'static str, f64)> {
        let mut sums = [0.0; 5];
        let items: Vec<&Labelled> = self.data.validation.iter().collect();
        let mut random = ChaCha8Rng::seed_from_u64(0);
        for chunk in items.chunks(4) {
            let parts = self.parts(chunk, &mut random);
            let values = [parts.mel, parts.duration, parts.variance, parts.pitch, parts.voicing];
            for (sum, value) in sums.iter_mut().zip(&values) {
                *sum += value.double_value(&[]) * chunk.len() as f64 / items.len() as f64;
            }
        }
        if items.is_empty() {
            return Vec::new();
        }
        ["mel", "duration", "variance", "pitch", "voicing"].into_iter().zip(sums).collect()
    }

    fn metadata(&self, weights: &mut Weights) -> Result<(), CheckpointError> {
        for (name, speaker) in &self.data.built_in {
            if let Some(known) = self.data.speakers.get(speaker) {
                let mean = Tensor::from_slice(&mean_direction(known));
                weights.tensors.insert(format!("{BUILT_IN}{name}"), mean);
            }
        }
        weights.set_json("model", self.model.config())
    }

    fn companion(&self) -> Option<(&'static str, Weights)> {
        let mut judges = Weights::default();
        if let Some(adversary) = &self.adversary {
            judges.extend(MEL_JUDGE, adversary.weights());
        }
        if let Some(listener) = &self.data.listener {
            judges.extend(LISTENER, listener.adversary().weights());
        }
        (!judges.tensors.is_empty()).then_some((JUDGES, judges))
    }

    fn state(&self) -> Weights {
        let mut state = self.adversary.as_ref().map(Adversary::state).unwrap_or_default();
        if let Some(listener) = &self.data.listener {
            state.extend(LISTENER, listener.adversary().state());
        }
        state
    }

    fn restore(&self, state: &Weights) -> Result<(), CheckpointError> {
        if let Some(adversary) = &self.adversary {
            adversary.restore(state)?;
        }
        match &self.data.listener {
            Some(listener) => listener.adversary().restore(&state.subset(LISTENER)),
            None => Ok(()),
        }
    }
}

/// The file of the discriminators, published for those who go on from the base.
pub const JUDGES: &str = "judges";
/// Where the discriminator of mels lies in it.
const MEL_JUDGE: &str = "mel.";
/// Where the listener's discriminator lies in it, and in a checkpoint.
const LISTENER: &str = "listener.";

/// The mean of unit vectors, of unit length.
pub fn mean_direction(vectors: &[Vec<f32>]) -> Vec<f32> {
    let length = vectors.first().map_or(0, Vec::len);
    let mut mean = vec![0f32; length];
    for vector in vectors {
        mean.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
    }
    let norm = mean.iter().map(|value| value * value).sum::<f32>().sqrt().max(1e-9);
    mean.iter().map(|value| value / norm).collect()
}
