//! The encoder as the rest of the program uses it: samples in, a vector of unit length out.

use std::path::Path;

use tch::{Device, Tensor, nn};

use super::{EcapaConfig, EcapaTdnn, FeatureKind, SpeakerError, front_end::FrontEnd};
use crate::nn::host::floats;
use crate::{
    features::fbank::{Fbank, subtract_mean},
    nn::checkpoint::Weights,
    units::{SampleRate, Seconds},
};

/// A trained ECAPA-TDNN with its input features.
#[derive(Debug)]
pub struct SpeakerEncoder {
    network: EcapaTdnn,
    front_end: FrontEnd,
    device: Device,
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
    const MAX_PART: Seconds = Seconds(8.0);
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
        let mut store = nn::VarStore::new(device);
        let network = EcapaTdnn::new(store.root(), &config)?;
        let shortest = Self::SAMPLE_RATE.samples(Self::MIN_DURATION) as i64;
        let (needed, available) = (config.min_frames(), front_end.frames(shortest));
        if needed > available {
            return Err(SpeakerError::Context { needed, available });
        }
        weights.load_into(&store, str::to_string)?;
        store.freeze();
        Ok(Self { network, front_end, device })
    }

    /// What a network of [`FeatureKind::Kaldi`] takes, and so any that is trained here: samples (B, L) at 16 kHz in
    /// [-1, 1] → filterbanks (B, T, 80) without their mean.
    pub fn features(fbank: &Fbank, samples: &Tensor) -> Tensor {
        subtract_mean(&fbank.forward(samples))
    }

    /// Samples (B, L) at 16 kHz in [-1, 1], of at least [`Self::MIN_DURATION`] → embeddings (B, E) of unit length.
    pub fn forward(&self, samples: &Tensor) -> Tensor {
        let features = self.front_end.forward(&samples.to_device(self.device));
        let embeddings = self.network.forward(&features, None, false);
        let norm = embeddings.square().sum_dim_intlist(-1, true, None).sqrt();
        embeddings / norm.clamp_min(1e-12)
    }

    /// Who is speaking: 192 values of unit length for mono samples at 16 kHz in [-1, 1].
    ///
    /// # Errors
    /// Samples that are too short, silent or not finite.
    pub fn embed(&self, samples: &[f32]) -> Result<Vec<f32>, SpeakerError> {
        check(samples)?;
        let peak = samples.iter().fold(1.0f32, |peak, sample| peak.max(sample.abs()));
        let part = samples.len().div_ceil(samples.len().div_ceil(Self::SAMPLE_RATE.samples(Self::MAX_PART)));
        let mut parts: Vec<&[f32]> = samples.chunks(part).filter(|part| check(part).is_ok()).collect();
        if parts.is_empty() {
            parts.push(&samples[..part]);
        }
        let embed = |part: &&[f32]| self.forward(&(Tensor::from_slice(part).unsqueeze(0) / f64::from(peak)));
        let embeddings = tch::no_grad(|| parts.iter().map(embed).collect::<Vec<_>>());
        Ok(unit_vector(&Tensor::cat(&embeddings, 0).mean_dim(0, false, None)))
    }
}

/// How alike two voices are: the cosine between their embeddings, in [-1, 1].
///
/// It is 0 where one is empty or zero, and where the lengths differ: embeddings of different encoders have nothing in
/// common.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>();
    let norm = (dot(a, a) * dot(b, b)).sqrt();
    if a.len() != b.len() || norm == 0.0 { 0.0 } else { (dot(a, b) / norm).clamp(-1.0, 1.0) as f32 }
}

fn unit_vector(row: &Tensor) -> Vec<f32> {
    let values = floats(row);
    let norm = values.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    values.iter().map(|value| value / norm).collect()
}

/// Whether a voice can be told by these samples.
fn check(samples: &[f32]) -> Result<(), SpeakerError> {
    let (min, actual) = (SpeakerEncoder::MIN_DURATION, SpeakerEncoder::SAMPLE_RATE.duration(samples.len()));
    if actual < min {
        return Err(SpeakerError::TooShort { min, actual });
    }
    if let Some(index) = samples.iter().position(|sample| !sample.is_finite()) {
        return Err(SpeakerError::NotFinite { index });
    }
    let power = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / samples.len() as f64;
    let (min_db, actual_db) = (SpeakerEncoder::MIN_LEVEL_DB, 10.0 * power.log10());
    if actual_db < min_db { Err(SpeakerError::Silent { min_db, actual_db }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::nn::checkpoint::{CheckpointError, Precision};

    fn weights() -> Weights {
        tch::manual_seed(5);
        let config = EcapaConfig { attention_channels: 8, se_channels: 8, ..EcapaConfig::with_channels(16) };
        let store = nn::VarStore::new(Device::Cpu);
        EcapaTdnn::new(store.root(), &config).expect("a valid configuration");
        let mut weights = Weights::from_store(&store);
        weights.set_json(SpeakerEncoder::CONFIG_KEY, &config).expect("a configuration");
        weights
    }

    fn encoder() -> SpeakerEncoder {
        SpeakerEncoder::from_weights(&weights(), Device::Cpu).expect("weights that fit")
    }

    fn tone(samples: usize, hz: f32) -> Vec<f32> {
        (0..samples).map(|i| 0.3 * (i as f32 * hz * std::f32::consts::TAU / 16_000.0).sin()).collect()
    }

    #[test]
    fn an_embedding_has_unit_length_and_survives_half_precision() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("encoder.safetensors");
        // Made once: tests beside this one draw from the same generator.
        let weights = weights();
        weights.write(&path, Precision::Half).expect("a writable folder");
        let stored = SpeakerEncoder::load(&path, Device::Cpu).expect("the file");
        let whole = SpeakerEncoder::from_weights(&weights, Device::Cpu).expect("weights that fit");
        let (a, b) = (whole.embed(&tone(16_000, 300.0)), stored.embed(&tone(16_000, 300.0)));
        let (a, b) = (a.expect("an embedding"), b.expect("an embedding"));
        assert_eq!(a.len(), 192);
        assert!((a.iter().map(|value| value * value).sum::<f32>() - 1.0).abs() < 1e-5);
        assert!(cosine(&a, &b) > 0.999);
    }

    #[test]
    fn a_long_recording_is_the_mean_of_its_parts_without_the_silent_ones() {
        let encoder = encoder();
        let (low, high) = (tone(128_000, 200.0), tone(128_000, 900.0));
        let whole = encoder.embed(&[low.as_slice(), &vec![0.0; 128_000], &high].concat()).expect("an embedding");
        let (low, high) = (encoder.embed(&low).expect("one part"), encoder.embed(&high).expect("one part"));
        let mean: Vec<f32> = low.iter().zip(&high).map(|(low, high)| low + high).collect();
        assert!(cosine(&whole, &mean) > 0.9999);
        assert!(cosine(&low, &high) < 0.9999, "the parts must differ for this test to mean anything");
    }

    #[test]
    fn what_cannot_be_embedded_is_named() {
        let encoder = encoder();
        let error = |samples: &[f32]| encoder.embed(samples).expect_err("an error").to_string();
        assert_eq!(
            error(&tone(4_000, 200.0)),
            "a voice needs at least 0.50 s of speech to be recognised, but there is only 0.25 s"
        );
        assert!(matches!(encoder.embed(&[]), Err(SpeakerError::TooShort { .. })));
        assert!(error(&vec![1e-5; 16_000]).starts_with("the recording is silent: its level is -100 dBFS"));
        let mut broken = tone(16_000, 200.0);
        broken[7] = f32::NAN;
        assert_eq!(error(&broken), "sample 7 of the recording is not a finite number");
    }

    #[test]
    fn weights_that_do_not_fit_are_refused() {
        let mut bands = weights();
        bands.set_json("config", &EcapaConfig { bands: 40, ..EcapaConfig::default() }).expect("a configuration");
        let error = SpeakerEncoder::from_weights(&bands, Device::Cpu).expect_err("40 filterbanks");
        assert!(matches!(error, SpeakerError::Bands { expected: 40, actual: 80 }), "{error}");

        let mut far = weights();
        let config = EcapaConfig {
            dilations: vec![1, 2, 3, 16, 1],
            kernel_sizes: vec![5, 3, 3, 7, 1],
            ..weights().json("config").expect("a configuration")
        };
        far.set_json("config", &config).expect("a configuration");
        let error = SpeakerEncoder::from_weights(&far, Device::Cpu).expect_err("a wide view");
        assert!(matches!(error, SpeakerError::Context { needed: 49, available: 48 }), "{error}");

        let mut larger = weights();
        larger.set_json("config", &EcapaConfig::default()).expect("a configuration");
        let error = SpeakerEncoder::from_weights(&larger, Device::Cpu).expect_err("other shapes");
        assert!(matches!(error, SpeakerError::Weights(CheckpointError::Shape { .. })), "{error}");

        let mut anonymous = weights();
        anonymous.metadata.clear();
        assert!(SpeakerEncoder::from_weights(&anonymous, Device::Cpu).is_err());
    }

    #[test]
    fn cosines_of_known_vectors() {
        assert_eq!(cosine(&[1.0, 0.0], &[3.0, 0.0]), 1.0);
        assert_eq!(cosine(&[1.0, 0.0], &[0.0, 2.0]), 0.0);
        assert_eq!(cosine(&[1.0], &[-1.0]), -1.0);
        assert_eq!(cosine(&[1.0], &[1.0, 0.0]), 0.0);
        assert_eq!(cosine(&[], &[]), 0.0);
        assert_eq!(cosine(&[0.0], &[1.0]), 0.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn any_samples_give_an_error_or_a_finite_unit_vector(
            pattern in prop::collection::vec(prop_oneof![199 => prop::num::f32::NORMAL, 1 => prop::num::f32::ANY], 1..40),
            length in 0usize..20_000,
        ) {
            let samples: Vec<f32> = pattern.into_iter().cycle().take(length).collect();
            if let Ok(embedding) = encoder().embed(&samples) {
                let norm: f32 = embedding.iter().map(|value| value * value).sum();
                prop_assert!((norm - 1.0).abs() < 1e-4, "{norm}");
            }
        }
    }
}
