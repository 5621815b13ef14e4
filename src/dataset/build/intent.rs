//! What a run would do.

use std::path::PathBuf;

use serde::Serialize;

use super::{
    recording::{Context, Job, stands},
    report::Report,
};

/// What would be done with a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// It would be processed.
    Process,
    /// It has changed, or the settings have: it would be processed again.
    ProcessAgain,
    /// Its result stands.
    Keep,
    /// Another file has the same content.
    LeaveDuplicate,
    /// It can't be read.
    SetAside,
}

/// A recording and what would be done with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Intention {
    /// The file.
    pub path: PathBuf,
    /// What would be done.
    pub intent: Intent,
}

/// In order of paths.
pub(super) fn of(jobs: &[Job], context: &Context, report: &Report) -> Vec<Intention> {
    let job = |job: &Job| {
        let intent = match &job.named.previous {
            _ if stands(job, context) => Intent::Keep,
            Some(_) => Intent::ProcessAgain,
            None => Intent::Process,
        };
        Intention { path: job.named.source.path.clone(), intent }
    };
    let duplicates = report.duplicates.iter().map(|duplicate| (&duplicate.path, Intent::LeaveDuplicate));
    let aside = report.set_aside.iter().map(|aside| (&aside.path, Intent::SetAside));
    let others = duplicates.chain(aside).map(|(path, intent)| Intention { path: path.clone(), intent });
    let mut all: Vec<_> = jobs.iter().map(job).chain(others).collect();
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}
