//! `voice-clone train --base`: base training of one component.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;

use super::train::BaseJob;
use super::{Session, progress::Task};
use crate::cli;
use crate::gpu::gauge::Load;
use crate::train::base::{BaseTraining, Component, Observer};
use crate::train::runner::{RunOptions, StepReport};

/// Time between checkpoints.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(120);

impl From<cli::Component> for Component {
    fn from(typed: cli::Component) -> Self {
        match typed {
            cli::Component::Aligner => Self::Aligner,
            cli::Component::Vocoder => Self::Vocoder,
            cli::Component::Acoustic => Self::Acoustic,
            cli::Component::Speaker => Self::Speaker,
            cli::Component::Denoiser => Self::Denoiser,
            cli::Component::Segmentation => Self::Segmentation,
        }
    }
}

/// Trains one component; its weights and logs are then in `<output>/<component>/`.
///
/// # Errors
/// A corpus or a recipe that can't be used, or an output that can't be written.
pub fn run(job: &BaseJob, session: &Session) -> anyhow::Result<()> {
    let component = Component::from(job.component);
    let folder = job.output.join(job.component.name());
    let recipe = match &job.recipe {
        Some(path) => std::fs::read_to_string(path).map_err(crate::error::FileError::on("read", path))?,
        None => component.default_recipe().to_owned(),
    };
    let (devices, gauge) = session.watched_devices()?;
    let training = BaseTraining {
        corpus: &job.corpus,
        cache: &job.output.join("cache"),
        models: &job.models,
        teacher: job.teacher.as_deref(),
        recipe: &recipe,
        devices: &devices,
        threads: session.threads,
        processes: session.processes,
        steps: job.steps,
        options: RunOptions {
            folder: folder.clone(),
            time_limit: job.minutes.map(|minutes| Duration::from_secs_f64(minutes * 60.0)),
            resume: job.common.resume,
            start: job.from.clone(),
            seed: job.common.seed,
            checkpoint_every: CHECKPOINT_EVERY,
            gauge,
        },
        observer: &Shown::new(session),
    };
    let steps = training.run(component)?;
    let weights = folder.join("weights.safetensors");
    session.print(&json!({ "component": job.component.name(), "steps": steps, "weights": weights }), || {
        format!("trained the {} for {steps} steps: {}", job.component.name(), weights.display())
    })
}

/// Shows preparation and training as progress.
pub struct Shown<'a> {
    session: &'a Session,
    tasks: Mutex<Tasks>,
}

#[derive(Default)]
struct Tasks {
    preparing: Option<Task>,
    training: Option<Task>,
}

impl<'a> Shown<'a> {
    /// Shows on the session's stderr.
    pub fn new(session: &'a Session) -> Self {
        Self { session, tasks: Mutex::default() }
    }
}

/// The bar counts thousandths of the run, which may be limited by steps or by time.
const PARTS: u64 = 1000;

impl Observer for Shown<'_> {
    fn prepared(&self, done: usize, total: usize) {
        let Ok(mut tasks) = self.tasks.lock() else { return };
        tasks
            .preparing
            .get_or_insert_with(|| self.session.progress.task("preparing", total as u64))
            .set(done as u64, String::new());
        if done == total {
            tasks.preparing = None;
        }
    }

    fn left_out(&self, key: &str, reason: &str) {
        tracing::warn!("left out {key}: {reason}");
    }

    fn notice(&self, message: &str) {
        tracing::warn!("{message}");
    }

    fn step(&self, report: &StepReport) {
        let Ok(mut tasks) = self.tasks.lock() else { return };
        let task = tasks.training.get_or_insert_with(|| self.session.progress.task("training", PARTS));
        task.set((report.progress * PARTS as f64) as u64, describe(report));
        if let Some(validation) = &report.validation {
            tracing::info!("step {}: held out: {}", report.step, list(validation));
        }
    }
}

/// `total 0.412, mel 0.39, step 1200, 83x real time, GPU 0 97 % busy, 31 % of memory`.
pub fn describe(report: &StepReport) -> String {
    let load = |load: &Load| {
        format!(", GPU {} {:.0} % busy, {:.0} % of memory", load.gpu, load.busy_percent, load.memory_percent)
    };
    let gpus: String = report.gpus.iter().map(load).collect();
    format!("{}, step {}, {:.0}x real time{gpus}", list(&report.losses), report.step, report.speed)
}

fn list(values: &[(&'static str, f64)]) -> String {
    values.iter().enumerate().fold(String::new(), |mut text, (index, (name, value))| {
        let comma = if index == 0 { "" } else { ", " };
        let _ = write!(text, "{comma}{name} {value:.4}");
        text
    })
}
