//! Corpus utterances turned into tensors, once: decoding eleven hours takes minutes, and training reads them often.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tch::{Device, Kind, Tensor};

use super::corpus::CorpusUtterance;
use crate::audio::{AudioError, LoudnessMeter, load_mono};
use crate::features::mel::{MelConfig, MelSpectrogram};
use crate::features::pitch::{PitchConfig, PitchTracker};
use crate::nn::checkpoint::{CheckpointError, Precision, Weights};
use crate::nn::shared::Shared;
use crate::units::SampleRate;

/// Loudness inside datasets, in LUFS.
pub const LOUDNESS_LUFS: f64 = -23.0;
/// No sample is raised above this by levelling.
const PEAK: f32 = 0.95;

/// One utterance, ready for training.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// What it is made from.
    pub utterance: CorpusUtterance,
    /// (L) 16-bit samples.
    pub samples: Shared,
    /// (M, T) log-mel in half precision and (T) F0 in Hz, 0 where unvoiced; only at the rate of synthesis.
    pub features: Option<(Shared, Shared)>,
    /// The rate of the samples.
    pub rate: SampleRate,
}

impl Prepared {
    /// How long it lasts, in seconds.
    pub fn seconds(&self) -> f64 {
        self.rate.duration(self.samples.size()[0] as usize).0
    }

    /// Samples `start .. start + length` as floats in [-1, 1], padded with zeros at the end.
    pub fn crop(&self, start: i64, length: i64) -> Tensor {
        crop(&self.samples, start, length)
    }
}

/// 16-bit samples `start .. start + length` as floats in [-1, 1], padded with zeros at the end.
pub(crate) fn crop(samples: &Tensor, start: i64, length: i64) -> Tensor {
    let total = samples.size()[0];
    let start = start.clamp(0, total);
    let taken = length.min(total - start);
    let crop = samples.narrow(0, start, taken).to_kind(Kind::Float) / f64::from(i16::MAX);
    crop.pad([0, length - taken], "constant", None)
}

/// Why an utterance could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The recording could not be decoded.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The cache could not be written.
    #[error(transparent)]
    Cache(#[from] CheckpointError),
    /// Less than a few frames of sound.
    #[error("too short: {0:.2} s, at least 0.2 s is needed")]
    TooShort(f64),
}

/// An utterance that could not be prepared.
#[derive(Debug)]
pub struct Failed {
    /// Which.
    pub utterance: CorpusUtterance,
    /// Why.
    pub error: PrepareError,
}

/// Prepares utterances for one rate and keeps the result in a folder.
#[derive(Debug)]
pub struct Preparer {
    rate: SampleRate,
    features: Option<MelConfig>,
    cache: PathBuf,
}

impl Preparer {
    /// Samples, mel and F0 at the rate of synthesis; the cache lies in `folder`.
    pub fn synthesis(folder: &Path) -> Self {
        let (rate, features) = (SampleRate::SYNTHESIS, Some(MelConfig::synthesis()));
        Self { rate, features, cache: folder.join("synthesis") }
    }

    /// Samples alone at the rate of analysis.
    pub fn analysis(folder: &Path) -> Self {
        Self { rate: SampleRate::ANALYSIS, features: None, cache: folder.join("analysis") }
    }

    /// Prepares in parallel, in the order given. What fails comes back with the reason.
    pub fn prepare_all(
        &self,
        utterances: Vec<CorpusUtterance>,
        done: impl Fn() + Sync,
    ) -> (Vec<Prepared>, Vec<Failed>) {
        let prepare = |utterance: CorpusUtterance| {
            let result = tch::no_grad(|| self.prepare(&utterance));
            done();
            result.map_err(|error| Box::new(Failed { utterance, error }))
        };
        let results: Vec<Result<Prepared, Box<Failed>>> = utterances.into_par_iter().map(prepare).collect();
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for result in results {
            match result {
                Ok(prepared) => good.push(prepared),
                Err(failed) => bad.push(*failed),
            }
        }
        (good, bad)
    }

    /// Reads one utterance from the cache, or makes it and puts it there.
    pub fn prepare(&self, utterance: &CorpusUtterance) -> Result<Prepared, PrepareError> {
        let path = self.cache.join(format!("{}.safetensors", utterance.key));
        let weights = match Weights::read(&path) {
            Ok(weights) => weights,
            Err(_) => {
                self.make(&utterance.path)?.write(&path, Precision::Half)?;
                // Read again, so that the first run sees the same rounded values as the next.
                Weights::read(&path)?
            }
        };
        let take = |name: &str| weights.tensors.get(name).map(Shared::from);
        let features = take("mel").zip(take("f0")).map(|(mel, f0)| (mel.to_kind(Kind::Half).into(), f0));
        let missing = || CheckpointError::Missing { name: "samples".to_string(), missing: 1, total: 1 };
        let samples = take("samples").ok_or_else(missing)?;
        Ok(Prepared { utterance: utterance.clone(), samples, features, rate: self.rate })
    }

    fn make(&self, path: &Path) -> Result<Weights, PrepareError> {
        let mut samples = load_mono(path, self.rate)?;
        let seconds = self.rate.duration(samples.len()).0;
        if seconds < 0.2 {
            return Err(PrepareError::TooShort(seconds));
        }
        level(&mut samples, self.rate);
        if let Some(mel) = &self.features {
            samples.truncate(samples.len() / mel.hop as usize * mel.hop as usize);
        }
        let mut made = Weights::default();
        let wave = Tensor::from_slice(&samples);
        if let Some(config) = &self.features {
            let mel = MelSpectrogram::new(config, Device::Cpu).forward(&wave.unsqueeze(0)).squeeze_dim(0);
            let pitch = PitchConfig { rate: config.rate, hop: config.hop as usize, ..PitchConfig::default() };
            let track = PitchTracker::new(pitch).track(&samples);
            made.tensors.insert("mel".to_string(), mel);
            made.tensors.insert("f0".to_string(), Tensor::from_slice(&track.f0_hz));
        }
        let integers = (wave * f64::from(i16::MAX)).round().clamp(-32767.0, 32767.0).to_kind(Kind::Int16);
        made.tensors.insert("samples".to_string(), integers);
        Ok(made)
    }
}

/// Brings a recording to [`LOUDNESS_LUFS`], as far as its peak allows. Silence stays silent.
pub fn level(samples: &mut [f32], rate: SampleRate) {
    let Ok(mut meter) = LoudnessMeter::new(rate, 1) else { return };
    meter.push(samples);
    let Some(loudness) = meter.integrated_lufs() else { return };
    let peak = samples.iter().fold(0f32, |peak, sample| peak.max(sample.abs()));
    let gain = (10f64.powf((LOUDNESS_LUFS - loudness) / 20.0) as f32).min(PEAK / peak.max(1e-6));
    for sample in samples {
        *sample *= gain;
    }
}
