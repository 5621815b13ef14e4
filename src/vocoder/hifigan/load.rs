//! From published files to a generator.

use std::{collections::BTreeMap, path::Path};

use tch::{Device, Tensor, nn};

use super::{Generator, HifiGanConfig, HifiGanConfigError};
use crate::{
    error::FileError,
    features::mel::MelConfig,
    nn::{
        checkpoint::{CheckpointError, Weights},
        pytorch,
    },
};

/// Why a generator could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum HifiGanError {
    /// The configuration could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The configuration is no `config.json` of HiFi-GAN.
    #[error("the configuration of the HiFi-GAN generator is not valid: {0}")]
    Json(#[from] serde_json::Error),
    /// The configuration describes no generator.
    #[error("the configuration of the HiFi-GAN generator is not valid: {0}")]
    Config(#[from] HifiGanConfigError),
    /// The weights could not be read or do not fit the configuration.
    #[error("the weights of the HiFi-GAN generator cannot be used: {0}")]
    Weights(#[from] CheckpointError),
}

/// A generator with its weights.
#[derive(Debug)]
pub struct HifiGan {
    generator: Generator,
    mel: MelConfig,
}

impl HifiGan {
    /// Reads weights (safetensors, or the checkpoint as published) and the `config.json` beside them.
    ///
    /// # Errors
    /// Files that cannot be read, or that do not fit each other.
    pub fn load(weights: &Path, config: &Path, device: Device) -> Result<Self, HifiGanError> {
        let text = std::fs::read_to_string(config).map_err(FileError::on("read", config))?;
        Self::from_weights(pytorch::read_any(weights)?, &serde_json::from_str(&text)?, device)
    }

    /// Builds the generator from weights as published (weight normalisation not folded) or folded already.
    ///
    /// # Errors
    /// Weights that do not fit the configuration.
    pub fn from_weights(weights: Weights, config: &HifiGanConfig, device: Device) -> Result<Self, HifiGanError> {
        let mut store = nn::VarStore::new(device);
        let generator = Generator::new(store.root(), config)?;
        Weights { tensors: fold_weight_norm(weights.tensors), ..weights }.load_into(&store, str::to_string)?;
        store.freeze();
        Ok(Self { generator, mel: config.mel() })
    }

    /// The mel spectrogram that it was trained on.
    pub fn mel(&self) -> &MelConfig {
        &self.mel
    }

    /// Log-mel (B, M, T), as [`crate::features::mel::MelSpectrogram`] makes it → samples (B, T · hop) in [-1, 1].
    pub fn forward(&self, mel: &Tensor) -> Tensor {
        self.generator.forward(mel)
    }
}

/// Replaces each pair of `x.weight_g` and `x.weight_v` by `x.weight` = g v / ‖v‖, where the norm is taken over all axes
/// but the first (Salimans and Kingma 2016), and drops the prefix `generator.` of the published checkpoints.
fn fold_weight_norm(tensors: BTreeMap<String, Tensor>) -> BTreeMap<String, Tensor> {
    let name = |name: String| name.strip_prefix("generator.").map(str::to_string).unwrap_or(name);
    let mut tensors: BTreeMap<String, Tensor> = tensors.into_iter().map(|(key, value)| (name(key), value)).collect();
    let layers: Vec<String> = tensors.keys().filter_map(|name| Some(name.strip_suffix("_g")?.to_string())).collect();
    for layer in layers {
        let (gain, direction) = (tensors.get(&format!("{layer}_g")), tensors.get(&format!("{layer}_v")));
        let (Some(gain), Some(direction)) = (gain, direction) else { continue };
        // Other shapes are left for the check against the configuration to name.
        if direction.dim() >= 2 && gain.numel() as i64 == direction.size()[0] {
            let norm = direction.flatten(1, -1).square().sum_dim_intlist(1, false, None).sqrt().clamp_min(1e-12);
            let shape: Vec<i64> = (0..direction.dim()).map(|axis| if axis == 0 { -1 } else { 1 }).collect();
            let folded = direction * (gain.flatten(0, -1) / norm).view(shape.as_slice());
            tensors.insert(layer, folded);
        }
    }
    tensors
}
