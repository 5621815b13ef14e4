//! Training of a voice: the acoustic model's decoder and predictors learn one speaker.
//!
//! The text encoder stays as it is, so pronunciation is not forgotten. What changes is saved as the voice's adapter.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tch::nn;

use super::acoustic::{AcousticData, AcousticTask, LossWeights, Speakers, mean_direction};
use super::labels::{Labelled, embed_speakers};
use super::runner::{RunConfig, RunOptions, Runner, StepReport, Task as _, TrainError};
use crate::dataset::corpus::CorpusUtterance;
use crate::dataset::prepared::Preparer;
use crate::dataset::utterances::{Utterance, UtterancesError, read_utterances};
use crate::error::FileError;
use crate::files::write_atomically;
use crate::nn::adamw::AdamWConfig;
use crate::nn::checkpoint::{CheckpointError, Precision, Weights};
use crate::nn::schedule::Schedule;
use crate::speaker::SpeakerError;
use crate::synthesis::models::{ModelError, Models};
use crate::synthesis::voice::VoiceManifest;
use crate::text::FrontEnd;

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
}

/// One training.
pub struct VoiceTraining<'a> {
    /// The folder with the speech: one that `process` made, or any folder of recordings.
    pub input: &'a Path,
    /// The voice's name.
    pub name: &'a str,
    /// The folder that becomes the voice.
    pub output: &'a Path,
    /// The base models.
    pub models: &'a Models,
    /// Limits and pace.
    pub config: VoiceTrainConfig,
    /// Who is told.
    pub observer: &'a dyn super::base::Observer,
}

/// Speech sorted into what is learnt from and what is measured on.
struct Speech {
    training: Vec<Labelled>,
    validation: Vec<Labelled>,
    speakers: Speakers,
    embedding: Vec<f32>,
    dataset: String,
    minutes: f64,
    left_out: usize,
}

/// Less speech than this cannot be told from its noise.
const LEAST_S: f64 = 10.0;
/// Every so many-th utterance is kept for measuring.
const HELD_OUT_EVERY: usize = 12;
/// Utterances of the speaker that are embedded.
const REFERENCES: usize = 40;
/// Frames in a batch: half a minute.
const BATCH_FRAMES: usize = 2_600;
/// An utterance whose mean log score is this far below the folder's median does not say its transcript.
const MISFIT: f64 = 1.5;

impl VoiceTraining<'_> {
    /// Trains, and writes the voice. Returns its manifest.
    pub fn run(&self) -> Result<VoiceManifest, VoiceTrainError> {
        let work = tempfile::tempdir().map_err(FileError::on("create", Path::new("a temporary folder")))?;
        let speech = self.listen(work.path())?;
        let (store, model) = self.models.acoustic(None)?;
        let config = model.config().clone();
        drop(model);
        let base = Weights::from_store(&store);
        let store = nn::VarStore::new(self.models.device());
        let data = AcousticData {
            training: speech.training,
            validation: speech.validation,
            speakers: speech.speakers,
            built_in: Default::default(),
            batch_frames: BATCH_FRAMES,
            adversary: None,
        };
        let used = data.training.len() + data.validation.len();
        let task = AcousticTask::new(&store, config, LossWeights::default(), data, self.config.seed)?;
        base.load_into(&store, str::to_string)?;
        freeze_text(&store);

        let before = tch::no_grad(|| task.validate());
        let (best, after, steps) = self.adapt(&store, &task, work.path())?;
        let manifest = VoiceManifest {
            schema_version: VoiceManifest::SCHEMA,
            name: self.name.to_string(),
            created_unix_s: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs()),
            base_acoustic: self.models.hash("acoustic")?,
            dataset: speech.dataset,
            minutes: speech.minutes,
            utterances: used,
            left_out: speech.left_out,
            steps,
            speaker_embedding: speech.embedding,
            figures: json!({ "held_out_before": by_name(&before), "held_out_after": by_name(&after) }),
            settings: json!({ "learning_rate": self.config.learning_rate, "seed": self.config.seed }),
            licence: None,
            consent: None,
        };
        self.write(&manifest, best)?;
        Ok(manifest)
    }

    /// Prepares, labels and sorts the speech.
    fn listen(&self, work: &Path) -> Result<Speech, VoiceTrainError> {
        let utterances = read_utterances(self.input)?;
        one_speaker(&utterances)?;
        let dataset = dataset_hash(&utterances)?;
        let named: Vec<CorpusUtterance> =
            utterances.iter().enumerate().map(|(index, utterance)| self.named(index, utterance)).collect();
        let total = named.len();
        let synthesis = Preparer::synthesis(work);
        let (prepared, unprepared) = synthesis.prepare_all(named.clone(), || ());
        for failed in unprepared {
            self.observer.left_out(&failed.utterance.path.display().to_string(), &failed.error.to_string());
        }
        let (references, _) = Preparer::analysis(work).prepare_all(named, || ());
        let speakers = embed_speakers(&references, &self.models.speaker()?, REFERENCES)?;
        let aligner = self.models.aligner()?;
        let front_end = FrontEnd::new();
        let mut labelled = Vec::new();
        for (index, item) in prepared.iter().enumerate() {
            self.observer.prepared(index + 1, prepared.len());
            match Labelled::new(item, &aligner, &front_end) {
                Ok(label) => labelled.push((label, item.seconds())),
                Err(error) => self.observer.left_out(&item.utterance.key, &error.to_string()),
            }
        }
        let labelled = self.fitting(labelled);
        let usable_s: f64 = labelled.iter().map(|(_, seconds)| seconds).sum();
        let embedding = speakers.get(self.name).map(|known| mean_direction(known)).unwrap_or_default();
        if usable_s < LEAST_S || labelled.len() < 2 || embedding.is_empty() {
            return Err(VoiceTrainError::TooLittle { usable_s, needed_s: LEAST_S });
        }
        let left_out = total - labelled.len();
        let every = HELD_OUT_EVERY.min(labelled.len());
        let (mut training, mut validation) = (Vec::new(), Vec::new());
        for (index, (label, _)) in labelled.into_iter().enumerate() {
            if index % every == every - 1 { validation.push(label) } else { training.push(label) }
        }
        Ok(Speech { training, validation, speakers, embedding, dataset, minutes: usable_s / 60.0, left_out })
    }

    /// Leaves out utterances whose transcript is not what is said.
    fn fitting(&self, labelled: Vec<(Labelled, f64)>) -> Vec<(Labelled, f64)> {
        let mut scores: Vec<f64> = labelled.iter().map(|(label, _)| label.score).collect();
        scores.sort_by(f64::total_cmp);
        let median = scores.get(scores.len() / 2).copied().unwrap_or(0.0);
        let fits = |(label, _): &(Labelled, f64)| {
            let fits = label.score > median - MISFIT;
            if !fits {
                self.observer.left_out(&label.key, "the transcript is not what is said");
            }
            fits
        };
        labelled.into_iter().filter(fits).collect()
    }

    fn named(&self, index: usize, utterance: &Utterance) -> CorpusUtterance {
        let file = utterance.path.file_stem().unwrap_or_default().to_string_lossy();
        CorpusUtterance {
            key: format!("voice/{index:05}-{file}"),
            collection: "voice".to_string(),
            speaker: self.name.to_string(),
            path: utterance.path.clone(),
            text: utterance.text.clone(),
        }
    }

    /// Trains and keeps the weights that were best on held-out speech, with their figures and the steps done.
    #[allow(clippy::type_complexity, reason = "weights, figures and a count")]
    fn adapt(
        &self,
        store: &nn::VarStore,
        task: &AcousticTask,
        work: &Path,
    ) -> Result<(Weights, Vec<(&'static str, f64)>, u64), VoiceTrainError> {
        let steps = self.config.steps.max(1);
        let run = RunConfig {
            steps,
            schedule: Schedule { peak: self.config.learning_rate, warmup_steps: 20, floor: 0.05 },
            adamw: AdamWConfig::default(),
            ema_decay: 0.98,
            validate_every: (steps / 12).max(1),
        };
        let options = RunOptions {
            start: None,
            folder: work.to_path_buf(),
            time_limit: None,
            resume: false,
            seed: self.config.seed,
            checkpoint_every: Duration::from_secs(u64::MAX / 4),
        };
        let stop = std::time::Instant::now() + self.config.time_limit;
        let mut runner = Runner::new(store, run, options)?;
        let mut best: Option<(Weights, Vec<(&'static str, f64)>)> = None;
        let done = runner.run_until(task, &mut |report: &StepReport, average| {
            self.observer.step(report);
            if let Some(figures) = &report.validation {
                let better = best.as_ref().is_none_or(|(_, known)| figures[0].1 < known[0].1);
                if better {
                    best = Some((average.weights(), figures.clone()));
                }
            }
            std::time::Instant::now() < stop
        })?;
        let (weights, figures) = match best {
            Some(best) => best,
            None => (runner.average(), tch::no_grad(|| task.validate())),
        };
        Ok((weights, figures, done))
    }

    /// Writes the folder under another name first: a voice is there whole or not at all.
    fn write(&self, manifest: &VoiceManifest, mut weights: Weights) -> Result<(), VoiceTrainError> {
        weights.tensors.retain(|name, _| is_adapted(name));
        let parent = self.output.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(parent).map_err(FileError::on("create", parent))?;
        let folder =
            tempfile::Builder::new().prefix(".voice-").tempdir_in(parent).map_err(FileError::on("create", parent))?;
        weights.write(&folder.path().join(VoiceManifest::ADAPTER), Precision::Half)?;
        let text = serde_json::to_vec_pretty(manifest).unwrap_or_default();
        write_atomically(&folder.path().join(VoiceManifest::FILE), &text)?;
        replace_folder(folder, self.output)?;
        Ok(())
    }
}

/// Puts a finished folder in place of an older one.
fn replace_folder(folder: tempfile::TempDir, target: &Path) -> Result<(), FileError> {
    let old: Option<PathBuf> = target.exists().then(|| folder.path().with_extension("old"));
    if let Some(old) = &old {
        std::fs::rename(target, old).map_err(FileError::on("replace", target))?;
    }
    let made = folder.keep();
    std::fs::rename(&made, target).map_err(FileError::on("write", target))?;
    if let Some(old) = old {
        std::fs::remove_dir_all(&old).map_err(FileError::on("remove", &old))?;
    }
    Ok(())
}

/// What training changes, and so what a voice's adapter holds.
fn is_adapted(parameter: &str) -> bool {
    parameter.starts_with("decoder.") || parameter.starts_with("variance.")
}

fn freeze_text(store: &nn::VarStore) {
    for (name, variable) in store.variables() {
        if !is_adapted(&name) {
            let _ = variable.set_requires_grad(false);
        }
    }
}

fn one_speaker(utterances: &[Utterance]) -> Result<(), VoiceTrainError> {
    let mut names: Vec<String> = utterances.iter().filter_map(|utterance| utterance.speaker.clone()).collect();
    names.sort();
    names.dedup();
    if names.len() < 2 {
        return Ok(());
    }
    let first = utterances.iter().find(|utterance| utterance.speaker.as_ref() == names.first());
    let folder = first.and_then(|utterance| utterance.path.parent()).unwrap_or(Path::new(""));
    Err(VoiceTrainError::Speakers { names, example: format!("--input {}", folder.display()) })
}

/// A hash over the contents and transcripts of all recordings.
fn dataset_hash(utterances: &[Utterance]) -> Result<String, FileError> {
    let mut hasher = blake3::Hasher::new();
    for utterance in utterances {
        let bytes = std::fs::read(&utterance.path).map_err(FileError::on("read", &utterance.path))?;
        hasher.update(blake3::hash(&bytes).as_bytes());
        hasher.update(utterance.text.as_deref().unwrap_or_default().as_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn by_name(figures: &[(&'static str, f64)]) -> serde_json::Value {
    figures.iter().map(|(name, value)| ((*name).to_string(), json!(value))).collect::<serde_json::Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utterance(speaker: Option<&str>) -> Utterance {
        Utterance { path: PathBuf::from("a/x.wav"), text: None, speaker: speaker.map(str::to_string) }
    }

    #[test]
    fn two_speakers_are_an_error_that_says_what_to_do() {
        assert!(one_speaker(&[utterance(None), utterance(Some("eva")), utterance(Some("eva"))]).is_ok());
        let error = one_speaker(&[utterance(Some("eva")), utterance(Some("tom"))]).expect_err("two speakers");
        assert_eq!(error.to_string(), "the folder holds 2 speakers (eva, tom); train on one of them: --input a");
    }

    #[test]
    fn an_older_folder_is_replaced() {
        let parent = tempfile::tempdir().expect("a folder");
        let target = parent.path().join("voice");
        for text in ["one", "two"] {
            let made = tempfile::tempdir_in(parent.path()).expect("a folder");
            std::fs::write(made.path().join("file"), text).expect("a file");
            replace_folder(made, &target).expect("a writable folder");
            assert_eq!(std::fs::read_to_string(target.join("file")).expect("the file"), text);
        }
        assert_eq!(std::fs::read_dir(parent.path()).expect("the folder").count(), 1);
    }

    #[test]
    fn the_mean_of_directions() {
        assert_eq!(mean_direction(&[vec![1.0, 0.0], vec![1.0, 0.0]]), [1.0, 0.0]);
        assert!(mean_direction(&[]).is_empty());
    }
}
