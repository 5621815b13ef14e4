//! The encoder as the rest of the program uses it: samples in, a vector of unit length out.

use std::{ops::Range, path::Path};

use tch::{Device, Tensor, nn};

use super::{
    Calibration, EcapaConfig, EcapaTdnn, FeatureKind, SpeakerError, embedding::unit_vector, front_end::FrontEnd,
};
use crate::nn::host::floats;
use crate::{
    features::fbank::{Fbank, subtract_mean},
    nn::checkpoint::{CheckpointError, Weights},
    units::{SampleRate, Seconds},
};

/// A trained ECAPA-TDNN with its input features.
#[derive(Debug)]
pub struct SpeakerEncoder {
    network: EcapaTdnn,
    front_end: FrontEnd,
    device: Device,
    calibration: Option<Calibration>,
    fingerprint: String,
    /// Channels of the last and of the first layer.
    channels: [i64; 2],
    size: i64,
}

impl SpeakerEncoder {
    /// The metadata entry of the weights that holds [`EcapaConfig`] as JSON.
    pub const CONFIG_KEY: &'static str = "config";
    /// The metadata entry that holds [`FeatureKind`] as JSON; without it the features are Kaldi's.
    pub const FEATURES_KEY: &'static str = "features";
    /// The rate that samples must have.
    pub const SAMPLE_RATE: SampleRate = SampleRate::ANALYSIS;
    /// The least that can be embedded.
    pub const MIN_DURATION: Seconds = Seconds(0.5);
    /// Longer recordings are cut into equal parts of at most this, whose embeddings are averaged: the network learns
    /// from crops of a few seconds, and memory does not grow with the length.
    pub const MAX_PART: Seconds = Seconds(8.0);
    /// Parts are as long as a multiple of this: libtorch keeps memory for every length that it has met.
    const STEP: Seconds = Seconds(0.25);
    /// So many windows go through the network at once; another fixed size, for the same reason.
    const BATCH: usize = 8;
    /// What is fainter, as a root mean square, counts as silence.
    const MIN_LEVEL_DB: f64 = -70.0;

    /// Reads weights in safetensors with their configuration in the metadata.
    ///
    /// # Errors
    /// A file that cannot be read, that is no safetensors file or that fits no network.
    pub fn load(path: &Path, device: Device) -> Result<Self, SpeakerError> {
        Self::from_weights(&Weights::read(path)?, device)
    }

    /// Builds the encoder from weights that were read or trained.
    ///
    /// # Errors
    /// A configuration or tensors that fit no network.
    pub fn from_weights(weights: &Weights, device: Device) -> Result<Self, SpeakerError> {
        let config: EcapaConfig = weights.json(Self::CONFIG_KEY)?;
        let front_end = FrontEnd::new(FeatureKind::of(weights)?, device);
        if config.bands != front_end.bands() {
            return Err(SpeakerError::Bands { expected: config.bands, actual: front_end.bands() });
        }
        let ends = [config.channels.last(), config.channels.first()];
        let (channels, size) = (ends.map(|end| end.copied().unwrap_or_default()), config.embedding);
        let mut store = nn::VarStore::new(device);
        let network = EcapaTdnn::new(store.root(), &config)?;
        let shortest = Self::SAMPLE_RATE.samples(Self::MIN_DURATION) as i64;
        let (needed, available) = (config.min_frames(), front_end.frames(shortest));
        if needed > available {
            return Err(SpeakerError::Context { needed, available });
        }
        weights.load_into(&store, str::to_string)?;
        store.freeze();
        let calibration = calibration(weights)?;
        Ok(Self { network, front_end, device, calibration, fingerprint: weights.fingerprint(), channels, size })
    }

    /// How cosines of its embeddings are to be read, if the weights say so; else use [`Calibration::default`].
    pub fn calibration(&self) -> Option<Calibration> {
        self.calibration
    }

    /// A hash of the weights, in hexadecimal: embeddings of encoders with different ones can't be compared.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// What a network of [`FeatureKind::Kaldi`] takes, and so any that is trained here: samples (B, L) at 16 kHz in
    /// [-1, 1] → filterbanks (B, T, 80) without their mean.
    pub fn features(fbank: &Fbank, samples: &Tensor) -> Tensor {
        subtract_mean(&fbank.forward(samples))
    }

    /// Samples (B, L) at 16 kHz in [-1, 1], of at least [`Self::MIN_DURATION`] → embeddings (B, E) of unit length.
    pub fn forward(&self, samples: &Tensor) -> Tensor {
        let features = self.front_end.forward(&samples.to_device(self.device));
        unit_rows(&self.network.forward(&features, None, false))
    }

    /// Samples of a frame.
    pub const HOP: i64 = 160;

    /// Samples (B, L) → what the last layer and the first know of each 10 ms, (B, C, L / 160); of the former
    /// [`SpeakerEncoder::pool`] makes embeddings. L is a multiple of 160. Level does not matter.
    pub fn frames(&self, samples: &Tensor) -> Tensor {
        // The window of 25 ms lies around the frame.
        let padded = samples.to_device(self.device).unsqueeze(1).reflection_pad1d([120, 120]).squeeze_dim(1);
        let count = samples.size()[1] / Self::HOP;
        let features = self.front_end.forward(&padded).narrow(1, 0, count);
        let (first, last) = self.network.first_and_last(&features, None, false);
        Tensor::cat(&[last, first], 1)
    }

    fn last(&self, frames: &Tensor) -> Tensor {
        frames.narrow(1, 0, self.channels[0])
    }

    /// Channels C of [`SpeakerEncoder::frames`].
    pub fn frame_channels(&self) -> i64 {
        self.channels.iter().sum()
    }

    /// Frames (B, C, T) → embeddings (B, E) of unit length of those that `mask` (B, 1, T) has 1 for, and not 0.
    pub fn pool(&self, frames: &Tensor, mask: &Tensor) -> Tensor {
        unit_rows(&self.network.pool(&self.last(frames), Some(mask), false))
    }

    /// Frames (B, C, T) → embeddings (B, T, E) of unit length of the `width` frames (odd) around each.
    pub fn moving(&self, frames: &Tensor, width: i64) -> Tensor {
        unit_rows(&self.network.moving(&self.last(frames), width).transpose(1, 2))
    }

    /// Where it computes.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Values E of an embedding.
    pub fn size(&self) -> i64 {
        self.size
    }

    /// Whether a voice can be told by these samples (16 kHz).
    ///
    /// # Errors
    /// Samples that are too short, silent or not finite.
    pub fn check(samples: &[f32]) -> Result<(), SpeakerError> {
        let (min, actual) = (Self::MIN_DURATION, Self::SAMPLE_RATE.duration(samples.len()));
        if actual < min {
            return Err(SpeakerError::TooShort { min, actual });
        }
        if let Some(index) = samples.iter().position(|sample| !sample.is_finite()) {
            return Err(SpeakerError::NotFinite { index });
        }
        let power = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / samples.len() as f64;
        let (min_db, actual_db) = (Self::MIN_LEVEL_DB, 10.0 * power.log10());
        if actual_db < min_db { Err(SpeakerError::Silent { min_db, actual_db }) } else { Ok(()) }
    }

    /// Who is speaking: 192 values of unit length for mono samples at 16 kHz in [-1, 1].
    ///
    /// Samples up to 8 s are one part, without what exceeds a multiple of 0.25 s (half of that at either end). Longer
    /// ones are cut into equal parts of at most 8 s, each a multiple of 0.25 s, that overlap by what this adds; the
    /// embedding is the mean of those that are not silent.
    ///
    /// # Errors
    /// Samples that are too short, silent or not finite.
    pub fn embed(&self, samples: &[f32]) -> Result<Vec<f32>, SpeakerError> {
        Self::check(samples)?;
        let gain = 1.0 / full_scale(samples);
        let parts: Vec<&[f32]> = parts(samples.len()).map(|part| &samples[part]).collect();
        let mut heard: Vec<&[f32]> = parts.iter().copied().filter(|part| Self::check(part).is_ok()).collect();
        if heard.is_empty() {
            heard.push(parts[0]);
        }
        let embed = |part: &&[f32]| self.forward(&(Tensor::from_slice(part).unsqueeze(0) * gain));
        let embeddings = tch::no_grad(|| heard.iter().map(embed).collect::<Vec<_>>());
        Ok(unit_vector(&floats(&Tensor::cat(&embeddings, 0).mean_dim(0, false, None))))
    }

    /// The embeddings of windows of one length, as by [`Self::embed`] for up to 8 s, but several at once. The length
    /// should be one of few (see [`Self::embed`]).
    ///
    /// # Errors
    /// The first window that is too short, silent, not finite or of another length than the first.
    pub fn embed_windows(&self, windows: &[&[f32]]) -> Result<Vec<Vec<f32>>, SpeakerError> {
        for window in windows {
            Self::check(window)?;
            if window.len() != windows[0].len() {
                return Err(SpeakerError::Lengths { expected: windows[0].len(), actual: window.len() });
            }
        }
        let row = |window: &&[f32]| Tensor::from_slice(window) / full_scale(window);
        let embed = |batch: &[&[f32]]| {
            let rows: Vec<Tensor> = batch.iter().map(row).collect();
            floats(&tch::no_grad(|| self.forward(&Tensor::stack(&rows, 0))))
        };
        let batches = windows.chunks_exact(Self::BATCH);
        let rest = batches.remainder().chunks(1);
        let values: Vec<f32> = batches.chain(rest).flat_map(embed).collect();
        let size = values.len() / windows.len().max(1);
        Ok(values.chunks_exact(size.max(1)).map(<[f32]>::to_vec).collect())
    }
}

/// (B, E), each row of unit length.
fn unit_rows(embeddings: &Tensor) -> Tensor {
    embeddings / embeddings.square().sum_dim_intlist(-1, true, None).sqrt().clamp_min(1e-12)
}

/// The calibration in the metadata, which must be of use.
fn calibration(weights: &Weights) -> Result<Option<Calibration>, CheckpointError> {
    if !weights.metadata.contains_key(Calibration::KEY) {
        return Ok(None);
    }
    let calibration: Calibration = weights.json(Calibration::KEY)?;
    if calibration.scale > 0.0 {
        return Ok(Some(calibration));
    }
    let reason = format!("its scale must be above zero, but is {}", calibration.scale);
    Err(CheckpointError::Metadata { key: Calibration::KEY.to_owned(), reason })
}

/// Where `length` samples are cut (see [`SpeakerEncoder::embed`]).
fn parts(length: usize) -> impl Iterator<Item = Range<usize>> {
    let samples = |time| SpeakerEncoder::SAMPLE_RATE.samples(time);
    let (longest, step) = (samples(SpeakerEncoder::MAX_PART), samples(SpeakerEncoder::STEP));
    let count = length.div_ceil(longest).max(1);
    let part = if count == 1 { length / step * step } else { length.div_ceil(count).next_multiple_of(step) };
    let rest = length - part;
    (0..count).map(move |index| {
        let start = if count == 1 { rest / 2 } else { index * rest / (count - 1) };
        start..start + part
    })
}

/// What the loudest sample counts as: 1, or itself where it is louder.
fn full_scale(samples: &[f32]) -> f64 {
    f64::from(samples.iter().fold(1.0f32, |peak, sample| peak.max(sample.abs())))
}

#[cfg(test)]
pub(super) mod tests;
