//! From samples to what a network was trained on.

use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};

use super::SpeakerEncoder;
use crate::{
    features::{
        fbank::{Fbank, subtract_mean},
        speechbrain::SpeechBrainFbank,
    },
    nn::checkpoint::{CheckpointError, Weights},
};

/// The filterbanks that a network was trained on. It understands no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeatureKind {
    /// Those of networks that are trained here.
    #[default]
    Kaldi,
    /// Those of SpeechBrain.
    SpeechBrain,
}

impl FeatureKind {
    /// Those that the weights' metadata names; Kaldi's where it names none.
    pub(super) fn of(weights: &Weights) -> Result<Self, CheckpointError> {
        match weights.metadata.contains_key(SpeakerEncoder::FEATURES_KEY) {
            true => weights.json(SpeakerEncoder::FEATURES_KEY),
            false => Ok(Self::default()),
        }
    }
}

/// The filterbanks on one device.
#[derive(Debug)]
pub(super) enum FrontEnd {
    Kaldi(Fbank),
    SpeechBrain(SpeechBrainFbank),
}

impl FrontEnd {
    pub fn new(kind: FeatureKind, device: Device) -> Self {
        match kind {
            FeatureKind::Kaldi => Self::Kaldi(Fbank::new(device)),
            FeatureKind::SpeechBrain => Self::SpeechBrain(SpeechBrainFbank::new(device)),
        }
    }

    /// The number of filters, M.
    pub fn bands(&self) -> i64 {
        match self {
            Self::Kaldi(fbank) => fbank.config().n_mels,
            Self::SpeechBrain(_) => SpeechBrainFbank::N_MELS,
        }
    }

    /// The number of frames T in `samples` samples.
    pub fn frames(&self, samples: i64) -> i64 {
        match self {
            Self::Kaldi(fbank) => fbank.config().frames(samples),
            Self::SpeechBrain(_) => SpeechBrainFbank::frames(samples),
        }
    }

    /// Samples (B, L) at 16 kHz in [-1, 1] → filterbanks (B, T, M) without their mean over time.
    pub fn forward(&self, samples: &Tensor) -> Tensor {
        match self {
            Self::Kaldi(fbank) => SpeakerEncoder::features(fbank, samples),
            Self::SpeechBrain(fbank) => subtract_mean(&fbank.forward(samples)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_say_what_they_hear() {
        let mut weights = Weights::default();
        assert_eq!(FeatureKind::of(&weights).expect("the default"), FeatureKind::Kaldi);
        for (name, kind) in [("kaldi", FeatureKind::Kaldi), ("speechbrain", FeatureKind::SpeechBrain)] {
            weights.set_json(SpeakerEncoder::FEATURES_KEY, &name).expect("a string");
            assert_eq!(FeatureKind::of(&weights).expect(name), kind);
        }
        weights.set_json(SpeakerEncoder::FEATURES_KEY, &"mfcc").expect("a string");
        let error = FeatureKind::of(&weights).expect_err("unknown features").to_string();
        assert!(error.contains("`features` is missing or unreadable: unknown variant `mfcc`"), "{error}");
    }
}
