//! Training of the denoiser on speech that is spoilt in ways that are known.

mod examples;
mod recipe;

pub use recipe::{DenoiserRecipe, MixingConfig};

use std::cell::RefCell;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor, nn};

use self::examples::{Examples, Pairs};
use super::ahead::{Ahead, BatchSize};
use super::crop::random_crop;
use super::runner::{Loss, Task, TrainError};
use crate::augment::mix;
use crate::dataset::prepared::Prepared;
use crate::denoiser::{Denoiser, HOP, Spectrum};
use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::units::SampleRate;

/// What the trainer reads.
#[derive(Debug, Clone)]
pub struct DenoiserData {
    /// Utterances to learn from.
    pub training: Vec<Prepared>,
    /// Utterances of speakers kept for measuring.
    pub validation: Vec<Prepared>,
    /// Background sounds.
    pub noise: Vec<Prepared>,
    /// Background sounds kept for measuring.
    pub validation_noise: Vec<Prepared>,
}

/// The denoiser in training.
#[derive(Debug)]
pub struct DenoiserTask {
    network: Denoiser,
    spectrum: Spectrum,
    ratio_weight: f64,
    spectrum_weight: f64,
    batches: Ahead<Pairs>,
    /// The last batch that was mixed, and its number.
    mixed: RefCell<Option<(u64, Pairs)>>,
    uses: u64,
    snr_db: (f64, f64),
    count: BatchSize,
    validation: Vec<Mixed>,
    device: Device,
}

/// Unseen speech with unseen noise at one ratio; none is clean speech.
#[derive(Debug)]
struct Mixed {
    snr_db: Option<f64>,
    noisy: Tensor,
    target: Tensor,
}

impl DenoiserTask {
    /// Crops that are measured, and their length.
    const VALIDATION: usize = 40;
    const VALIDATION_S: f64 = 6.0;
    /// Exponent of the compressed spectra.
    const COMPRESSION: f64 = 0.3;
    /// Share of the compressed distance that hears phase.
    const PHASE_SHARE: f64 = 0.3;
    /// Errors further below speech than this are not learnt from, in dB.
    const BEST_DB: f64 = 35.0;

    /// Makes the network in `store`; `loaders` threads mix its batches.
    ///
    /// # Errors
    /// No speech to learn from.
    pub fn new(
        store: &nn::VarStore,
        recipe: &DenoiserRecipe,
        data: DenoiserData,
        seed: u64,
        loaders: usize,
    ) -> Result<Self, TrainError> {
        if data.training.is_empty() {
            return Err(TrainError::Data("there is no speech to learn from".into()));
        }
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let validation = validation(&data.validation, &data.validation_noise);
        let examples = Examples::new(data.training, data.noise, recipe, &mut random);
        let (count, length) = (BatchSize::new(recipe.batch), whole_frames(recipe.crop_s));
        let device = store.device();
        let maker = |examples: Examples| {
            let size = count.clone();
            move |step| {
                let mut random = ChaCha8Rng::seed_from_u64(seed.wrapping_add(step));
                tch::no_grad(|| examples.draw(size.get(), length, &mut random).to_device(device))
            }
        };
        let batches = Ahead::with_copies(loaders, examples, maker);
        Ok(Self {
            network: Denoiser::new(store.root(), recipe.model.clone()),
            spectrum: Spectrum::new(device),
            ratio_weight: recipe.ratio_weight,
            spectrum_weight: recipe.spectrum_weight,
            batches,
            mixed: RefCell::default(),
            uses: recipe.uses.max(1),
            snr_db: recipe.mixing.snr_db,
            count,
            validation,
            device,
        })
    }

    /// The pairs of a batch. Of each that is mixed come as many batches as it is to be used for.
    fn pairs(&self, batch: u64) -> Pairs {
        let (number, exchanges) = (batch / self.uses, (batch % self.uses) as i64);
        let mut mixed = self.mixed.borrow_mut();
        let pairs = match mixed.take() {
            Some((known, pairs)) if known == number => pairs,
            _ => self.batches.take(number),
        };
        let wanted = if exchanges == 0 { pairs.share() } else { pairs.exchanged(exchanges, self.snr_db) };
        *mixed = Some((number, pairs));
        wanted
    }

    /// Samples (B, L) → spectrum and samples of what is left.
    fn clean(&self, noisy: &Tensor, dereverb: &Tensor) -> (Tensor, Tensor) {
        let spectrum = self.network.clean(&self.spectrum.forward(noisy), dereverb);
        let samples = self.spectrum.inverse(&spectrum);
        (spectrum, samples)
    }
}

impl Task for DenoiserTask {
    fn loss(&self, batch: u64, _progress: f64) -> Loss {
        let Pairs { noisy, target, dereverb, .. } = tch::no_grad(|| self.pairs(batch));
        let (spectrum, samples) = self.clean(&noisy, &dereverb);
        let ratio_db = bounded_ratio_db(&samples, &target, &noisy, Self::BEST_DB).mean(Kind::Float);
        let distance = compressed_distance(
            &spectrum,
            &self.spectrum.forward(&target),
            level_of(&noisy),
            Self::COMPRESSION,
            Self::PHASE_SHARE,
        );
        let parts = vec![("ratio_db", ratio_db.detach()), ("spectrum", distance.detach())];
        let total = distance * self.spectrum_weight - ratio_db * self.ratio_weight;
        Loss { total, parts, audio_s: noisy.numel() as f64 / SampleRate::ANALYSIS.hz() }
    }

    fn halve_batches(&self) -> bool {
        self.count.halve()
    }

    fn double_batches(&self) -> bool {
        self.count.double();
        true
    }

    /// How far scale-invariant SDR rises on unseen speech with unseen noise, negative so that it falls; and what it is
    /// for clean speech.
    fn validate(&self) -> Vec<(&'static str, f64)> {
        let measure = |set: &Mixed| {
            let count = set.noisy.size()[0];
            let none = Tensor::zeros([count, 1, 1], (Kind::Float, self.device));
            let cleaned = self.clean(&set.noisy.to_device(self.device), &none).1.to_device(Device::Cpu);
            let gain = |samples: &Tensor| si_sdr_db(samples, &set.target).mean(Kind::Float).double_value(&[]);
            match set.snr_db {
                Some(_) => gain(&set.noisy) - gain(&cleaned),
                None => gain(&cleaned),
            }
        };
        let names = ["minus_gain_0db", "minus_gain_5db", "minus_gain_10db", "clean_si_sdr"];
        names.into_iter().zip(self.validation.iter().map(measure)).collect()
    }

    fn metadata(&self, weights: &mut Weights) -> Result<(), CheckpointError> {
        weights.set_json(Denoiser::CONFIG_KEY, self.network.config())
    }
}

/// The same crops at 0, 5 and 10 dB, and clean.
fn validation(speech: &[Prepared], noise: &[Prepared]) -> Vec<Mixed> {
    let length = whole_frames(DenoiserTask::VALIDATION_S);
    let long_enough: Vec<&Prepared> = speech.iter().filter(|item| item.samples.size()[0] >= length).collect();
    if long_enough.is_empty() || noise.is_empty() {
        return Vec::new();
    }
    let mut random = ChaCha8Rng::seed_from_u64(1);
    // Spread over speakers and over kinds of noise.
    let pick = |index: usize, of: usize| index * of / DenoiserTask::VALIDATION;
    let crops: Vec<(Tensor, Tensor)> = (0..DenoiserTask::VALIDATION)
        .map(|index| {
            let voice = long_enough[pick(index * 7 % DenoiserTask::VALIDATION, long_enough.len())];
            let sound = &noise[pick(index, noise.len())];
            (random_crop(voice, length, &mut random), random_crop(sound, length, &mut random))
        })
        .collect();
    let stack = |tensors: Vec<Tensor>| Tensor::stack(&tensors, 0);
    let target = stack(crops.iter().map(|(voice, _)| voice.shallow_clone()).collect());
    let mixed = |snr_db: f64| Mixed {
        snr_db: Some(snr_db),
        noisy: stack(crops.iter().map(|(voice, sound)| mix(voice, sound, snr_db)).collect()),
        target: target.shallow_clone(),
    };
    let clean = Mixed { snr_db: None, noisy: target.shallow_clone(), target: target.shallow_clone() };
    vec![mixed(0.0), mixed(5.0), mixed(10.0), clean]
}

fn whole_frames(seconds: f64) -> i64 {
    (seconds * SampleRate::ANALYSIS.hz() / HOP as f64).round().max(1.0) as i64 * HOP
}

/// Scale-invariant signal-to-distortion ratio (Le Roux et al. 2019, "SDR – half-baked or well done?"), without removal
/// of the mean: (B, L), (B, L) → (B).
fn si_sdr_db(samples: &Tensor, target: &Tensor) -> Tensor {
    let dot = |a: &Tensor, b: &Tensor| (a * b).sum_dim_intlist(-1, true, Kind::Float);
    let scaled = dot(samples, target) / (dot(target, target) + 1e-9) * target;
    let error = samples - &scaled;
    ((dot(&scaled, &scaled) + 1e-9) / (dot(&error, &error) + 1e-9)).log10().squeeze_dim(-1) * 10.0
}

/// 10 log10 of the energy of `target` over that of the error, (B, L) → (B), at most `best_db`; where the target is
/// silence, how far the noise has fallen.
fn bounded_ratio_db(samples: &Tensor, target: &Tensor, noisy: &Tensor, best_db: f64) -> Tensor {
    let energy = |signal: &Tensor| signal.square().sum_dim_intlist(-1, false, Kind::Float);
    let floor = 10f64.powf(-best_db / 10.0);
    let (speech, heard) = (energy(target), energy(noisy) * floor + 1e-9);
    ((&speech + &heard) / (energy(&(samples - target)) + speech * floor + heard)).log10() * 10.0
}

/// Root mean square of each signal, (B, L) → (B, 1, 1).
fn level_of(samples: &Tensor) -> Tensor {
    samples.square().mean_dim(-1, false, Kind::Float).sqrt().clamp_min(1e-5).view([-1, 1, 1])
}

/// Mean squared distance of spectra (B, T, F, 2) whose magnitudes are raised to a power, partly with phase (Braun and
/// Tashev 2021, "A consolidated view of loss functions for supervised deep learning-based speech enhancement").
fn compressed_distance(made: &Tensor, target: &Tensor, level: Tensor, exponent: f64, phase_share: f64) -> Tensor {
    let compressed = |spectrum: &Tensor| {
        let (real, imaginary) = (spectrum.select(-1, 0) / &level, spectrum.select(-1, 1) / &level);
        let power = real.square() + imaginary.square() + 1e-4;
        let scale = power.pow_tensor_scalar((exponent - 1.0) / 2.0);
        (real * &scale, imaginary * &scale, power.pow_tensor_scalar(exponent / 2.0))
    };
    let (a, b) = (compressed(made), compressed(target));
    let distance = |x: &Tensor, y: &Tensor| (x - y).square().mean(Kind::Float);
    distance(&a.2, &b.2) * (1.0 - phase_share) + (distance(&a.0, &b.0) + distance(&a.1, &b.1)) * phase_share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn si_sdr_knows_no_scale_and_equals_the_ratio_of_orthogonal_parts() {
        let target = Tensor::from_slice2(&[[1f32, 0.0, 1.0, 0.0]]);
        let error = Tensor::from_slice2(&[[0f32, 0.1, 0.0, 0.1]]);
        for scale in [1.0, 5.0] {
            let measured = si_sdr_db(&((&target + &error) * scale), &target).double_value(&[0]);
            assert!((measured - 20.0).abs() < 1e-3, "{measured}");
        }
    }

    #[test]
    fn the_ratio_is_bounded_and_counts_for_silence() {
        let target = Tensor::ones([1, 100], (Kind::Float, Device::Cpu));
        let noisy = &target * 1.5;
        let db = |samples: &Tensor, target: &Tensor| bounded_ratio_db(samples, target, &noisy, 30.0).double_value(&[0]);
        // 1 in 1 / (0.001 + 0.00225).
        assert!((db(&target, &target) - 24.9).abs() < 0.1);
        // 1 in 100 for the error, and the same bounds.
        assert!((db(&(&target * 1.1), &target) - 18.8).abs() < 0.1);
        let silence = target.zeros_like();
        assert!(db(&silence, &silence).abs() < 0.1 && db(&noisy, &silence) < -29.0);
    }
}
