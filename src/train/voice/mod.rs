//! Training of a voice: the acoustic model's decoder and predictors learn one speaker.
//!
//! The text encoder stays as it is, so pronunciation is not forgotten. What changes is saved as the voice's adapter.
//! A training that was killed goes on when it is started again: see `adaptation`.

mod adaptation;
mod company;
mod folder;
mod replay;
mod speech;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tch::Device;

use self::adaptation::Adapted;
use self::folder::{Plan, WorkFolder, write_voice};
use self::speech::{Speech, dataset_hash, one_speaker};
use super::runner::TrainError;
use crate::dataset::utterances::{Utterance, UtterancesError, read_utterances};
use crate::error::FileError;
use crate::gpu::gauge::Gauge;
use crate::nn::checkpoint::CheckpointError;
use crate::speaker::SpeakerError;
use crate::synthesis::correction::{Correction, Impression};
use crate::synthesis::models::{ModelError, Models};
use crate::synthesis::voice::VoiceManifest;

/// Why no voice was made.
#[derive(Debug, thiserror::Error)]
pub enum VoiceTrainError {
    /// The folder of speech cannot be used.
    #[error(transparent)]
    Input(#[from] UtterancesError),
    /// A base model cannot be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The speaker cannot be known.
    #[error(transparent)]
    Speaker(#[from] SpeakerError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// Weights cannot be read or written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// More than one speaker.
    #[error("the folder holds {} speakers ({}); train on one of them: {example}", names.len(), names.join(", "))]
    Speakers { names: Vec<String>, example: String },
    /// Not enough speech.
    #[error("only {usable_s:.0} s of speech can be used, at least {needed_s:.0} s are needed")]
    TooLittle { usable_s: f64, needed_s: f64 },
}

/// Limits and pace of one training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoiceTrainConfig {
    /// Ends the training after this time.
    pub time_limit: Duration,
    /// Ends the training after so many steps.
    pub steps: u64,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Seed of everything random.
    pub seed: u64,
    /// Only the embedding, no training.
    pub quick: bool,
}

/// What the owner of the speech says about it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rights {
    /// Licence of the recordings.
    pub licence: Option<String>,
    /// Who agreed to the voice being made.
    pub consent: Option<String>,
}

/// One training.
pub struct VoiceTraining<'a> {
    /// The folder with the speech: one that `process` made, or any folder of recordings.
    pub input: &'a Path,
    /// The voice's name.
    pub name: &'a str,
    /// The folder that becomes the voice.
    pub output: &'a Path,
    /// The base models, on the first of the devices.
    pub models: &'a Models,
    /// Devices to train on, at least one; they share the speech of every step.
    pub devices: &'a [Device],
    /// What reads them meanwhile, where they are GPUs.
    pub gauge: Option<Arc<Gauge>>,
    /// Limits and pace.
    pub config: VoiceTrainConfig,
    /// Goes into the manifest.
    pub rights: Rights,
    /// Who is told.
    pub observer: &'a dyn super::base::Observer,
}

impl VoiceTraining<'_> {
    /// Trains, and writes the voice. Returns its manifest.
    pub fn run(&self) -> Result<VoiceManifest, VoiceTrainError> {
        let utterances = read_utterances(self.input)?;
        one_speaker(&utterances)?;
        let base = self.models.hash("acoustic")?;
        let work = WorkFolder::open(self.output, &self.plan(&utterances, &base)?)?;
        let speech = self.listen(&utterances, work.path())?;
        let embedding = speech.embedding.clone();
        let speaker = speech.impression();
        let Speech { minutes, minutes_left_out, left_out, .. } = speech;
        let used = speech.training.len() + speech.validation.len();
        let adapted = if self.config.quick { Adapted::default() } else { self.adapt(speech, work.path())? };
        let manifest = VoiceManifest {
            schema_version: VoiceManifest::SCHEMA,
            name: self.name.to_string(),
            created_unix_s: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs()),
            base_acoustic: base,
            dataset: work.plan().dataset.clone(),
            minutes,
            minutes_left_out,
            utterances: used,
            left_out,
            steps: adapted.steps,
            correction: self.correction(speaker, &embedding, &adapted)?,
            speaker_embedding: embedding,
            figures: json!({ "held_out_before": adapted.before, "held_out_after": adapted.after }),
            settings: json!({ "learning_rate": self.config.learning_rate, "seed": self.config.seed }),
            licence: self.rights.licence.clone(),
            consent: self.rights.consent.clone(),
        };
        write_voice(self.output, &manifest, (!self.config.quick).then_some(adapted.weights))?;
        work.remove();
        Ok(manifest)
    }

    /// What is left between the speaker and what the voice says.
    fn correction(
        &self,
        speaker: Option<Impression>,
        embedding: &[f32],
        adapted: &Adapted,
    ) -> Result<Correction, VoiceTrainError> {
        let adapter = (!self.config.quick).then_some(&adapted.weights);
        let model = self.models.frozen_acoustic(adapter)?;
        let made = Impression::of_model(&model, embedding);
        Ok(speaker.zip(made).map(|(speaker, made)| Correction::between(&speaker, &made)).unwrap_or_default())
    }

    fn plan(&self, utterances: &[Utterance], base: &str) -> Result<Plan, VoiceTrainError> {
        let VoiceTrainConfig { steps, learning_rate, seed, .. } = self.config;
        let dataset = dataset_hash(utterances)?;
        Ok(Plan { dataset, base: base.to_string(), steps, learning_rate, seed })
    }
}
