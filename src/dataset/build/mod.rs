//! From a folder of recordings to a dataset.
//!
//! Each recording is finished by writing its manifest, and redone if the manifest does not fit the recording and
//! the settings. So a run that was killed is completed by running it again, and a second run does only what changed.

mod describe;
mod intent;
mod leftovers;
mod listening;
mod names;
mod page;
mod passage;
mod picture;
mod plan;
mod recording;
mod report;
mod speakers;

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use self::{
    leftovers::Leftovers,
    passage::Passage,
    recording::{Context, Job},
};
use super::{
    layout::Layout,
    scan::{self, Choice},
    transcripts::Transcripts,
};
use crate::{
    audio::{AudioError, SUPPORTED_INPUT},
    clean::{cleaner::Cleaner, config::Config, error::CleanError},
    error::FileError,
    files,
    nn::pool::LoadError,
    processes::Processes,
};

pub use self::{
    intent::{Intent, Intention},
    listening::Listening,
    report::{Duplicate, Line, Report, SetAside, Status, Totals},
    speakers::Diarization,
};

/// What is to be made of what.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// A recording, or a folder of recordings.
    pub input: &'a Path,
    /// The dataset's folder; made if need be.
    pub output: &'a Path,
    /// Who speaks, if it is the same person in every recording. It becomes the name of a folder.
    pub speaker: Option<&'a str>,
    /// What tells the speakers of a recording apart, if there may be several.
    pub diarization: Option<&'a Diarization<'a>>,
    /// What tells music and noise from speech, if they are left out.
    pub listening: Option<&'a Listening>,
    /// Which of the folder's recordings.
    pub choice: &'a Choice,
    /// How recordings are cleaned.
    pub config: &'a Config,
    /// What takes away noise, as the settings say.
    pub denoising: &'a Denoising,
    /// All settings as TOML, to be kept beside the result.
    pub settings: &'a str,
    /// Processes that share the recordings.
    pub processes: Processes,
}

/// What takes away noise.
#[derive(Debug)]
pub struct Denoising {
    /// It.
    pub cleaner: Cleaner,
    /// Its version: another one makes another result.
    pub version: String,
}

/// What happens during a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// So many recordings are about to be read.
    Reading(u64),
    /// So many bytes of recordings are about to be processed.
    Processing(u64),
    /// So many recordings, or bytes, more are done.
    Advance(u64),
}

/// Why no dataset was made, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A file or folder of the output can't be used, or the input can't be found.
    #[error(transparent)]
    File(#[from] FileError),
    /// A recording can't be cleaned for a reason that is not its own.
    #[error(transparent)]
    Clean(#[from] CleanError),
    /// There are no weights to hear voices with any more.
    #[error("cannot hear voices")]
    Hearing(#[source] LoadError),
    /// There is nothing to process.
    #[error("{} holds no recordings; looked in it for {SUPPORTED_INPUT}, as far as --recursive, --include and --exclude allow", .0.display())]
    NoRecordings(PathBuf),
    /// The output would become its own input.
    #[error("the input {} lies inside the output {}; choose another output folder", input.display(), output.display())]
    InputInOutput {
        /// The input.
        input: PathBuf,
        /// The output.
        output: PathBuf,
    },
    /// Another run is at work there.
    #[error("another run is writing to {}; wait for it to end", .0.display())]
    Busy(PathBuf),
    /// The settings name a format that can't be written.
    #[error(transparent)]
    Format(AudioError),
}

/// Makes or completes a dataset. `observe` is called from several threads.
///
/// A recording that can't be used is named in the report and does not stop the others.
///
/// # Errors
/// No recordings at all, or an output that can't be written.
pub fn build(request: &Request, observe: &(dyn Fn(Event) + Sync)) -> Result<Report, BuildError> {
    refuse_input_in_output(request)?;
    let found = find(request)?;
    let layout = Layout::new(request.output);
    for folder in layout.folders() {
        fs::create_dir_all(&folder).map_err(FileError::on("create folder", &folder))?;
    }
    let processes = request.processes;
    let _lock = processes.is_first().then(|| lock(&layout)).transpose()?;
    let leftovers = if processes.is_first() { Leftovers::collect(&layout)? } else { Leftovers::default() };
    let (mut report, jobs) = survey(request, &layout, found, observe)?;
    let threads = rayon::current_num_threads().div_ceil(jobs.len().max(1)).min(recording::MOST_THREADS);
    let context = Context::new(request, &layout, leftovers, threads)?;
    // Names are given by what lies there, so nobody writes before all have looked.
    processes.barrier();
    let share: Vec<&Job> = jobs.iter().skip(processes.index()).step_by(processes.count()).collect();
    let mut lines = process(&share, &context, observe)?;
    processes.barrier();
    if processes.count() > 1 && processes.is_first() {
        (report, lines) = gather(&jobs, &context, observe)?;
    }
    for line in lines {
        report.add(line);
    }
    report.finish();
    if processes.is_first() {
        files::write_atomically(&layout.settings(), request.settings.as_bytes())?;
        files::write_json(&layout.report(), &report)?;
        page::write(&layout, &report)?;
    }
    Ok(report)
}

/// Recordings that can be read, and a report that names the others.
fn survey(
    request: &Request,
    layout: &Layout,
    found: scan::Found,
    observe: &(dyn Fn(Event) + Sync),
) -> Result<(Report, Vec<Job>), BuildError> {
    let mut report = Report::new(request);
    for error in &found.unreadable {
        report.set_aside(error.path.clone(), error);
    }
    let jobs = jobs(request, layout, found.recordings, &mut report, observe)?;
    Ok((report, jobs))
}

fn process(jobs: &[&Job], context: &Context, observe: &(dyn Fn(Event) + Sync)) -> Result<Vec<Line>, BuildError> {
    observe(Event::Processing(jobs.iter().map(|job| job.named.source.bytes).sum()));
    let advance = |bytes| observe(Event::Advance(bytes));
    jobs.par_iter().map(|job| recording::process(job, context, &Passage::new(job, &advance))).collect()
}

/// The whole, when all processes have made their shares of it: what the others made is found as an earlier run's would
/// be. `before` is what there was to do.
fn gather(
    before: &[Job],
    context: &Context,
    observe: &(dyn Fn(Event) + Sync),
) -> Result<(Report, Vec<Line>), BuildError> {
    let stood: HashSet<&Path> = before
        .iter()
        .filter(|job| recording::stands(job, context))
        .map(|job| job.named.source.path.as_path())
        .collect();
    let (report, jobs) = survey(context.request, context.layout, find(context.request)?, observe)?;
    let mut lines = process(&jobs.iter().collect::<Vec<_>>(), context, observe)?;
    for line in &mut lines {
        if line.status == Status::Unchanged && !stood.contains(line.path.as_path()) {
            line.status = Status::Processed;
        }
    }
    Ok((report, lines))
}

/// What [`build`] would do, recording by recording. Nothing is written.
///
/// # Errors
/// No recordings at all, or an input that can't be read.
pub fn intend(request: &Request, observe: &(dyn Fn(Event) + Sync)) -> Result<Vec<Intention>, BuildError> {
    refuse_input_in_output(request)?;
    let layout = Layout::new(request.output);
    let (report, jobs) = survey(request, &layout, find(request)?, observe)?;
    let context = Context::new(request, &layout, Leftovers::default(), 1)?;
    Ok(intent::of(&jobs, &context, &report))
}

fn find(request: &Request) -> Result<scan::Found, BuildError> {
    let input = request.input;
    let metadata = fs::metadata(input).map_err(FileError::on("read", input))?;
    if !metadata.is_dir() {
        return Ok(scan::Found { recordings: vec![input.to_path_buf()], unreadable: Vec::new() });
    }
    // Unreadable subfolders are for the report, an unreadable input is an error.
    fs::read_dir(input).map_err(FileError::on("read folder", input))?;
    let found = scan::chosen_in(input, Some(request.output), request.choice);
    if found.recordings.is_empty() { Err(BuildError::NoRecordings(input.to_path_buf())) } else { Ok(found) }
}

fn refuse_input_in_output(request: &Request) -> Result<(), BuildError> {
    let input = request.input.canonicalize().map_err(FileError::on("read", request.input))?;
    // An output that is not there yet holds nothing.
    if request.output.canonicalize().is_ok_and(|output| input.starts_with(output)) {
        let (input, output) = (request.input.to_path_buf(), request.output.to_path_buf());
        return Err(BuildError::InputInOutput { input, output });
    }
    Ok(())
}

/// Held until it is dropped; the system lets go of it if the process is killed.
fn lock(layout: &Layout) -> Result<File, BuildError> {
    files::lock(&layout.lock())?.ok_or_else(|| BuildError::Busy(layout.root().to_path_buf()))
}

/// Hashes the recordings, and gives each its name and its transcript. What can't be read goes into the report.
fn jobs(
    request: &Request,
    layout: &Layout,
    recordings: Vec<PathBuf>,
    report: &mut Report,
    observe: &(dyn Fn(Event) + Sync),
) -> Result<Vec<Job>, BuildError> {
    observe(Event::Reading(recordings.len() as u64));
    let hashed = recordings.into_par_iter().map(|path| {
        let hash = files::hash(&path);
        observe(Event::Advance(1));
        (path, hash)
    });
    let mut sources = Vec::new();
    let mut seen: HashMap<String, PathBuf> = HashMap::new();
    for (path, hash) in hashed.collect::<Vec<_>>() {
        match hash {
            Ok((blake3, bytes)) => match seen.get(&blake3) {
                Some(first) => report.duplicate(path, first),
                None => {
                    seen.insert(blake3.clone(), path.clone());
                    sources.push(names::Source::new(request.input, path, blake3, bytes));
                }
            },
            Err(error) => report.set_aside(path, &error.source),
        }
    }
    let mut transcripts = Transcripts::default();
    let named = names::assign(sources, names::existing(layout)?);
    let job = |named: names::Named| Job { transcript: transcripts.find(&named.source.path), named };
    Ok(named.into_iter().map(job).collect())
}
