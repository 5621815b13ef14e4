//! The training loop that all components share.
//!
//! A step depends on the seed, its number and the state alone, and the state (weights, optimiser, average) is saved
//! whole, so a run that was killed goes on along the same loss curve.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor, nn};

use crate::error::FileError;
use crate::nn::adamw::{AdamW, AdamWConfig};
use crate::nn::checkpoint::{CheckpointError, Precision, Weights};
use crate::nn::ema::Ema;
use crate::nn::mixed;
use crate::nn::schedule::Schedule;
use crate::synthesis::models::ModelError;

/// What a step minimises.
#[derive(Debug)]
pub struct Loss {
    /// The scalar to minimise.
    pub total: Tensor,
    /// Its parts, for the log.
    pub parts: Vec<(&'static str, Tensor)>,
    /// Seconds of audio in the batch, for the speed.
    pub audio_s: f64,
}

/// A component in training.
pub trait Task {
    /// The loss on the batch of `step`, when the share `progress` of the run is done. Random choices must follow from the seed and `step`, or from libtorch's
    /// generator, which the runner seeds at every step.
    fn loss(&self, step: u64, progress: f64) -> Loss;

    /// Measures on held-out data; the first is the one that should fall.
    fn validate(&self) -> Vec<(&'static str, f64)>;

    /// What the published weights must carry to be loaded again.
    fn metadata(&self, weights: &mut Weights) -> Result<(), CheckpointError>;

    /// State beside the trained variables that a resumed run needs, such as a discriminator.
    fn state(&self) -> Weights {
        Weights::default()
    }

    /// Restores what [`Task::state`] gave.
    fn restore(&self, _state: &Weights) -> Result<(), CheckpointError> {
        Ok(())
    }
}

/// How long and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// The run ends after this many steps.
    pub steps: u64,
    /// Learning rate over the run.
    pub schedule: Schedule,
    /// Optimiser.
    #[serde(default)]
    pub adamw: AdamWConfig,
    /// Decay of the published average.
    pub ema_decay: f64,
    /// Steps between validations.
    pub validate_every: u64,
}

/// What the user sets for one run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Where `checkpoint.safetensors`, `weights.safetensors` and `log.jsonl` go.
    pub folder: PathBuf,
    /// Ends the run after this time, and stretches the schedule over it; not reproducible to the bit.
    pub time_limit: Option<Duration>,
    /// Goes on from the checkpoint in the folder.
    pub resume: bool,
    /// Weights to begin with, instead of random ones.
    pub start: Option<PathBuf>,
    /// Seed of everything random.
    pub seed: u64,
    /// Time between checkpoints.
    pub checkpoint_every: Duration,
}

/// One line of the log.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// Steps done.
    pub step: u64,
    /// Share of the run that is done, 0 to 1.
    pub progress: f64,
    /// Time in training, earlier sessions included.
    pub elapsed_s: f64,
    /// Loss and its parts.
    pub losses: Vec<(&'static str, f64)>,
    /// Learning rate.
    pub learning_rate: f64,
    /// Norm of the gradients before clipping.
    pub gradient_norm: f64,
    /// Seconds of audio per second.
    pub speed: f64,
    /// Measures on held-out data, where this step has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Vec<(&'static str, f64)>>,
}

/// Why training stopped.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A checkpoint could not be read or written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A base model that this training builds on could not be loaded.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A log could not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The gradients were not finite for many steps in a row.
    #[error("training diverged at step {step}: the gradients are not finite; lower the learning rate")]
    Diverged { step: u64 },
    /// The data cannot be trained on.
    #[error("{0}")]
    Data(String),
}

/// Steps between lines of the log.
const LOG_EVERY: u64 = 25;
/// This many steps without a finite gradient end the run.
const PATIENCE: u32 = 50;

/// The state of a run.
#[derive(Debug)]
pub struct Runner<'a> {
    store: &'a nn::VarStore,
    config: RunConfig,
    options: RunOptions,
    optimiser: AdamW,
    ema: Ema,
    mixed: bool,
    step: u64,
    earlier: Duration,
    started: Instant,
    /// The task's part of a checkpoint, until the run begins.
    restored: Option<Weights>,
}

impl<'a> Runner<'a> {
    /// Prepares a run over the variables of `store`, from the checkpoint in the folder if the options say so and
    /// there is one.
    pub fn new(store: &'a nn::VarStore, config: RunConfig, options: RunOptions) -> Result<Self, TrainError> {
        if let Some(path) = &options.start {
            Weights::read(path)?.load_into(store, str::to_string)?;
        }
        let mut runner = Self {
            optimiser: AdamW::new(store, config.adamw),
            ema: Ema::new(store, config.ema_decay),
            mixed: mixed::pays(store.device()),
            step: 0,
            earlier: Duration::ZERO,
            started: Instant::now(),
            restored: None,
            store,
            config,
            options,
        };
        let checkpoint = runner.checkpoint_path();
        if runner.options.resume && checkpoint.exists() {
            runner.restore(&checkpoint)?;
        }
        Ok(runner)
    }

    /// Trains to the end and saves; `observe` sees every line of the log. Returns the number of steps done.
    pub fn run(&mut self, task: &dyn Task, observe: &mut dyn FnMut(&StepReport)) -> Result<u64, TrainError> {
        let steps = self.run_until(task, &mut |report, _| {
            observe(report);
            true
        })?;
        self.save(task)?;
        Ok(steps)
    }

    /// Trains to the end, or until `go_on`, which sees every line of the log and the average of the weights, says no.
    pub fn run_until(
        &mut self,
        task: &dyn Task,
        go_on: &mut dyn FnMut(&StepReport, &Ema) -> bool,
    ) -> Result<u64, TrainError> {
        if let Some(state) = self.restored.take() {
            task.restore(&state)?;
        }
        self.started = Instant::now();
        let mut saved = Instant::now();
        let mut window = (Instant::now(), 0.0);
        let mut failures = 0;
        while self.step < self.config.steps && self.progress() < 1.0 {
            let learning_rate = self.config.schedule.learning_rate(self.step, self.progress());
            let (loss, gradient_norm) = self.take_step(task, learning_rate);
            failures = if gradient_norm.is_finite() { 0 } else { failures + 1 };
            if failures == PATIENCE {
                return Err(TrainError::Diverged { step: self.step });
            }
            window.1 += loss.audio_s;
            let validate = self.step.is_multiple_of(self.config.validate_every) || self.is_over();
            if self.step.is_multiple_of(LOG_EVERY) || validate {
                let speed = window.1 / window.0.elapsed().as_secs_f64();
                let validation = validate.then(|| self.ema.scoped(|| tch::no_grad(|| task.validate())));
                let report = self.report(&loss, learning_rate, gradient_norm, speed, validation);
                self.log(&report)?;
                if !go_on(&report, &self.ema) {
                    break;
                }
                window = (Instant::now(), 0.0);
            }
            if validate || saved.elapsed() > self.options.checkpoint_every {
                self.save(task)?;
                saved = Instant::now();
            }
        }
        Ok(self.step)
    }

    /// The average of the weights, as it would be published.
    pub fn average(&self) -> Weights {
        self.ema.weights()
    }

    fn take_step(&mut self, task: &dyn Task, learning_rate: f64) -> (Loss, f64) {
        tch::manual_seed((self.options.seed ^ (self.step << 20)) as i64);
        self.optimiser.zero_grad();
        let progress = self.progress();
        let loss = mixed::scoped(self.mixed, || task.loss(self.step, progress));
        loss.total.backward();
        let norm = self.optimiser.step(learning_rate);
        self.step += 1;
        self.ema.update(self.step);
        (loss, norm)
    }

    fn elapsed(&self) -> Duration {
        self.earlier + self.started.elapsed()
    }

    /// Share of the run that is done: of the time, if it is limited, else of the steps.
    fn progress(&self) -> f64 {
        let steps = self.step as f64 / self.config.steps.max(1) as f64;
        let time = |limit: Duration| self.elapsed().as_secs_f64() / limit.as_secs_f64().max(1e-3);
        self.options.time_limit.map_or(steps, time)
    }

    fn is_over(&self) -> bool {
        self.step >= self.config.steps || self.progress() >= 1.0
    }

    fn report(
        &self,
        loss: &Loss,
        learning_rate: f64,
        gradient_norm: f64,
        speed: f64,
        validation: Option<Vec<(&'static str, f64)>>,
    ) -> StepReport {
        let value = |tensor: &Tensor| tensor.to_kind(Kind::Double).double_value(&[]);
        let mut losses = vec![("total", value(&loss.total))];
        losses.extend(loss.parts.iter().map(|(name, part)| (*name, value(part))));
        StepReport {
            step: self.step,
            progress: self.progress().min(1.0),
            elapsed_s: self.elapsed().as_secs_f64(),
            losses,
            learning_rate,
            gradient_norm,
            speed,
            validation,
        }
    }

    fn log(&self, report: &StepReport) -> Result<(), FileError> {
        let folder = &self.options.folder;
        std::fs::create_dir_all(folder).map_err(FileError::on("create", folder))?;
        let path = folder.join("log.jsonl");
        let mut line = serde_json::to_vec(report).unwrap_or_default();
        line.push(b'\n');
        std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(&line))
            .map_err(FileError::on("write", &path))
    }

    fn checkpoint_path(&self) -> PathBuf {
        self.options.folder.join("checkpoint.safetensors")
    }

    /// Writes the whole state, and the averaged weights as they would be published.
    pub fn save(&self, task: &dyn Task) -> Result<(), TrainError> {
        let mut state = Weights::default();
        state.extend("model.", Weights::from_store(self.store));
        state.extend("average.", self.ema.weights());
        let optimiser = self.optimiser.state();
        state.metadata.extend(optimiser.metadata.clone());
        state.extend("optimiser.", optimiser);
        let other = task.state();
        state.metadata.extend(other.metadata.clone());
        state.extend("task.", other);
        state.set_json("step", &self.step)?;
        state.set_json("elapsed_s", &self.elapsed().as_secs_f64())?;
        state.write(&self.checkpoint_path(), Precision::Full)?;
        let mut published = self.ema.weights();
        published.set_json("step", &self.step)?;
        task.metadata(&mut published)?;
        published.write(&self.options.folder.join("weights.safetensors"), Precision::Half)?;
        Ok(())
    }

    fn restore(&mut self, path: &Path) -> Result<(), TrainError> {
        let state = Weights::read(path)?;
        state.subset("model.").load_into(self.store, str::to_string)?;
        self.ema.load(&state.subset("average."))?;
        self.optimiser.load_state(&state.subset("optimiser."))?;
        self.restored = Some(state.subset("task."));
        self.step = state.json("step")?;
        self.earlier = Duration::from_secs_f64(state.json("elapsed_s")?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    /// Fits a line to points that follow from the step.
    struct Line {
        layer: nn::Linear,
    }

    impl Task for Line {
        fn loss(&self, _step: u64, _progress: f64) -> Loss {
            let x = Tensor::randn([16, 1], (Kind::Float, Device::Cpu));
            let gap = x.apply(&self.layer) - (&x * 3.0 + 1.0);
            Loss { total: gap.square().mean(Kind::Float), parts: vec![], audio_s: 1.0 }
        }

        fn validate(&self) -> Vec<(&'static str, f64)> {
            vec![("slope", self.layer.ws.double_value(&[0, 0]))]
        }

        fn metadata(&self, weights: &mut Weights) -> Result<(), CheckpointError> {
            weights.set_json("kind", &"line")
        }
    }

    fn run(folder: &Path, steps: u64, resume: bool) -> (Vec<f64>, Tensor) {
        tch::manual_seed(11);
        let store = nn::VarStore::new(Device::Cpu);
        let task = Line { layer: nn::linear(store.root() / "layer", 1, 1, Default::default()) };
        let config = RunConfig {
            steps,
            schedule: Schedule { peak: 0.05, warmup_steps: 5, floor: 1.0 },
            adamw: AdamWConfig::default(),
            ema_decay: 0.9,
            validate_every: 10,
        };
        let checkpoint_every = Duration::from_secs(3600);
        let options = RunOptions {
            folder: folder.to_path_buf(),
            time_limit: None,
            resume,
            start: None,
            seed: 5,
            checkpoint_every,
        };
        let mut curve = Vec::new();
        let mut runner = Runner::new(&store, config, options).expect("a run");
        runner.run(&task, &mut |report| curve.push(report.losses[0].1)).expect("training");
        (curve, task.layer.ws.copy())
    }

    #[test]
    fn a_resumed_run_equals_one_that_never_stopped() {
        let (whole, parts) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let (mut expected, weight) = run(whole.path(), 100, false);
        let _ = run(parts.path(), 50, false);
        let (resumed, again) = run(parts.path(), 100, true);
        expected.drain(..expected.len() - resumed.len());
        assert_eq!(resumed, expected);
        assert!(weight.equal(&again));
    }

    #[test]
    fn it_learns_and_publishes() {
        let folder = tempfile::tempdir().expect("a folder");
        let (_, weight) = run(folder.path(), 400, false);
        assert!((weight.double_value(&[0, 0]) - 3.0).abs() < 0.05, "{weight:?}");
        let published = Weights::read(&folder.path().join("weights.safetensors")).expect("the weights");
        assert_eq!(published.json::<String>("kind").expect("metadata"), "line");
        let log = std::fs::read_to_string(folder.path().join("log.jsonl")).expect("the log");
        assert_eq!(log.lines().filter(|line| line.contains("validation")).count(), 40);
    }
}
