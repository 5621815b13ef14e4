//! What is music rather than speech. Instruments have pitches, partials and pauses as voices have, and the segmentation
//! network, which hears who it is rather than what, takes some of them for speech. The speaker encoder's embeddings tell
//! them apart: a logistic regression.

use std::path::Path;

use tch::Kind;

use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::nn::host::floats;

/// The regression.
#[derive(Debug, Clone, PartialEq)]
pub struct Music {
    weight: Vec<f32>,
    bias: f32,
}

impl Music {
    /// Where a weights file keeps the fingerprint of the encoder that it was fitted to.
    const ENCODER_KEY: &str = "encoder";
    /// And the constant term.
    const BIAS_KEY: &str = "bias";

    /// Reads a regression; none where it was fitted to another encoder than the one with this fingerprint.
    ///
    /// # Errors
    /// A file that is broken.
    pub fn load(path: &Path, encoder: &str) -> Result<Option<Self>, CheckpointError> {
        let weights = Weights::read(path)?;
        if weights.json::<String>(Self::ENCODER_KEY)? != encoder {
            return Ok(None);
        }
        let name = "weight";
        let missing = || CheckpointError::Missing { name: name.to_owned(), missing: 1, total: 1 };
        let weight = floats(&weights.tensors.get(name).ok_or_else(missing)?.to_kind(Kind::Float));
        Ok(Some(Self { weight, bias: weights.json(Self::BIAS_KEY)? }))
    }

    /// How likely it is that an embedding is of music, as a logarithm of odds: above zero it is taken for music.
    pub fn log_odds(&self, embedding: &[f32]) -> f32 {
        self.bias + self.weight.iter().zip(embedding).map(|(weight, value)| weight * value).sum::<f32>()
    }
}

#[cfg(test)]
mod tests {
    use tch::Tensor;

    use super::*;
    use crate::nn::checkpoint::Precision;

    #[test]
    fn odds_are_those_of_the_file_for_its_encoder() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("music.safetensors");
        let mut weights = Weights::default();
        weights.tensors.insert("weight".into(), Tensor::from_slice(&[2.0f32, -1.0]));
        weights.set_json(Music::ENCODER_KEY, &"mine").expect("JSON");
        weights.set_json(Music::BIAS_KEY, &-0.5).expect("JSON");
        weights.write(&path, Precision::Half).expect("a file");
        let music = Music::load(&path, "mine").expect("a file").expect("a regression");
        assert_eq!([music.log_odds(&[1.0, 0.0]), music.log_odds(&[0.0, 1.0])], [1.5, -1.5]);
        assert_eq!(Music::load(&path, "another").expect("a file"), None);
        weights.tensors.clear();
        weights.write(&path, Precision::Half).expect("a file");
        assert!(matches!(Music::load(&path, "mine"), Err(CheckpointError::Missing { .. })));
    }
}
