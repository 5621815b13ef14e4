//! Training of the base vocoder: copy synthesis of short crops under spectral losses.

use std::collections::HashMap;

use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use tch::{Device, Kind, Tensor, nn};

use super::adversary::{Adversary, AdversaryConfig};
use super::ahead::{Ahead, BatchSize};
use super::runner::{Left, Loss, Replica, RunConfig, Task, TrainError};
use crate::dataset::prepared::Prepared;
use crate::features::pitch::interpolate_unvoiced;
use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::nn::host::{floats, sent};
use crate::nn::shared::Shared;
use crate::vocoder::consistency::MelSource;
use crate::vocoder::discriminator::SpectrogramDiscriminator;
use crate::vocoder::harmonic::{HarmonicConfig, HarmonicVocoder, VocoderInput};
use crate::vocoder::loss::SpectralLoss;

/// What `models/recipes/vocoder.toml` says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VocoderRecipe {
    /// Speakers kept for measuring.
    pub held_out: Vec<String>,
    /// Collections of the corpus.
    pub collections: Vec<String>,
    /// Crops in a batch.
    pub batch: usize,
    /// Frames in a crop.
    pub frames: i64,
    /// Share of crops whose mel is what the acoustic model makes of the recording's labels: blurred in the way that
    /// the vocoder will meet (Shen et al. 2018, section 3.3).
    #[serde(default)]
    pub acoustic_share: f64,
    /// The discriminator, where there is one.
    pub adversary: Option<AdversaryConfig>,
    /// Sizes of the network.
    pub model: HarmonicConfig,
    /// Length and learning rate.
    pub run: RunConfig,
}

/// Mel spectrograms (M, T) that the acoustic model makes, by the utterance's key.
pub type TaughtMels = HashMap<String, Tensor>;

/// One utterance with F0 ready to slice.
#[derive(Debug, Clone)]
struct Voiced {
    prepared: Prepared,
    mel: Shared,
    /// What the acoustic model makes of it.
    taught: Option<Shared>,
    f0_hz: Shared,
    voicing: Shared,
}

impl Voiced {
    fn new(mut prepared: Prepared, taught: &mut TaughtMels) -> Option<Self> {
        let (mel, f0) = prepared.features.take()?;
        let track = floats(&f0);
        if !track.iter().any(|&hz| hz > 0.0) {
            return None;
        }
        let f0_hz = Tensor::from_slice(&interpolate_unvoiced(&track)).into();
        let taught = taught.remove(&prepared.utterance.key).map(Shared::from);
        Some(Self { prepared, mel, taught, voicing: f0.gt(0.0).to_kind(Kind::Float).into(), f0_hz })
    }

    fn frames(&self) -> i64 {
        self.mel.size()[1]
    }
}

/// Utterances that crops of so many frames are cut from.
#[derive(Debug, Clone)]
struct Supply {
    items: Vec<Voiced>,
    frames: i64,
    hop: i64,
}

/// A batch.
#[derive(Debug)]
struct Crops {
    /// (B, L) what was recorded.
    samples: Tensor,
    /// What the vocoder is told of it.
    input: VocoderInput,
}

/// The vocoder in training.
#[derive(Debug)]
pub struct VocoderTask {
    vocoder: HarmonicVocoder,
    loss: SpectralLoss,
    batches: Ahead<Crops>,
    validation: Supply,
    batch: BatchSize,
    device: Device,
    adversary: Option<Adversary<SpectrogramDiscriminator>>,
}

/// A crop: which utterance, where in it from 0 to 1, and whether from the acoustic model's mel.
#[derive(Debug, Clone, Copy)]
struct Pick {
    index: usize,
    place: f64,
    taught: bool,
}

impl Supply {
    fn crops(&self, picks: &[Pick], device: Device) -> Crops {
        let (mut samples, mut mel, mut f0, mut voicing) = (vec![], vec![], vec![], vec![]);
        for &Pick { index, place, taught } in picks {
            let item = &self.items[index];
            let start = (place * (item.frames() - self.frames) as f64) as i64;
            samples.push(item.prepared.crop(start * self.hop, self.frames * self.hop));
            let source = item.taught.as_ref().filter(|_| taught).unwrap_or(&item.mel);
            mel.push(source.narrow(1, start, self.frames).to_kind(Kind::Float));
            f0.push(item.f0_hz.narrow(0, start, self.frames));
            voicing.push(item.voicing.narrow(0, start, self.frames));
        }
        let stack = |tensors: &[Tensor]| sent(&Tensor::stack(tensors, 0), device);
        let source = MelSource::Recording;
        let input = VocoderInput { mel: stack(&mel), f0_hz: stack(&f0), voicing: stack(&voicing), source };
        Crops { samples: stack(&samples), input }
    }
}

impl VocoderTask {
    /// Crops held out for validation.
    const VALIDATION_BATCHES: u64 = 4;

    /// Makes the network in `store` and sorts the data; `loaders` threads cut its batches.
    pub fn new(
        store: &nn::VarStore,
        recipe: &VocoderRecipe,
        training: Vec<Prepared>,
        validation: Vec<Prepared>,
        mut taught: TaughtMels,
        seed: u64,
        loaders: usize,
    ) -> Result<Self, TrainError> {
        let mut supply = |items: Vec<Prepared>| {
            let voiced = items.into_iter().filter_map(|item| Voiced::new(item, &mut taught));
            let items = voiced.filter(|item| item.frames() > recipe.frames).collect();
            Supply { items, frames: recipe.frames, hop: recipe.model.mel.hop }
        };
        let (training, validation) = (supply(training), supply(validation));
        let chances = WeightedIndex::new(training.items.iter().map(|item| item.frames() as f64));
        let chances = chances.map_err(|_| TrainError::Data("no voiced recording is long enough to train on".into()))?;
        let (batch, device, acoustic_share) = (BatchSize::new(recipe.batch), store.device(), recipe.acoustic_share);
        let maker = |training: Supply| {
            let (size, chances) = (batch.clone(), chances.clone());
            move |step| {
                let mut random = ChaCha8Rng::seed_from_u64(seed.wrapping_add(step));
                let pick = |_| Pick {
                    index: chances.sample(&mut random),
                    place: random.random(),
                    taught: random.random_bool(acoustic_share),
                };
                let picks: Vec<Pick> = (0..size.get()).map(pick).collect();
                tch::no_grad(|| training.crops(&picks, device))
            }
        };
        Ok(Self {
            batches: Ahead::with_copies(loaders, training, maker),
            vocoder: HarmonicVocoder::new(store.root(), recipe.model.clone()),
            loss: SpectralLoss::new(&recipe.model.mel, store.device()),
            validation,
            batch,
            device,
            adversary: recipe
                .adversary
                .map(|config| Adversary::new(store.device(), config, SpectrogramDiscriminator::new)),
        })
    }
}

impl Task for VocoderTask {
    fn loss(&self, batch: u64, progress: f64) -> Loss {
        let Crops { samples: real, input } = self.batches.take(batch);
        // Brought back to the mel, it would hardly differ in mel any more, and learn nothing from that.
        let made = self.vocoder.shape(&input);
        let terms = self.loss.terms(&made, &real);
        let mut parts = vec![
            ("log_magnitude", terms.log_magnitude.detach()),
            ("convergence", terms.convergence.detach()),
            ("mel", terms.mel.detach()),
        ];
        let audio_s = real.numel() as f64 / self.vocoder.config().mel.rate.hz();
        let mut total = terms.total();
        if let Some(adversary) = self.adversary.as_ref().filter(|adversary| adversary.has_begun(progress)) {
            let contest = adversary.contest(&made, &real);
            parts.extend([("discriminator", contest.discriminator), ("features", contest.features)]);
            total += contest.loss;
        }
        Loss { total, parts, audio_s }
    }

    fn step_others(&self, batches: u64, replica: &Replica) -> Result<(), Left> {
        self.adversary.as_ref().map_or(Ok(()), |adversary| adversary.step(batches, replica))
    }

    fn halve_batches(&self) -> bool {
        if let Some(adversary) = &self.adversary {
            adversary.forget();
        }
        self.batch.halve()
    }

    fn double_batches(&self) -> bool {
        self.batch.double();
        true
    }

    fn validate(&self) -> Vec<(&'static str, f64)> {
        if self.validation.items.is_empty() {
            return Vec::new();
        }
        tch::manual_seed(0);
        let mut sums = [0.0; 4];
        for batch in 0..Self::VALIDATION_BATCHES {
            let mut random = ChaCha8Rng::seed_from_u64(batch);
            let pick = |_| Pick {
                index: random.random_range(0..self.validation.items.len()),
                place: random.random(),
                taught: false,
            };
            let picks: Vec<Pick> = (0..self.batch.get()).map(pick).collect();
            let Crops { samples: real, input } = self.validation.crops(&picks, self.device);
            let terms = self.loss.terms(&self.vocoder.shape(&input), &real);
            let all = [terms.total(), terms.log_magnitude, terms.convergence, terms.mel];
            for (sum, term) in sums.iter_mut().zip(&all) {
                *sum += term.double_value(&[]) / Self::VALIDATION_BATCHES as f64;
            }
        }
        ["total", "log_magnitude", "convergence", "mel"].into_iter().zip(sums).collect()
    }

    fn metadata(&self, weights: &mut Weights) -> Result<(), CheckpointError> {
        weights.set_json("model", self.vocoder.config())
    }

    fn state(&self) -> Weights {
        self.adversary.as_ref().map(Adversary::state).unwrap_or_default()
    }

    fn restore(&self, state: &Weights) -> Result<(), CheckpointError> {
        self.adversary.as_ref().map_or(Ok(()), |adversary| adversary.restore(state))
    }
}
