//! The training loop that all components share.
//!
//! A step depends on the seed, its number and the state alone, and the state (weights, optimiser, average) is saved
//! whole, so a run that was killed goes on along the same loss curve.

mod error;
mod options;
mod replica;
mod task;

pub use error::TrainError;
pub(in crate::train) use options::one;
pub use options::{RunConfig, RunOptions, StepReport};
pub use replica::{Left, Replica};
pub(in crate::train) use task::TRAINING_ONLY;
pub use task::{Loss, Task};

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tch::{Kind, Tensor, nn};

use crate::error::FileError;
use crate::nn::adamw::AdamW;
use crate::nn::checkpoint::{Precision, Weights};
use crate::nn::ema::Ema;
use crate::nn::{memory, mixed};

/// Steps between lines of the log.
const LOG_EVERY: u64 = 25;
/// Under which a checkpoint says how many batches a step has.
const BATCHES: &str = "batches_per_step";
/// And how often their size was halved.
const HALVINGS: &str = "halvings";
/// And doubled.
const DOUBLINGS: &str = "doublings";
/// Batches twice as large need at most twice the memory: of what may be in use so much must be free before.
const ROOM: f64 = 0.5;
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
    replica: Replica,
    /// What the first replica tells the others after every step.
    buffers: Vec<Tensor>,
    halvings: u32,
    doublings: u32,
    /// Whether batches may still become larger.
    growing: bool,
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
            let mut weights = Weights::read(path)?;
            let own = Weights::from_store(store).tensors.into_iter();
            weights.tensors.extend(own.filter(|(name, _)| name.starts_with(TRAINING_ONLY)));
            weights.load_into(store, str::to_string)?;
        }
        let mut runner = Self {
            optimiser: AdamW::new(store, config.adamw),
            ema: Ema::new(store, config.ema_decay),
            mixed: mixed::pays(store.device()),
            replica: Replica::alone(),
            buffers: Vec::new(),
            halvings: 0,
            doublings: 0,
            growing: options.gauge.is_some(),
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

    /// Shares the batches of every step with the other replicas, which must have begun in the same way.
    pub fn shared(mut self, replica: Replica) -> Self {
        let count = replica.count() as u64;
        self.config.batches_per_step = self.config.batches_per_step.max(1).next_multiple_of(count);
        if count > 1 {
            self.optimiser.define_gradients();
            self.buffers = buffers(self.store);
        }
        self.replica = replica;
        self
    }

    /// Trains to the end and saves; `observe` sees every line of the log. Returns the number of steps done.
    pub fn run(&mut self, task: &dyn Task, observe: &mut dyn FnMut(&StepReport)) -> Result<u64, TrainError> {
        let steps = self.run_until(task, &mut |report, _| {
            observe(report);
            true
        })?;
        if self.replica.is_first() {
            self.save(task)?;
        }
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
            for _ in 0..self.doublings {
                let _ = task.double_batches();
            }
            for _ in 0..self.halvings {
                let _ = task.halve_batches();
            }
        }
        self.started = Instant::now();
        let mut saved = Instant::now();
        let mut window = (Instant::now(), 0.0);
        let mut failures = 0;
        let mut stopped = false;
        while self.step < self.config.steps {
            // Clocks differ, so the first replica's counts.
            let progress = self.replica.agree(if stopped { f64::INFINITY } else { self.progress() })?;
            if progress >= 1.0 {
                break;
            }
            let learning_rate = self.config.schedule.learning_rate(self.step, progress);
            let (loss, gradient_norm) = self.take_step(task, learning_rate, progress)?;
            failures = if gradient_norm.is_finite() { 0 } else { failures + 1 };
            if failures == PATIENCE {
                return Err(TrainError::Diverged { step: self.step });
            }
            if !self.replica.is_first() {
                continue;
            }
            window.1 += loss.audio_s;
            let validate = self.step.is_multiple_of(self.config.validate_every) || self.is_over();
            if self.step.is_multiple_of(LOG_EVERY) || validate {
                let speed = window.1 / window.0.elapsed().as_secs_f64();
                let validation = validate.then(|| self.ema.scoped(|| tch::no_grad(|| task.validate())));
                let report = self.report(&loss, learning_rate, gradient_norm, speed, validation);
                self.log(&report)?;
                stopped = !go_on(&report, &self.ema);
                window = (Instant::now(), 0.0);
            }
            // The end is saved by the caller, if it is to be kept.
            if !stopped && ((validate && !self.is_over()) || saved.elapsed() > self.options.checkpoint_every) {
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

    /// One step on this replica's share of its batches; what is reported is of that share. Where memory does not suffice
    /// there are twice as many batches of half the size from then on.
    fn take_step(&mut self, task: &dyn Task, learning_rate: f64, progress: f64) -> Result<(Loss, f64), TrainError> {
        let (loss, batches) = loop {
            self.optimiser.zero_grad();
            let batches = self.config.batches_per_step.max(1);
            let loss = self.share_of_step(task, batches, progress);
            // All of them, or the batches would no longer be the same.
            let short = self.replica.any(matches!(loss, Ok(None)))?;
            match loss? {
                Some(loss) if !short => break (loss, batches),
                _ if !task.halve_batches() => return Err(TrainError::Memory),
                _ => {
                    self.halvings += 1;
                    self.growing = false;
                    self.config.batches_per_step = batches * 2;
                    tracing::warn!("out of memory: a step now has {} batches of half the size", batches * 2);
                }
            }
        };
        self.replica.sum(&self.optimiser.gradients())?;
        task.step_others(batches, &self.replica)?;
        let norm = self.optimiser.step(learning_rate);
        self.replica.broadcast(&self.buffers)?;
        self.step += 1;
        self.ema.update(self.step);
        if self.growing {
            self.growing = self.grow(task)?;
        }
        Ok((loss, norm))
    }

    /// Where GPUs have room a step has half as many batches of twice the size from then on, with as many examples as
    /// before. Whether it may grow once more.
    fn grow(&mut self, task: &dyn Task) -> Result<bool, TrainError> {
        let batches = self.config.batches_per_step;
        let possible = batches.is_multiple_of(2 * self.replica.count() as u64);
        let fullest = self.options.gauge.as_ref().and_then(|gauge| gauge.fullest());
        let full = fullest.is_none_or(|share| share > ROOM);
        if self.replica.any(!possible || full)? || !task.double_batches() {
            return Ok(false);
        }
        self.doublings += 1;
        self.config.batches_per_step = batches / 2;
        tracing::info!("the GPU has room: a step now has {} batches of twice the size", batches / 2);
        Ok(true)
    }

    /// Gradients of this replica's share of a step's batches, and the mean loss; nothing where memory did not suffice.
    fn share_of_step(&self, task: &dyn Task, batches: u64, progress: f64) -> Result<Option<Loss>, TrainError> {
        let replicas = self.replica.count();
        let mut sum: Option<Loss> = None;
        for batch in (self.replica.index() as u64..batches).step_by(replicas) {
            let batch = self.step * batches + batch;
            tch::manual_seed((self.options.seed ^ (batch << 20)) as i64);
            let learnt = memory::unless_short(|| {
                let loss = mixed::scoped(self.mixed, || task.loss(batch, progress));
                (&loss.total / batches as f64).backward();
                loss.detached()
            });
            let Some(loss) = learnt else { return Ok(None) };
            sum = Some(match sum {
                Some(sum) => sum + loss,
                None => loss,
            });
        }
        // There are at least as many batches as replicas.
        let sum = sum.ok_or_else(|| TrainError::Data("a replica has no batch".into()))?;
        Ok(Some(sum.shared(batches, replicas)))
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
            gpus: self.options.gauge.as_ref().map(|gauge| gauge.loads()).unwrap_or_default(),
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
        state.set_json(BATCHES, &self.config.batches_per_step)?;
        state.set_json(HALVINGS, &self.halvings)?;
        state.set_json(DOUBLINGS, &self.doublings)?;
        state.set_json("elapsed_s", &self.elapsed().as_secs_f64())?;
        state.write(&self.checkpoint_path(), Precision::Full)?;
        let mut published = self.ema.weights();
        published.tensors.retain(|name, _| !name.starts_with(TRAINING_ONLY));
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
        // A run goes on as it began, on however many devices. Checkpoints of old had one batch a step.
        self.config.batches_per_step = state.json(BATCHES).unwrap_or(1);
        self.halvings = state.json(HALVINGS).unwrap_or(0);
        self.doublings = state.json(DOUBLINGS).unwrap_or(0);
        self.earlier = Duration::from_secs_f64(state.json("elapsed_s")?);
        Ok(())
    }
}

/// Variables that are not trained but follow the batches, such as running means.
fn buffers(store: &nn::VarStore) -> Vec<Tensor> {
    let followed = |tensor: &Tensor| !tensor.requires_grad() && tensor.is_floating_point();
    let mut variables: Vec<_> = store.variables().into_iter().collect();
    variables.sort_by(|a, b| a.0.cmp(&b.0));
    variables.into_iter().map(|(_, tensor)| tensor).filter(followed).collect()
}

#[cfg(test)]
mod tests;
