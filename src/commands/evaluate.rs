//! `voice-clone evaluate`: a voice and recordings to a report.

use std::path::PathBuf;

use super::{Session, paths};
use crate::{cli::EvaluateArgs, gpu::selection::GpuSelection};

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
    pub fn resolve(args: &EvaluateArgs, session: &Session) -> Self {
        let config = session.config();
        Self {
            model: args.model.clone(),
            voices: paths::voices_dir(config),
            models: paths::models_dir(config),
            test_data: args.test_data.clone(),
            output: args.output.clone(),
            seed: config.runtime.seed,
            gpu: config.runtime.gpu.clone(),
        }
    }
}

/// Evaluates.
///
/// # Errors
/// An unknown voice, or recordings that can't be used.
pub fn run(args: &EvaluateArgs, session: &Session) -> anyhow::Result<()> {
    let job = Job::resolve(args, session);
    anyhow::bail!("evaluating voice {} is not built into this program yet", job.model)
}
