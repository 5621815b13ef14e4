//! Training of the acoustic model, with the aligner's durations as truth.

mod batch;
mod listener;
mod recipe;
mod windows;

pub use listener::{Listener, ListenerConfig};
pub use recipe::{AcousticRecipe, LossWeights};

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor, nn};

use self::batch::Batch;
use crate::acoustic::config::AcousticConfig;
use crate::acoustic::decoder::Frames;
use crate::acoustic::discriminator::MelDiscriminator;
use crate::acoustic::model::AcousticModel;
use crate::dataset::batches::LengthBatches;
use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::synthesis::models::BUILT_IN;
use crate::train::adversary::{Adversary, AdversaryConfig};
use crate::train::ahead::{Ahead, BatchSize};
use crate::train::labels::Labelled;
use crate::train::runner::{Left, Loss, Replica, Task, TrainError};

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
    /// Threads that lay out batches.
    pub loaders: usize,
}

/// The acoustic model in training.
#[derive(Debug)]
pub struct AcousticTask {
    model: AcousticModel,
    weights: LossWeights,
    validation: Vec<Labelled>,
    speakers: Arc<Speakers>,
    built_in: BTreeMap<String, String>,
    listener: Option<Listener>,
    batches: Ahead<Batch>,
    batch_frames: BatchSize,
    device: Device,
    adversary: Option<Adversary<MelDiscriminator>>,
}

/// The parts of the loss, scalars, and what they were measured on.
struct Parts {
    /// What was made.
    frames: Frames,
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
        data: AcousticData,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let AcousticData { mut training, mut validation, speakers, built_in, adversary, listener, .. } = data;
        training.retain(|item| speakers.contains_key(&item.speaker));
        validation.retain(|item| speakers.contains_key(&item.speaker));
        if training.is_empty() {
            return Err(TrainError::Data("no utterance is left to train on".into()));
        }
        let (device, speakers) = (store.device(), Arc::new(speakers));
        let lengths: Vec<usize> = training.iter().map(Labelled::frames).collect();
        let longest = lengths.iter().copied().max().unwrap_or(1);
        let batch_frames = BatchSize::at_least(data.batch_frames, longest);
        let maker = |training: Vec<Labelled>| {
            let (size, known) = (batch_frames.clone(), speakers.clone());
            let plan = LengthBatches::new(lengths.clone(), size.get(), seed);
            move |step: u64| {
                plan.resize(size.get());
                let items = plan.at(step).into_iter().map(|index| training[index].clone()).collect();
                let random = ChaCha8Rng::seed_from_u64(seed.wrapping_add(step));
                tch::no_grad(|| Batch::new(items, &known, random, device))
            }
        };
        let batches = Ahead::with_copies(data.loaders, training, maker);
        Ok(Self {
            model: AcousticModel::new(store.root(), config),
            weights,
            batches,
            batch_frames,
            adversary: adversary.map(|config| Adversary::new(device, config, MelDiscriminator::new)),
            validation,
            speakers,
            built_in,
            listener,
            device,
        })
    }

    /// The discriminators begin with what those of another run have learnt, see [`Task::companion`].
    pub fn start_judges(&mut self, judges: &Weights) -> Result<(), CheckpointError> {
        if let Some(adversary) = &mut self.adversary {
            adversary.start_from(&judges.subset(MEL_JUDGE))?;
        }
        match &mut self.listener {
            Some(listener) => listener.start_from(&judges.subset(LISTENER)),
            None => Ok(()),
        }
    }

    fn parts(&self, batch: &Batch) -> Parts {
        let Batch { taught, mel, pitch, voicing, .. } = batch;
        let (variance, frames, expansion) = taught.teach(&self.model);
        let mask = taught.mask.squeeze_dim(-1);
        let frame_mask = expansion.mask.squeeze_dim(-1);
        let per_symbol = |gap: Tensor| (gap.square() * &mask).sum(Kind::Float) / mask.sum(Kind::Float);
        let per_frame =
            |gap: Tensor, mask: &Tensor| (gap * mask).sum(Kind::Float) / mask.sum(Kind::Float).clamp_min(1.0);
        let bands = mel.size()[1] as f64;
        let gap = (&frames.mel - mel).abs().sum_dim_intlist([1i64].as_slice(), false, Kind::Float);
        Parts {
            mel: per_frame(gap, &frame_mask) / bands,
            duration: per_symbol(variance.log_duration - &taught.log_duration),
            variance: per_symbol(variance.pitch - &taught.pitch) + per_symbol(variance.energy - &taught.energy),
            pitch: per_frame((&frames.pitch - pitch).abs(), &(voicing * &frame_mask)),
            voicing: per_frame(cross_entropy(&frames.voicing, voicing), &frame_mask),
            frames,
        }
    }
}

/// Binary cross entropy of logits, element by element: `max(x, 0) - x y + ln(1 + e^-|x|)`.
fn cross_entropy(logits: &Tensor, truth: &Tensor) -> Tensor {
    logits.relu() - logits * truth + (-logits.abs()).exp().log1p()
}

impl Task for AcousticTask {
    fn loss(&self, batch: u64, progress: f64) -> Loss {
        let mut batch = self.batches.take(batch);
        let parts = self.parts(&batch);
        let LossWeights { duration, variance, pitch, voicing } = self.weights;
        let mut total = &parts.mel
            + &parts.duration * duration
            + &parts.variance * variance
            + &parts.pitch * pitch
            + &parts.voicing * voicing;
        let mut named = vec![
            ("mel", parts.mel.detach()),
            ("duration", parts.duration.detach()),
            ("variance", parts.variance.detach()),
            ("pitch", parts.pitch.detach()),
            ("voicing", parts.voicing.detach()),
        ];
        if let Some(adversary) = self.adversary.as_ref().filter(|adversary| adversary.has_begun(progress)) {
            let lengths: Vec<usize> = batch.items.iter().map(Labelled::frames).collect();
            let judged = windows::windows(&parts.frames.mel, &batch.mel, &lengths, &mut batch.random);
            if let Some((made, real)) = judged {
                let contest = adversary.contest(&made, &real);
                named.extend([("discriminator", contest.discriminator), ("features", contest.features)]);
                total += contest.loss;
            }
        }
        let items: Vec<&Labelled> = batch.items.iter().collect();
        let heard = self
            .listener
            .as_ref()
            .and_then(|listener| listener.hear(&parts.frames, &items, progress, &mut batch.random));
        if let Some(heard) = heard {
            named.extend(heard.parts);
            total += heard.loss;
        }
        Loss { total, parts: named, audio_s: batch.recorded_frames() as f64 / self.model.config().mel.frame_rate() }
    }

    fn step_others(&self, batches: u64, replica: &Replica) -> Result<(), Left> {
        if let Some(adversary) = &self.adversary {
            adversary.step(batches, replica)?;
        }
        match &self.listener {
            Some(listener) => listener.adversary().step(batches, replica),
            None => Ok(()),
        }
    }

    fn halve_batches(&self) -> bool {
        if let Some(adversary) = &self.adversary {
            adversary.forget();
        }
        if let Some(listener) = &self.listener {
            listener.adversary().forget();
        }
        self.batch_frames.halve()
    }

    fn double_batches(&self) -> bool {
        self.batch_frames.double();
        true
    }

    fn validate(&self) -> Vec<(&'static str, f64)> {
        let mut sums = [0.0; 5];
        let items = &self.validation;
        let mut random = ChaCha8Rng::seed_from_u64(0);
        for chunk in items.chunks(4) {
            let batch = Batch::new(chunk.to_vec(), &self.speakers, random, self.device);
            let parts = self.parts(&batch);
            random = batch.random;
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
        for (name, speaker) in &self.built_in {
            if let Some(known) = self.speakers.get(speaker) {
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
        if let Some(listener) = &self.listener {
            judges.extend(LISTENER, listener.adversary().weights());
        }
        (!judges.tensors.is_empty()).then_some((JUDGES, judges))
    }

    fn state(&self) -> Weights {
        let mut state = self.adversary.as_ref().map(Adversary::state).unwrap_or_default();
        if let Some(listener) = &self.listener {
            state.extend(LISTENER, listener.adversary().state());
        }
        state
    }

    fn restore(&self, state: &Weights) -> Result<(), CheckpointError> {
        if let Some(adversary) = &self.adversary {
            adversary.restore(state)?;
        }
        match &self.listener {
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
