//! `voice-clone evaluate`: a voice and recordings to a report.

use std::path::{Path, PathBuf};

use super::{Session, evaluate_rttm, evaluate_speakers, paths};
use crate::{
    cli::EvaluateArgs,
    dataset::utterances::read_utterances,
    evaluation::judge::Judge,
    evaluation::report::{EvaluationReport, Skipped},
    files::write_atomically,
    gpu::selection::GpuSelection,
    synthesis::{Voice, models::Models},
};

/// What `evaluate` was asked to do, with everything settled.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The voice's name.
    pub model: String,
    /// The folder of voices.
    pub voices: PathBuf,
    /// The folder of the base models.
    pub models: PathBuf,
    /// The recordings to compare with.
    pub test_data: PathBuf,
    /// Where the report goes besides stdout.
    pub output: Option<PathBuf>,
    /// Random seed.
    pub seed: u64,
    /// GPUs.
    pub gpu: GpuSelection,
}

impl Job {
    /// Settles what was typed with the settings in force.
    fn resolve(model: &str, test_data: &Path, args: &EvaluateArgs, session: &Session) -> Self {
        let config = session.config();
        Self {
            model: model.to_owned(),
            voices: paths::voices_dir(config),
            models: paths::models_dir(config),
            test_data: test_data.to_path_buf(),
            output: args.output.clone(),
            seed: config.runtime.seed,
            gpu: config.runtime.gpu.clone(),
        }
    }
}

/// Evaluates a voice, or the telling apart of speakers.
///
/// # Errors
/// An unknown voice, or recordings that can't be used.
pub fn run(args: &EvaluateArgs, session: &Session) -> anyhow::Result<()> {
    match (&args.model, &args.test_data, &args.rttm_ref, &args.rttm_hyp) {
        (Some(model), Some(test_data), ..) => voice(&Job::resolve(model, test_data, args, session), session),
        (_, _, Some(reference), Some(hypothesis)) => evaluate_rttm::run(reference, hypothesis, args, session),
        _ => evaluate_speakers::run(args, session),
    }
}

fn voice(job: &Job, session: &Session) -> anyhow::Result<()> {
    let models = Models::new(&job.models, session.device()?);
    let voice = Voice::named(&job.model, &job.voices, &models)?;
    let utterances = read_utterances(&job.test_data)?;
    let judge = Judge::load(&models, &voice)?;
    let task = session.progress.task("evaluating", utterances.len() as u64);
    let (mut measured, mut skipped) = (Vec::new(), Vec::new());
    for (index, utterance) in utterances.iter().enumerate() {
        let id = utterance.path.strip_prefix(&job.test_data).unwrap_or(&utterance.path).display().to_string();
        match judge.measure(&id, &utterance.path, utterance.text.as_deref(), job.seed ^ index as u64) {
            Ok(figures) => measured.push(figures),
            Err(error) => {
                tracing::warn!("left out {id}: {error}");
                skipped.push(Skipped { id, reason: error.to_string() });
            }
        }
        task.advance(1);
    }
    drop(task);
    anyhow::ensure!(!measured.is_empty(), "none of the {} recordings could be measured", skipped.len());
    let report = EvaluationReport::new(&voice.name, &job.test_data.display().to_string(), measured, skipped);
    if let Some(path) = &job.output {
        write_atomically(path, &serde_json::to_vec_pretty(&report)?)?;
    }
    session.print(&report, || report.to_string())
}
