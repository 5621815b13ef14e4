//! Training of the aligner: the sum over all ways to say the transcript, from a flat start.

mod bootstrap;
mod spoken;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Deserialize;
use tch::{Device, Kind, Tensor, nn};

use self::bootstrap::bootstrap;
use self::spoken::{Script, Spoken};
use crate::aligner::chain::{Scores, decode};
use crate::aligner::gaussian::{Gaussians, cepstra};
use crate::aligner::network::{AlignerConfig, AlignerNetwork};
use crate::aligner::phones::Phone;
use crate::dataset::batches::LengthBatches;
use crate::dataset::prepared::Prepared;
use crate::evaluation::edit::{EditCounts, edit_distance};
use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::nn::host::{floats, sent};
use crate::nn::shared::Shared;
use crate::text::FrontEnd;
use crate::train::ahead::{Ahead, BatchSize};
use crate::train::runner::{Loss, RunConfig, Task, TrainError};

/// What `models/recipes/aligner.toml` says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlignerRecipe {
    /// Speakers kept for measuring.
    pub held_out: Vec<String>,
    /// Collections of the corpus.
    pub collections: Vec<String>,
    /// Frames in a batch, padding included.
    pub batch_frames: usize,
    /// Rounds of estimating a Gaussian for each phoneme, from phonemes spread evenly over the loud frames.
    pub bootstrap_rounds: usize,
    /// Utterances that these rounds use, shortest first.
    pub bootstrap_utterances: usize,
    /// Steps that learn from the Gaussians' alignment.
    pub bootstrap_steps: u64,
    /// Weight of the prior in path scores.
    pub prior_weight: f64,
    /// Cost, as a log score, of a change of phoneme where there is no transcript.
    pub change_cost: f64,
    /// Sizes of the network.
    pub model: AlignerConfig,
    /// Length and learning rate.
    pub run: RunConfig,
}

/// The aligner in training.
#[derive(Debug)]
pub struct AlignerTask {
    network: AlignerNetwork,
    recipe: AlignerRecipe,
    training: Vec<Spoken>,
    validation: Vec<Spoken>,
    batches: Ahead<Batch>,
    batch_frames: BatchSize,
    /// None where training begins with weights that know better.
    gaussians: Option<Gaussians>,
    device: Device,
}

/// A padded batch.
#[derive(Debug)]
struct Batch {
    /// The places of its utterances.
    items: Vec<usize>,
    /// (B, M, T).
    mel: Tensor,
    /// (B, T).
    mask: Tensor,
}

impl AlignerTask {
    /// How fast the prior follows.
    const PRIOR_RATE: f64 = 0.02;

    /// Makes the network in `store` and turns transcripts into chains; `loaders` threads lay out its batches.
    pub fn new(
        store: &nn::VarStore,
        recipe: AlignerRecipe,
        training: Vec<Prepared>,
        validation: Vec<Prepared>,
        seed: u64,
        loaders: usize,
    ) -> Result<Self, TrainError> {
        let front_end = FrontEnd::new();
        let spoken = |items: Vec<Prepared>| -> Vec<Spoken> {
            items.into_iter().filter_map(|item| Spoken::new(item, &front_end)).collect()
        };
        let (training, validation) = (spoken(training), spoken(validation));
        if training.is_empty() {
            return Err(TrainError::Data("no recording has a transcript that fits it".into()));
        }
        let gaussians = (recipe.bootstrap_steps > 0)
            .then(|| bootstrap(&training, recipe.bootstrap_rounds, recipe.bootstrap_utterances));
        let lengths: Vec<usize> = training.iter().map(Spoken::frames).collect();
        let longest = lengths.iter().copied().max().unwrap_or(1);
        let (batch_frames, device) = (BatchSize::at_least(recipe.batch_frames, longest), store.device());
        let maker = |mels: Vec<Shared>| {
            let size = batch_frames.clone();
            let plan = LengthBatches::new(lengths.clone(), size.get(), seed);
            move |step: u64| {
                plan.resize(size.get());
                let items = plan.at(step);
                let mut random = ChaCha8Rng::seed_from_u64(seed.wrapping_add(step));
                tch::no_grad(|| {
                    let (mel, mask) = padded(items.iter().map(|&index| &*mels[index]));
                    hide_patches(&mel, &mut random);
                    Batch { items, mel: sent(&mel, device), mask: sent(&mask, device) }
                })
            }
        };
        let mels: Vec<Shared> = training.iter().map(|item| item.mel.clone()).collect();
        Ok(Self {
            network: AlignerNetwork::new(store.root(), recipe.model.clone()),
            batches: Ahead::with_copies(loaders, mels, maker),
            batch_frames,
            recipe,
            training,
            validation,
            gaussians,
            device,
        })
    }

    /// Targets (B, T, K): who speaks when, as far as the Gaussians, and later the network, know.
    fn targets(&self, items: &[&Spoken], log_probabilities: &Tensor, teacher: Option<&Gaussians>) -> Tensor {
        let (count, frames, classes) = log_probabilities.size3().unwrap_or_default();
        let row = frames as usize * classes as usize;
        let jobs: Vec<(&Script, Vec<f32>)> = if let Some(gaussians) = teacher {
            items.iter().map(|item| (&item.script, gaussians.scores(&cepstra(&item.mel)))).collect()
        } else {
            let scores = floats(&self.network.scores(&log_probabilities.detach(), self.recipe.prior_weight));
            let rows =
                |(index, item): (usize, &&Spoken)| scores[index * row..][..item.frames() * Phone::STATES].to_vec();
            items.iter().enumerate().map(|(index, item)| (&item.script, rows((index, item)))).collect()
        };
        let occupation = |(script, rows): (&Script, Vec<f32>)| {
            let mut target = script.occupation(rows).unwrap_or_default();
            target.resize(row, 0.0);
            target
        };
        let targets: Vec<Vec<f32>> = jobs.into_par_iter().map(occupation).collect();
        let targets = Tensor::from_slice(&targets.concat()).view([count, frames, classes]);
        sent(&targets, self.device)
    }
}

impl Task for AlignerTask {
    fn loss(&self, number: u64, _progress: f64) -> Loss {
        let Batch { items, mel, mask } = self.batches.take(number);
        let items: Vec<&Spoken> = items.into_iter().map(|index| &self.training[index]).collect();
        let log_probabilities = self.network.forward(&mel, &mask);
        let teacher = self.gaussians.as_ref().filter(|_| number < self.recipe.bootstrap_steps);
        let targets = self.targets(&items, &log_probabilities, teacher);
        self.network.follow_prior(&log_probabilities.detach(), &mask, Self::PRIOR_RATE);
        let total = -(targets * log_probabilities).sum(Kind::Float) / mask.sum(Kind::Float);
        let frames: usize = items.iter().map(|item| item.frames()).sum();
        let audio_s = frames as f64 / self.recipe.model.mel.frame_rate();
        Loss { total, parts: vec![], audio_s }
    }

    fn halve_batches(&self) -> bool {
        self.batch_frames.halve()
    }

    fn validate(&self) -> Vec<(&'static str, f64)> {
        let mut counts = EditCounts::default();
        for items in self.validation.chunks(8) {
            let (mel, mask) = padded(items.iter().map(|item| &*item.mel));
            let log_probabilities = self.network.forward(&sent(&mel, self.device), &sent(&mask, self.device));
            let scores = self.network.scores(&log_probabilities, self.recipe.prior_weight);
            for (index, item) in items.iter().enumerate() {
                let rows = floats(&scores.get(index as i64).narrow(0, 0, item.frames() as i64));
                let runs = decode(Scores { rows: &rows, classes: Phone::STATES }, self.recipe.change_cost);
                let heard: Vec<Phone> =
                    runs.into_iter().map(|(phone, _)| phone).filter(|&phone| phone != Phone::SILENCE).collect();
                counts += edit_distance(&item.phones, &heard);
            }
        }
        let share = |count: usize| count as f64 / counts.reference_length.max(1) as f64;
        vec![
            ("phoneme_error_rate", share(counts.errors())),
            ("substitutions", share(counts.substitutions)),
            ("insertions", share(counts.insertions)),
            ("deletions", share(counts.deletions)),
        ]
    }

    fn metadata(&self, weights: &mut Weights) -> Result<(), CheckpointError> {
        weights.set_json("model", self.network.config())?;
        weights.set_json("prior_weight", &self.recipe.prior_weight)?;
        weights.set_json("change_cost", &self.recipe.change_cost)
    }
}

/// Log-mels (M, T) of any lengths side by side, (B, M, T) with an even T, and where they are, (B, T).
fn padded<'m>(mels: impl Iterator<Item = &'m Tensor> + Clone) -> (Tensor, Tensor) {
    let frames = |mel: &Tensor| mel.size()[1];
    let longest = mels.clone().map(frames).max().unwrap_or(0);
    let longest = longest + longest % 2;
    let pad = |mel: &Tensor| {
        let missing = [0, longest - frames(mel)];
        let mask = Tensor::ones([frames(mel)], (Kind::Float, Device::Cpu)).pad(missing, "constant", None);
        (mel.to_kind(Kind::Float).pad(missing, "constant", None), mask)
    };
    let (mels, masks): (Vec<Tensor>, Vec<Tensor>) = mels.map(pad).unzip();
    (Tensor::stack(&mels, 0), Tensor::stack(&masks, 0))
}

/// Hides bands and stretches of time (SpecAugment, Park et al. 2019) of (B, M, T) behind the mean.
fn hide_patches(mel: &Tensor, random: &mut ChaCha8Rng) {
    const BANDS: i64 = 10;
    const FRAMES: i64 = 16;
    let (batch, bands, frames) = mel.size3().unwrap_or_default();
    let mean = mel.mean(Kind::Float);
    for index in 0..batch {
        let item = mel.get(index);
        let width = random.random_range(0..=BANDS);
        let lowest = random.random_range(0..=bands - width);
        item.narrow(0, lowest, width).copy_(&mean.expand([width, frames], false));
        for _ in 0..2 {
            let width = random.random_range(0..=FRAMES.min(frames));
            let start = random.random_range(0..=frames - width);
            item.narrow(1, start, width).copy_(&mean.expand([bands, width], false));
        }
    }
}
