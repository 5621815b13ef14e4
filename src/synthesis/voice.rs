//! Voices: a speaker's embedding, what training changed in the acoustic model, and what is changed in what it makes.
//!
//! A trained voice is a folder with `voice.json` ([`VoiceManifest`]) and `adapter.safetensors`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::correction::{Correction, Heard, Impression};
use super::models::{ModelError, Models};
use crate::acoustic::AcousticModel;
use crate::audio::{AudioError, load_mono};
use crate::error::FileError;
use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::speaker::{SpeakerEncoder, SpeakerError};
use crate::units::{SampleRate, Seconds};

/// What `voice.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VoiceManifest {
    /// Version of this layout, [`VoiceManifest::SCHEMA`].
    pub schema_version: u32,
    /// The voice's name.
    pub name: String,
    /// When it was made, in seconds since 1970.
    pub created_unix_s: u64,
    /// Hash of the base acoustic model that the adapter belongs to.
    pub base_acoustic: String,
    /// Hash over the names and contents of the recordings.
    pub dataset: String,
    /// Minutes of speech that it was trained on.
    pub minutes: f64,
    /// Minutes that could not be used.
    #[serde(default)]
    pub minutes_left_out: f64,
    /// Utterances used and left out.
    pub utterances: usize,
    /// Utterances that could not be used.
    pub left_out: usize,
    /// Steps of training; without any the voice is but an embedding.
    pub steps: u64,
    /// The speaker, 192 values of unit length.
    pub speaker_embedding: Vec<f32>,
    /// How what is made of the embedding, after training, differs from the recordings.
    #[serde(default)]
    pub correction: Correction,
    /// Held-out losses before and after training.
    pub figures: serde_json::Value,
    /// The settings of the training.
    pub settings: serde_json::Value,
    /// Licence of the recordings, where the user said it.
    pub licence: Option<String>,
    /// Who agreed to the voice being made, where the user said it.
    pub consent: Option<String>,
}

impl VoiceManifest {
    /// The version that this program writes.
    pub const SCHEMA: u32 = 1;
    /// Name of the manifest in a voice's folder.
    pub const FILE: &'static str = "voice.json";
    /// Name of the changed weights in a voice's folder.
    pub const ADAPTER: &'static str = "adapter.safetensors";

    /// Reads the manifest in a voice's folder.
    pub fn read(folder: &Path) -> Result<Self, VoiceError> {
        let path = folder.join(Self::FILE);
        let text = std::fs::read_to_string(&path).map_err(FileError::on("read", &path))?;
        let manifest: Self =
            serde_json::from_str(&text).map_err(|source| VoiceError::Manifest { path: path.clone(), source })?;
        if manifest.schema_version == Self::SCHEMA {
            Ok(manifest)
        } else {
            Err(VoiceError::Schema { path, expected: Self::SCHEMA, actual: manifest.schema_version })
        }
    }
}

/// Why a voice cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// No voice of that name.
    #[error("there is no voice \"{name}\"{}", suggest(nearest, *known))]
    Unknown { name: String, nearest: Option<String>, known: usize },
    /// A file of the voice cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// `voice.json` is not as expected.
    #[error("{} is not a valid manifest: {source}", path.display())]
    Manifest { path: PathBuf, source: serde_json::Error },
    /// `voice.json` is of another version.
    #[error("{} has schema version {actual}, this program reads {expected}", path.display())]
    Schema { path: PathBuf, expected: u32, actual: u32 },
    /// The voice was trained on other base models.
    #[error("voice \"{name}\" was trained on another base model than the one installed; train it again")]
    Base { name: String },
    /// The adapter cannot be read.
    #[error(transparent)]
    Adapter(#[from] CheckpointError),
    /// The base models cannot be read.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The recording to imitate cannot be read.
    #[error("cannot imitate {}", path.display())]
    Recording { path: PathBuf, source: AudioError },
    /// The recording to imitate has no voice in it.
    #[error("cannot imitate {}", path.display())]
    Speaker { path: PathBuf, source: SpeakerError },
}

fn suggest(nearest: &Option<String>, known: usize) -> String {
    match (nearest, known) {
        (Some(name), _) => format!("; did you mean \"{name}\"? `voice-clone voices` lists all {known}"),
        (None, 0) => "; there is none yet: train one, or give a recording to imitate".to_string(),
        (None, _) => format!("; `voice-clone voices` lists all {known}"),
    }
}

/// A voice, ready to speak.
#[derive(Debug)]
pub struct Voice {
    /// Its name, or the recording's.
    pub name: String,
    /// 192 values of unit length.
    pub embedding: Vec<f32>,
    /// Changed weights of the acoustic model.
    pub adapter: Option<Weights>,
    /// What is changed in what the acoustic model makes.
    pub correction: Correction,
}

/// More than this of a recording says nothing new of the speaker.
const REFERENCE_LIMIT: Seconds = Seconds(120.0);

impl Voice {
    /// The trained voice of this name in `folder`, else the built-in one.
    pub fn named(name: &str, folder: &Path, models: &Models) -> Result<Self, VoiceError> {
        let own = folder.join(name);
        if own.join(VoiceManifest::FILE).is_file() {
            return Self::trained(&own, models);
        }
        let mut built_in = models.built_in_voices()?;
        if let Some(embedding) = built_in.remove(name) {
            return Ok(Self { name: name.to_string(), embedding, adapter: None, correction: Correction::default() });
        }
        let mut known: Vec<String> = built_in.into_keys().collect();
        known.extend(trained_voices(folder).into_iter().map(|voice| voice.name));
        let likeness = |other: &&String| (strsim::jaro_winkler(name, other) * 1e6) as u64;
        let nearest = known.iter().max_by_key(likeness).filter(|other| strsim::jaro_winkler(name, other) > 0.75);
        Err(VoiceError::Unknown { name: name.to_string(), nearest: nearest.cloned(), known: known.len() })
    }

    /// The trained voice in this folder.
    pub fn trained(folder: &Path, models: &Models) -> Result<Self, VoiceError> {
        let manifest = VoiceManifest::read(folder)?;
        if manifest.base_acoustic != models.hash("acoustic")? {
            return Err(VoiceError::Base { name: manifest.name });
        }
        let adapter = || Weights::read(&folder.join(VoiceManifest::ADAPTER));
        let adapter = (manifest.steps > 0).then(adapter).transpose()?;
        let VoiceManifest { name, speaker_embedding: embedding, correction, .. } = manifest;
        Ok(Self { name, embedding, adapter, correction })
    }

    /// The speaker of a recording, without training; `base` is the acoustic model that is to speak.
    pub fn imitated(path: &Path, encoder: &SpeakerEncoder, base: &AcousticModel) -> Result<Self, VoiceError> {
        let unreadable = |source| VoiceError::Recording { path: path.to_path_buf(), source };
        let beginning = |rate: SampleRate| {
            let mut samples = load_mono(path, rate).map_err(unreadable)?;
            samples.truncate(rate.samples(REFERENCE_LIMIT));
            Ok::<_, VoiceError>(samples)
        };
        let embedding = encoder
            .embed(&beginning(SampleRate::ANALYSIS)?)
            .map_err(|source| VoiceError::Speaker { path: path.to_path_buf(), source })?;
        let speaker = Impression::of([Heard::in_samples(&beginning(SampleRate::SYNTHESIS)?)]);
        let made = Impression::of_model(base, &embedding);
        let correction = speaker.zip(made).map(|(speaker, made)| Correction::between(&speaker, &made));
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, embedding, adapter: None, correction: correction.unwrap_or_default() })
    }
}

/// The trained voices in a folder, by name; what is no voice is passed over.
pub fn trained_voices(folder: &Path) -> Vec<VoiceManifest> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut voices: Vec<VoiceManifest> =
        entries.flatten().filter_map(|entry| VoiceManifest::read(&entry.path()).ok()).collect();
    voices.sort_by(|a, b| a.name.cmp(&b.name));
    voices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_voice_is_passed_over_and_what_is_broken_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let voice = folder.path().join("anna");
        std::fs::create_dir(&voice).expect("a folder");
        std::fs::write(voice.join("voice.json"), "{}").expect("a file");
        assert!(trained_voices(folder.path()).is_empty());
        let error = VoiceManifest::read(&voice).expect_err("no manifest");
        assert!(error.to_string().contains("voice.json is not a valid manifest: missing field"), "{error}");
    }

    #[test]
    fn an_unknown_voice_is_answered_with_the_nearest() {
        let error = VoiceError::Unknown { name: "ana".into(), nearest: Some("anna".into()), known: 3 };
        assert_eq!(
            error.to_string(),
            "there is no voice \"ana\"; did you mean \"anna\"? `voice-clone voices` lists all 3"
        );
    }
}
