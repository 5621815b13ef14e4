//! Training of the segmentation network on mixed conversations. The speaker encoder below it stays as it is.

mod casting;
mod examples;
mod recipe;

pub use recipe::SegmentationRecipe;

use std::cell::RefCell;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor, nn};

use self::examples::{Examples, Pool, Windows};
use super::ahead::{Ahead, BatchSize};
use super::runner::{Loss, Task, TrainError};
use crate::dataset::prepared::Prepared;
use crate::diarization::powerset::Powerset;
use crate::diarization::segmentation::Segmentation;
use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::speaker::SpeakerEncoder;

/// What the trainer reads.
#[derive(Debug, Clone)]
pub struct SegmentationData {
    /// Utterances to learn from.
    pub training: Vec<Prepared>,
    /// Utterances of speakers kept for measuring.
    pub validation: Vec<Prepared>,
    /// Background sounds.
    pub noise: Vec<Prepared>,
    /// Background sounds kept for measuring.
    pub validation_noise: Vec<Prepared>,
}

/// The segmentation network in training.
#[derive(Debug)]
pub struct SegmentationTask {
    encoder: SpeakerEncoder,
    network: Segmentation,
    powerset: Powerset,
    /// (orders, classes) what becomes of each class when the speakers change places.
    orders: Tensor,
    batches: Ahead<Windows>,
    pool: RefCell<Pool>,
    uses: u64,
    seed: u64,
    count: BatchSize,
    validation: Option<Windows>,
    device: Device,
}

impl SegmentationTask {
    /// Windows that are measured, and how many at once.
    const VALIDATION: usize = 64;
    const AT_ONCE: i64 = 16;

    /// Makes the network in `store`; `encoder` hears for it, and `loaders` threads mix its batches.
    ///
    /// # Errors
    /// Fewer than three speakers to learn from.
    pub fn new(
        store: &nn::VarStore,
        recipe: &SegmentationRecipe,
        data: SegmentationData,
        encoder: SpeakerEncoder,
        seed: u64,
        loaders: usize,
    ) -> Result<Self, TrainError> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let examples = |speech, noise, random: &mut ChaCha8Rng| Examples::new(speech, noise, recipe, &encoder, random);
        recipe.conversation.check().map_err(TrainError::Data)?;
        if !(0.0..=1.0).contains(&recipe.alike) {
            return Err(TrainError::Data(format!("alike is {}; expected a share from 0 to 1", recipe.alike)));
        }
        if data.training.is_empty() {
            return Err(TrainError::Data("there is no speech to learn from".into()));
        }
        let validation = (!data.validation.is_empty()).then(|| {
            let mut random = ChaCha8Rng::seed_from_u64(1);
            examples(data.validation, data.validation_noise, &mut random).draw(Self::VALIDATION, &mut random)
        });
        let examples = examples(data.training, data.noise, &mut random);
        let count = BatchSize::new(recipe.batch);
        let device = store.device();
        let maker = |examples: Examples| {
            let size = count.clone();
            move |step| {
                let mut random = ChaCha8Rng::seed_from_u64(seed.wrapping_add(step));
                tch::no_grad(|| examples.draw(size.get(), &mut random).to_device(device))
            }
        };
        let batches = Ahead::with_copies(loaders, examples, maker);
        let powerset = Segmentation::classes();
        let orders: Vec<i64> =
            powerset.permutations().iter().flat_map(|(_, classes)| classes).map(|&class| class as i64).collect();
        let orders = Tensor::from_slice(&orders).view([-1, powerset.len() as i64]).to_device(device);
        let network = Segmentation::new(store.root(), recipe.model.clone(), &encoder);
        let (pool, uses) = (RefCell::default(), recipe.uses.max(1));
        Ok(Self { encoder, network, powerset, orders, batches, pool, uses, seed, count, validation, device })
    }

    /// The windows of a batch; where they are used several times, drawn from those that were mixed last.
    fn windows(&self, batch: u64) -> Windows {
        if self.uses == 1 {
            return self.batches.take(batch);
        }
        let mut random = ChaCha8Rng::seed_from_u64(self.seed.wrapping_add(batch));
        let take = |number| self.batches.take(number);
        tch::no_grad(|| self.pool.borrow_mut().draw(batch / self.uses, take, &mut random))
    }

    /// Samples (B, L) → logits (B, T, classes). With `blur`, embeddings lose a part of what they tell: the encoder knows
    /// the speakers of the training better than any other.
    fn logits(&self, samples: &Tensor, blur: bool) -> Tensor {
        let (frames, moments) = tch::no_grad(|| {
            let frames = self.encoder.frames(&samples.to_device(self.device));
            let moments = Segmentation::moments(&frames, &self.encoder);
            (frames, if blur { blurred(&moments) } else { moments })
        });
        self.network.forward(&frames, &moments)
    }

    /// (orders, B, T): the target in every order of the speakers.
    fn reordered(&self, classes: &Tensor) -> Tensor {
        let size = classes.size();
        let all = self.orders.index_select(1, &classes.to_device(self.device).flatten(0, -1));
        all.view([-1, size[0], size[1]])
    }

    /// Cross entropy in the best order, (B).
    fn cross_entropy(&self, logits: &Tensor, classes: &Tensor) -> Tensor {
        let targets = self.reordered(classes);
        let log_share = logits.log_softmax(-1, Kind::Float).unsqueeze(0).expand([targets.size()[0], -1, -1, -1], false);
        let hit = log_share.gather(-1, &targets.unsqueeze(-1), false).squeeze_dim(-1);
        (-hit.mean_dim(-1, false, Kind::Float)).amin([0], false)
    }

    /// Diarization error of each window as frames of speakers, in its best order, and frames of speakers in all, (B) each.
    fn errors(&self, logits: &Tensor, classes: &Tensor) -> (Tensor, Tensor) {
        let found = logits.argmax(-1, false).unsqueeze(0);
        let targets = self.reordered(classes);
        let count = self.powerset.len() as i64;
        let cost = self.costs().to_device(self.device);
        let wrong = cost.take(&(&targets * count + &found)).sum_dim_intlist(-1, false, Kind::Float).amin([0], false);
        let nobody = cost.take(&(targets.get(0) * count)).sum_dim_intlist(-1, false, Kind::Float);
        (wrong, nobody)
    }

    /// (classes, classes): speakers missed, wrong or too many where the first is true and the second found.
    fn costs(&self) -> Tensor {
        let count = self.powerset.len();
        let size = |class: usize, other: usize| {
            (0..self.powerset.speakers())
                .filter(|&who| self.powerset.has(class, who) && self.powerset.has(other, who))
                .count()
        };
        let cost =
            |truth: usize, found: usize| (size(truth, truth).max(size(found, found)) - size(truth, found)) as f32;
        let all: Vec<f32> = (0..count * count).map(|index| cost(index / count, index % count)).collect();
        Tensor::from_slice(&all)
    }
}

/// Embeddings (B, M, E) without some of their values, others in each window, with some noise; of unit length.
fn blurred(moments: &Tensor) -> Tensor {
    /// Of the values, at most.
    const LOST: f64 = 0.7;
    /// Length of the noise, at most.
    const NOISE: f64 = 0.5;
    let (batch, _, size) = moments.size3().unwrap_or_default();
    let options = (Kind::Float, moments.device());
    let lost = Tensor::rand([batch, 1, 1], options) * LOST;
    let kept = Tensor::rand([batch, 1, size], options).ge_tensor(&lost).to_kind(Kind::Float);
    let noise = moments.randn_like() * (Tensor::rand([batch, 1, 1], options) * (NOISE / (size as f64).sqrt()));
    let all = (moments + noise) * kept;
    &all / all.square().sum_dim_intlist(-1, true, None).sqrt().clamp_min(1e-6)
}

impl Task for SegmentationTask {
    fn loss(&self, batch: u64, _progress: f64) -> Loss {
        let windows = self.windows(batch);
        let logits = self.logits(&windows.samples, true);
        let total = self.cross_entropy(&logits, &windows.classes).mean(Kind::Float);
        let (wrong, spoken) = tch::no_grad(|| self.errors(&logits, &windows.classes));
        let error = wrong.sum(Kind::Float) / spoken.sum(Kind::Float).clamp_min(1.0);
        let audio_s = windows.samples.numel() as f64 / SpeakerEncoder::SAMPLE_RATE.hz();
        Loss { total, parts: vec![("der", error)], audio_s }
    }

    fn halve_batches(&self) -> bool {
        self.count.halve()
    }

    fn double_batches(&self) -> bool {
        self.count.double();
        true
    }

    /// Diarization error rate within windows of unseen speakers, without a collar, and the loss.
    fn validate(&self) -> Vec<(&'static str, f64)> {
        let Some(windows) = &self.validation else { return Vec::new() };
        let (mut wrong, mut spoken, mut loss) = (0.0, 0.0, 0.0);
        let parts = |tensor: &Tensor| tensor.split(Self::AT_ONCE, 0);
        for (samples, classes) in parts(&windows.samples).iter().zip(parts(&windows.classes)) {
            let logits = self.logits(samples, false);
            let (errors, frames) = self.errors(&logits, &classes);
            let sum = |tensor: &Tensor| tensor.sum(Kind::Float).double_value(&[]);
            wrong += sum(&errors);
            spoken += sum(&frames);
            loss += sum(&self.cross_entropy(&logits, &classes));
        }
        vec![("der", wrong / spoken.max(1.0)), ("cross_entropy", loss / Self::VALIDATION as f64)]
    }

    fn metadata(&self, weights: &mut Weights) -> Result<(), CheckpointError> {
        weights.set_json(Segmentation::ENCODER_KEY, &self.encoder.fingerprint())?;
        weights.set_json(Segmentation::CONFIG_KEY, self.network.config())
    }
}
