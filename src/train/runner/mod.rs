//! The training loop that all components share.
//!
//! A step depends on the seed, its number and the state alone, and the state (weights, optimiser, average) is saved
//! whole, so a run that was killed goes on along the same loss curve.

mod error;
mod options;
mod task;

pub use error::TrainError;
pub use options::{RunConfig, RunOptions, StepReport};
pub use task::{Loss, Task};

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tch::{Kind, Tensor, nn};

use crate::error::FileError;
use crate::nn::adamw::AdamW;
use crate::nn::checkpoint::{Precision, Weights};
use crate::nn::ema::Ema;
use crate::nn::mixed;

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
            // The end is saved by the caller, if it is to be kept.
            if (validate && !self.is_over()) || saved.elapsed() > self.options.checkpoint_every {
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
        state.extend("task.", task.state());
        state.set_json("step", &self.step)?;
        state.set_json("elapsed_s", &self.elapsed().as_secs_f64())?;
        state.write(&self.checkpoint_path(), Precision::Full)?;
        let mut published = self.ema.weights();
        published.set_json("step", &self.step)?;
        task.metadata(&mut published)?;
        let publish = |name: &str, weights: &Weights| {
            weights.write(&self.options.folder.join(format!("{name}.safetensors")), Precision::Half)
        };
        publish("weights", &published)?;
        if let Some((name, weights)) = task.companion() {
            publish(name, &weights)?;
        }
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
mod tests;
