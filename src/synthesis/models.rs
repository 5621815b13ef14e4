//! The base models on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tch::{Device, nn};

use crate::acoustic::{AcousticConfig, AcousticModel};
use crate::aligner::Aligner;
use crate::denoiser::{Denoiser, DenoiserError};
use crate::diarization::bayesian::Bayesian;
use crate::diarization::clustering::{Agglomerative, Clustering};
use crate::diarization::hearing::NetworkHearing;
use crate::diarization::music::Music;
use crate::diarization::plda::Plda;
use crate::diarization::segmentation::{Segmentation, SegmentationError};
use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::nn::host::floats;
use crate::nn::pool::Pool;
use crate::speaker::{SpeakerEncoder, SpeakerError};
use crate::vocoder::harmonic::{HarmonicConfig, HarmonicVocoder};

/// Why a base model could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file is missing or broken.
    #[error("cannot load the base model {}", path.display())]
    Load { path: PathBuf, source: CheckpointError },
    /// The denoiser's file is missing or broken.
    #[error("cannot load the base model {}", path.display())]
    Denoiser { path: PathBuf, source: DenoiserError },
    /// The segmentation network's file is missing or broken, or of another encoder.
    #[error("cannot load the base model {}", path.display())]
    Segmentation { path: PathBuf, source: SegmentationError },
    /// The speaker encoder's file is missing or broken.
    #[error("cannot load the base model {}", path.display())]
    Speaker { path: PathBuf, source: SpeakerError },
}

/// A folder of base models.
#[derive(Debug, Clone)]
pub struct Models {
    folder: PathBuf,
    device: Device,
}

/// Names of built-in voices' tensors in the acoustic model's file begin so.
pub const BUILT_IN: &str = "voices.";

/// Components of diarization that fit one encoder: without them, or with another encoder, it does without.
const PLDA: &str = "plda";
const MUSIC: &str = "music";
/// What tells music and noise from speech in cleaned recordings likewise.
pub const CLEANED_MUSIC: &str = "music-cleaned";

impl Models {
    /// Models in `folder`, to be loaded onto `device`.
    pub fn new(folder: &Path, device: Device) -> Self {
        Self { folder: folder.to_path_buf(), device }
    }

    /// The same models elsewhere.
    pub fn on(&self, device: Device) -> Self {
        Self { device, ..self.clone() }
    }

    /// The device that models are loaded onto.
    pub fn device(&self) -> Device {
        self.device
    }

    /// The file of a component: `aligner`, `acoustic`, `vocoder` or `speaker`.
    pub fn path(&self, component: &str) -> PathBuf {
        self.folder.join(format!("{component}.safetensors"))
    }

    /// A hash of a component's file, in hexadecimal: a voice remembers what it was made from.
    pub fn hash(&self, component: &str) -> Result<String, ModelError> {
        let path = self.path(component);
        let bytes = std::fs::read(&path).map_err(crate::error::FileError::on("read", &path));
        let bytes = bytes.map_err(|source| ModelError::Load { path, source: source.into() })?;
        Ok(blake3::hash(&bytes).to_hex().to_string())
    }

    /// Hashes of all that tells speakers apart, but for the encoder of their embeddings.
    pub fn diarization_version(&self) -> Result<String, ModelError> {
        let optional = [PLDA, MUSIC].into_iter().filter(|component| self.path(component).exists());
        let hashes: Result<Vec<_>, _> =
            ["segmentation"].into_iter().chain(optional).map(|name| self.hash(name)).collect();
        Ok(hashes?.join(" "))
    }

    /// A component that may be missing.
    fn optional<T>(
        &self,
        component: &str,
        load: impl FnOnce(&Path) -> Result<Option<T>, CheckpointError>,
    ) -> Result<Option<T>, ModelError> {
        let path = self.path(component);
        match path.exists() {
            true => load(&path).map_err(|source| ModelError::Load { path, source }),
            false => Ok(None),
        }
    }

    /// The acoustic model, with `adapter`'s tensors in place of the base's, and its variables.
    pub fn acoustic(&self, adapter: Option<&Weights>) -> Result<(nn::VarStore, AcousticModel), ModelError> {
        let fail = |source| ModelError::Load { path: self.path("acoustic"), source };
        let mut weights = self.acoustic_weights()?;
        if let Some(adapter) = adapter {
            weights.tensors.extend(adapter.tensors.iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone())));
        }
        let store = nn::VarStore::new(self.device);
        let model = AcousticModel::new(store.root(), weights.json::<AcousticConfig>("model").map_err(fail)?);
        weights.load_into(&store, str::to_string).map_err(fail)?;
        Ok((store, model))
    }

    /// The acoustic model likewise, not to be trained.
    pub fn frozen_acoustic(&self, adapter: Option<&Weights>) -> Result<AcousticModel, ModelError> {
        let (mut store, model) = self.acoustic(adapter)?;
        store.freeze();
        Ok(model)
    }

    /// What the acoustic model's file holds.
    pub fn acoustic_weights(&self) -> Result<Weights, ModelError> {
        let path = self.path("acoustic");
        Weights::read(&path).map_err(|source| ModelError::Load { path, source })
    }

    /// The discriminators that the acoustic model was trained against, where they came with it: training a voice goes on
    /// with them, speaking needs none.
    pub fn judges(&self) -> Result<Option<Weights>, ModelError> {
        self.optional("judges", |path| Weights::read(path).map(Some))
    }

    /// The vocoder.
    pub fn vocoder(&self) -> Result<HarmonicVocoder, ModelError> {
        let path = self.path("vocoder");
        let fail = |source| ModelError::Load { path: path.clone(), source };
        let weights = Weights::read(&path).map_err(fail)?;
        let mut store = nn::VarStore::new(self.device);
        let vocoder = HarmonicVocoder::new(store.root(), weights.json::<HarmonicConfig>("model").map_err(fail)?);
        weights.load_into(&store, str::to_string).map_err(fail)?;
        store.freeze();
        Ok(vocoder)
    }

    /// Says which voices are of one speaker, by embeddings of `encoder`: by likelihood where there is a model of them, else
    /// by their cosines.
    pub fn clustering(&self, encoder: &SpeakerEncoder) -> Result<Box<dyn Clustering + Send + Sync>, ModelError> {
        Ok(match self.optional(PLDA, |path| Plda::load(path, encoder.fingerprint()))? {
            Some(plda) => Box::new(Bayesian::new(plda)),
            None => Box::new(Agglomerative::default()),
        })
    }

    /// What tells music and noise from speech in cleaned recordings, by embeddings of `encoder`.
    pub fn cleaned_music(&self, encoder: &SpeakerEncoder) -> Result<Option<Music>, ModelError> {
        self.optional(CLEANED_MUSIC, |path| Music::load(path, encoder.fingerprint()))
    }

    /// The phoneme recogniser.
    pub fn aligner(&self) -> Result<Aligner, ModelError> {
        let path = self.path("aligner");
        Aligner::load(&path, self.device).map_err(|source| ModelError::Load { path, source })
    }

    /// The denoiser, for several streams at once.
    pub fn denoiser(&self) -> Result<Pool<Denoiser>, ModelError> {
        let (path, device) = (self.path("denoiser"), self.device);
        Pool::new(move || {
            Denoiser::load(&path, device).map_err(|source| ModelError::Denoiser { path: path.clone(), source })
        })
    }

    /// The speaker encoder whose embeddings the acoustic model and the voices know.
    pub fn speaker(&self) -> Result<SpeakerEncoder, ModelError> {
        self.speaker_at(&self.path("speaker"))
    }

    /// The same for several recordings at once.
    pub fn speakers(&self) -> Result<Pool<SpeakerEncoder>, ModelError> {
        let models = self.clone();
        Pool::new(move || models.speaker())
    }

    /// Any other speaker encoder. Its embeddings can be compared with each other, but mean nothing to the voices.
    pub fn speaker_at(&self, path: &Path) -> Result<SpeakerEncoder, ModelError> {
        SpeakerEncoder::load(path, self.device)
            .map_err(|source| ModelError::Speaker { path: path.to_path_buf(), source })
    }

    /// [`Self::hearing`] for several recordings at once.
    pub fn hearings(&self, encoder: &Path) -> Result<Pool<NetworkHearing>, ModelError> {
        let (models, encoder) = (self.clone(), encoder.to_path_buf());
        Pool::new(move || models.hearing(&encoder))
    }

    /// Hears who speaks, with embeddings of the speaker encoder at `encoder`.
    pub fn hearing(&self, encoder: &Path) -> Result<NetworkHearing, ModelError> {
        let base = self.speaker()?;
        let path = self.path("segmentation");
        let segmentation = Segmentation::load(&path, &base, self.device)
            .map_err(|source| ModelError::Segmentation { path, source })?;
        let encoder = if encoder == self.path("speaker") { None } else { Some(self.speaker_at(encoder)?) };
        let fingerprint = encoder.as_ref().unwrap_or(&base).fingerprint();
        let music = self.optional(MUSIC, |path| Music::load(path, fingerprint))?;
        Ok(NetworkHearing { base, segmentation, encoder, music })
    }

    /// Embeddings of the voices that come with the acoustic model, by name.
    pub fn built_in_voices(&self) -> Result<BTreeMap<String, Vec<f32>>, ModelError> {
        let path = self.path("acoustic");
        let weights = Weights::read_some(&path, |name| name.starts_with(BUILT_IN));
        let weights = weights.map_err(|source| ModelError::Load { path, source })?;
        let voices = weights.subset(BUILT_IN).tensors.into_iter();
        Ok(voices.map(|(name, row)| (name, floats(&row))).collect())
    }
}
