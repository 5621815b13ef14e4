//! Adaptation of the base to a speaker: the best weights on held-out speech are the voice.
//!
//! The checkpoint, and the best weights so far, lie in the work folder, so that a training that was killed goes on.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use tch::{Device, nn};

use super::replay::replay;
use super::speech::Speech;
use super::{VoiceTrainError, VoiceTraining};
use crate::acoustic::AcousticConfig;
use crate::nn::adamw::AdamWConfig;
use crate::nn::checkpoint::{Precision, Weights};
use crate::nn::schedule::Schedule;
use crate::train::acoustic::{AcousticData, AcousticTask, Listener, ListenerConfig, LossWeights};
use crate::train::adversary::AdversaryConfig;
use crate::train::runner::{Replica, RunConfig, RunOptions, Runner, Task as _, TrainError};

/// Measures on held-out speech, by name.
type Figures = serde_json::Map<String, serde_json::Value>;

/// What the training gave; by default nothing.
#[derive(Default)]
pub(super) struct Adapted {
    /// What differs from the base.
    pub(super) weights: Weights,
    /// Before the training.
    pub(super) before: Figures,
    /// With these weights.
    pub(super) after: Figures,
    /// Steps done.
    pub(super) steps: u64,
}

/// What every replica begins with.
struct Start {
    speech: Speech,
    config: AcousticConfig,
    base: Weights,
}

/// Frames in a batch, of all devices together: half a minute.
const BATCH_FRAMES: usize = 2_600;
/// The base was made sharp by a discriminator, and a regression alone would blur it again.
const JUDGE: AdversaryConfig = AdversaryConfig {
    channels: 32,
    learning_rate: 2e-4,
    weight: 0.25,
    feature_weight: 0.6,
    begin: 0.0,
    warmup_steps: 40,
};
/// So was it by being heard through the vocoder.
const LISTENER: ListenerConfig = ListenerConfig {
    windows: 4,
    frames: 64,
    spectral_weight: 0.1,
    adversary: AdversaryConfig { channels: 16, weight: 1.0, feature_weight: 0.2, ..JUDGE },
};
/// Held-out speech is measured so many times.
const VALIDATIONS: u64 = 12;
/// Training ends when held-out speech has not been said better for so many of them.
const PATIENCE: u64 = 4;
/// Time between checkpoints.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);

impl VoiceTraining<'_> {
    /// Trains the parts that know the speaker.
    pub(super) fn adapt(&self, mut speech: Speech, work: &Path) -> Result<Adapted, VoiceTrainError> {
        let (store, model) = self.models.acoustic(None)?;
        let config = model.config().clone();
        let (replayed, voices) = replay(&model, &self.models.built_in_voices()?, speech.training.len());
        speech.training.extend(replayed);
        speech.speakers.extend(voices);
        drop(model);
        // One replica after the other takes what it needs: libtorch's generator is shared.
        let start = Mutex::new(Start { speech, config, base: Weights::from_store(&store) });
        drop(store);
        let is_left = |error: &VoiceTrainError| matches!(error, VoiceTrainError::Train(TrainError::Left(_)));
        Replica::on_devices(self.devices, |device, replica| self.adapt_on(device, replica, &start, work), is_left)
    }

    /// The task of one replica: a share of every batch, and the base to begin with.
    fn task(&self, store: &nn::VarStore, start: &Start) -> Result<AcousticTask, VoiceTrainError> {
        let (models, Start { speech, config, base }) = (self.models.on(store.device()), start);
        tch::manual_seed(self.config.seed as i64);
        let data = AcousticData {
            training: speech.training.clone(),
            validation: speech.validation.clone(),
            speakers: speech.speakers.clone(),
            built_in: Default::default(),
            batch_frames: BATCH_FRAMES / self.devices.len(),
            adversary: Some(JUDGE),
            listener: Some(Listener::new(LISTENER, models.vocoder()?, store.device())),
            loaders: 1,
        };
        let mut task = AcousticTask::new(store, config.clone(), LossWeights::default(), data, self.config.seed)?;
        if let Some(judges) = models.judges()? {
            task.start_judges(&judges)?;
        }
        base.load_into(store, str::to_string)?;
        freeze_text(store);
        Ok(task)
    }

    /// What the first replica returns is the voice.
    fn adapt_on(
        &self,
        device: Device,
        replica: Replica,
        start: &Mutex<Start>,
        work: &Path,
    ) -> Result<Adapted, VoiceTrainError> {
        let store = nn::VarStore::new(device);
        let is_first = replica.is_first();
        let (task, before) = {
            let start = start.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let task = self.task(&store, &start)?;
            let before = if is_first { by_name(&tch::no_grad(|| task.validate())) } else { Figures::new() };
            (task, before)
        };
        let mut runner = Runner::new(&store, self.run_config(), self.run_options(work))?.shared(replica);
        if !is_first {
            runner.run_until(&task, &mut |_, _| true)?;
            return Ok(Adapted::default());
        }
        let mut best = Best::open(work)?;
        let mut failure = None;
        let validate_every = self.run_config().validate_every;
        let limit_s = self.config.time_limit.as_secs_f64();
        let steps = runner.run_until(&task, &mut |report, average| {
            self.observer.step(report);
            let Some(figures) = &report.validation else { return report.elapsed_s < limit_s };
            match best.offer(report.step, || average.weights(), by_name(figures)) {
                Ok(()) => report.elapsed_s < limit_s && report.step < best.step + PATIENCE * validate_every,
                Err(error) => {
                    failure = Some(error);
                    false
                }
            }
        })?;
        if let Some(error) = failure {
            return Err(error);
        }
        let (weights, after) = best.take().unwrap_or_else(|| (adapted(runner.average()), before.clone()));
        Ok(Adapted { weights, before, after, steps })
    }

    fn run_config(&self) -> RunConfig {
        let steps = self.config.steps.max(1);
        RunConfig {
            steps,
            schedule: Schedule { peak: self.config.learning_rate, warmup_steps: 20, floor: 0.05 },
            adamw: AdamWConfig::default(),
            ema_decay: 0.98,
            validate_every: (steps / VALIDATIONS).max(1),
            batches_per_step: 1,
        }
    }

    fn run_options(&self, work: &Path) -> RunOptions {
        RunOptions {
            folder: work.to_path_buf(),
            time_limit: None,
            resume: true,
            start: None,
            seed: self.config.seed,
            checkpoint_every: CHECKPOINT_EVERY,
            gauge: self.gauge.clone(),
        }
    }
}

/// The best weights so far and their figures, in memory and on disk.
struct Best {
    path: PathBuf,
    kept: Option<(Weights, Figures)>,
    /// When they were found.
    step: u64,
}

impl Best {
    const FIGURES: &'static str = "figures";
    const STEP: &'static str = "step";

    /// What an interrupted training has found.
    fn open(work: &Path) -> Result<Self, VoiceTrainError> {
        let path = work.join("best.safetensors");
        let (mut kept, mut step) = (None, 0);
        if path.exists() {
            let weights = Weights::read(&path)?;
            let figures = weights.json(Self::FIGURES)?;
            step = weights.json(Self::STEP)?;
            kept = Some((weights, figures));
        }
        Ok(Self { path, kept, step })
    }

    /// Keeps the weights if their first figure is lower.
    fn offer(&mut self, step: u64, weights: impl FnOnce() -> Weights, figures: Figures) -> Result<(), VoiceTrainError> {
        let first = |figures: &Figures| figures.values().next().and_then(serde_json::Value::as_f64);
        let better = match (&self.kept, first(&figures)) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some((_, known)), Some(new)) => first(known).is_none_or(|known| new < known),
        };
        if better {
            self.step = step;
            let mut weights = adapted(weights());
            weights.set_json(Self::FIGURES, &figures)?;
            weights.set_json(Self::STEP, &step)?;
            weights.write(&self.path, Precision::Full)?;
            self.kept = Some((weights, figures));
        }
        Ok(())
    }

    fn take(mut self) -> Option<(Weights, Figures)> {
        let (mut weights, figures) = self.kept.take()?;
        weights.metadata.remove(Self::FIGURES);
        weights.metadata.remove(Self::STEP);
        Some((weights, figures))
    }
}

/// What training changes, and so what a voice's adapter holds.
fn is_adapted(parameter: &str) -> bool {
    parameter.starts_with("decoder.") || parameter.starts_with("variance.")
}

/// The parts of the weights that training changes.
fn adapted(mut weights: Weights) -> Weights {
    weights.tensors.retain(|name, _| is_adapted(name));
    weights
}

fn freeze_text(store: &nn::VarStore) {
    for (name, variable) in store.variables() {
        if !is_adapted(&name) {
            let _ = variable.set_requires_grad(false);
        }
    }
}

fn by_name(figures: &[(&'static str, f64)]) -> Figures {
    figures.iter().map(|(name, value)| ((*name).to_string(), (*value).into())).collect()
}
