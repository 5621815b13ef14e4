//! `voice-clone train`: speech to a voice, or a corpus to a base component.

use std::{path::PathBuf, time::Duration};

use serde_json::json;

use super::{Session, failure::Usage, paths, train_base::Shown};
use crate::{
    cli::{Component, TrainArgs},
    config::TrainConfig,
    gpu::selection::GpuSelection,
    synthesis::models::Models,
    train::voice::{Rights, VoiceTrainConfig, VoiceTraining},
};

/// What `train` was asked to do, with everything settled.
#[derive(Debug, Clone, PartialEq)]
pub enum Job {
    /// Adapt the base models to one speaker.
    Voice(VoiceJob),
    /// Train one base model.
    Base(BaseJob),
}

/// Adapt the base models to one speaker.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceJob {
    /// The folder with the speech.
    pub input: PathBuf,
    /// The voice's name.
    pub name: String,
    /// The folder that becomes the voice.
    pub output: PathBuf,
    /// The folder of the base models.
    pub models: PathBuf,
    /// When it is done, and how it learns.
    pub settings: TrainConfig,
    /// Only the embedding.
    pub quick: bool,
    /// For the manifest.
    pub rights: Rights,
    /// What both kinds of training need.
    pub common: Common,
}

/// Train one base model.
#[derive(Debug, Clone, PartialEq)]
pub struct BaseJob {
    /// Which one.
    pub component: Component,
    /// The folder of the corpus.
    pub corpus: PathBuf,
    /// The folder for weights and checkpoints.
    pub output: PathBuf,
    /// The folder of the base models that are trained already.
    pub models: PathBuf,
    /// Weights to begin with.
    pub from: Option<PathBuf>,
    /// A teacher's embeddings.
    pub teacher: Option<PathBuf>,
    /// How to train, instead of the recipe that comes with the program.
    pub recipe: Option<PathBuf>,
    /// Minutes after which it is done; one of the two limits is always given.
    pub minutes: Option<f64>,
    /// Steps after which it is done.
    pub steps: Option<u64>,
    /// What both kinds of training need.
    pub common: Common,
}

/// What both kinds of training need.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    /// Go on from the last checkpoint.
    pub resume: bool,
    /// Random seed.
    pub seed: u64,
    /// CPU threads.
    pub threads: usize,
    /// GPUs.
    pub gpu: GpuSelection,
}

impl Job {
    /// Settles what was typed with the settings in force.
    ///
    /// # Errors
    /// Base training without an end.
    pub fn resolve(args: &TrainArgs, session: &Session) -> anyhow::Result<Self> {
        let config = session.config();
        let runtime = &config.runtime;
        let common =
            Common { resume: args.resume, seed: runtime.seed, threads: session.threads, gpu: runtime.gpu.clone() };
        let models = paths::models_dir(config);
        match (&args.input, &args.model, args.base, &args.corpus) {
            (Some(input), Some(name), _, _) => Ok(Self::Voice(VoiceJob {
                input: input.clone(),
                name: name.to_string(),
                output: paths::voices_dir(config).join(name.as_str()),
                models,
                settings: config.train.clone(),
                quick: args.quick,
                rights: Rights { licence: args.licence.clone(), consent: args.consent.clone() },
                common,
            })),
            (_, _, Some(component), Some(corpus)) => {
                if args.minutes.is_none() && args.steps.is_none() {
                    return Err(Usage("--base needs an end: --minutes or --steps, or both".to_owned()).into());
                }
                Ok(Self::Base(BaseJob {
                    component,
                    corpus: corpus.clone(),
                    output: args.output.clone().unwrap_or_else(|| models.clone()),
                    models,
                    from: args.from.clone(),
                    teacher: args.teacher.clone(),
                    recipe: args.recipe.clone(),
                    minutes: args.minutes,
                    steps: args.steps,
                    common,
                }))
            }
            _ => Err(Usage("give --input and --model, or --base and --corpus".to_owned()).into()),
        }
    }
}

/// Trains.
///
/// # Errors
/// Input that can't be used, or an output that can't be written.
pub fn run(args: &TrainArgs, session: &Session) -> anyhow::Result<()> {
    match Job::resolve(args, session)? {
        Job::Voice(job) => train_voice(&job, session),
        Job::Base(job) => super::train_base::run(&job, session),
    }
}

fn train_voice(job: &VoiceJob, session: &Session) -> anyhow::Result<()> {
    let settings = &job.settings;
    let (devices, gauge) = session.watched_devices()?;
    let voice = VoiceTraining {
        input: &job.input,
        name: &job.name,
        output: &job.output,
        models: &Models::new(&job.models, devices[0]),
        devices: &devices,
        gauge,
        config: VoiceTrainConfig {
            time_limit: Duration::from_secs_f64(settings.minutes * 60.0),
            steps: settings.steps,
            learning_rate: settings.learning_rate,
            seed: job.common.seed,
            quick: job.quick,
        },
        rights: job.rights.clone(),
        observer: &Shown::new(session),
    }
    .run()?;
    session.print(&json!({ "voice": voice, "folder": job.output }), || {
        format!(
            "voice {}: {:.1} minutes of speech in {} utterances ({:.1} minutes in {} left out), {} steps; {}",
            voice.name,
            voice.minutes,
            voice.utterances,
            voice.minutes_left_out,
            voice.left_out,
            voice.steps,
            job.output.display()
        )
    })
}
