//! One recording, from the file to its manifest.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{
    BuildError, Line, Request, Status, describe,
    leftovers::Leftovers,
    listening::Listening,
    names::Named,
    passage::Passage,
    picture,
    plan::Plan,
    speakers::{self, Diarization},
};
use crate::{
    audio::OutputFormat,
    clean::{
        analysis::{Analyser, Analysis},
        config::Config,
        error::CleanError,
        level::Level,
        render::{Encoding, Part, render},
        scratch::Scratch,
    },
    dataset::{
        layout::Layout,
        manifest::{Manifest, Normalized, SCHEMA_VERSION, Transcript},
    },
    diarization::Diarized,
    error::FileError,
    files,
};

/// Raised when the same recording and settings give another result than before.
pub(super) const METHOD_VERSION: u32 = 3;
/// A recording is worked on by so many threads at once: one decodes while the other cleans, and beside them each hears
/// with a copy of the networks.
pub(super) const MOST_THREADS: usize = 2;
const PROGRAM: &str = concat!("voice-clone ", env!("CARGO_PKG_VERSION"));

/// A recording to be processed.
pub(super) struct Job {
    pub(super) named: Named,
    pub(super) transcript: Option<Transcript>,
}

/// What is the same for all recordings.
pub(super) struct Context<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) layout: &'a Layout,
    leftovers: Leftovers,
    pub(super) format: OutputFormat,
    /// How many threads a recording may take.
    pub(super) threads: usize,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        request: &'a Request,
        layout: &'a Layout,
        leftovers: Leftovers,
        threads: usize,
    ) -> Result<Self, BuildError> {
        let format = request.config.format.parse().map_err(BuildError::Format)?;
        Ok(Self { request, layout, leftovers, format, threads })
    }

    /// What tells music and noise from speech in a recording; a transcript says what is spoken.
    fn listening(&self, job: &Job) -> Option<&Listening> {
        self.request.listening.filter(|_| job.transcript.is_none())
    }

    /// How recordings are cleaned.
    pub(super) fn config(&self) -> &Config {
        self.request.config
    }
}

/// Processes one recording, unless that has been done already.
///
/// # Errors
/// Only what concerns the output; a recording that can't be used gives a line that says so.
pub(super) fn process(job: &Job, context: &Context, passage: &Passage) -> Result<Line, BuildError> {
    let fingerprint = fingerprint(job, context);
    if let Some(line) = reuse(job, context, &fingerprint)? {
        return Ok(line);
    }
    let path = &job.named.source.path;
    let manifest = match remake(job, context, fingerprint, passage) {
        Ok(manifest) => manifest,
        Err(BuildError::Clean(CleanError::Source(error))) => return Ok(Line::unusable(path, &error)),
        Err(error) => return Err(error),
    };
    // Last of all: a recording with a manifest is complete.
    files::write_json(&context.layout.manifest(&job.named.id), &manifest)?;
    Ok(Line::of(path, &manifest, Status::Processed))
}

/// Cleans a recording anew, and gives its manifest.
fn remake(job: &Job, context: &Context, fingerprint: String, passage: &Passage) -> Result<Manifest, BuildError> {
    let path = &job.named.source.path;
    let analyser = Analyser {
        config: context.config(),
        cleaner: &context.request.denoising.cleaner,
        scratch: context.layout.root(),
        ahead: context.threads > 1,
    };
    let analyse = || analyser.analyse(path, &mut |done| passage.analysed(done)).map_err(BuildError::from);
    // Denoising takes away what tells voices apart: they are told apart in the recording as it came.
    let diarize = |threads| context.request.diarization.map(|diarization| diarization.of(path, threads)).transpose();
    let ((mut analysis, mut cleaned), found) = if context.threads > 1 {
        let (analysed, found) = rayon::join(analyse, || diarize(context.threads));
        (analysed?, found?)
    } else {
        // A recording that can't be used is not heard.
        (analyse()?, diarize(1)?)
    };
    if let Some(listening) = context.listening(job) {
        listening.leave_out_music(&mut analysis, &mut cleaned, &context.config().segments, passage)?;
    }
    clear(job, context)?;
    Ok(write(job, context, &analysis, cleaned, found.as_ref(), fingerprint, passage)?)
}

/// Hash of everything but the source that the result depends on.
fn fingerprint(job: &Job, context: &Context) -> String {
    let parts = json!([
        METHOD_VERSION,
        context.request.config,
        context.request.denoising.version,
        context.request.speaker,
        context.request.diarization.map(Diarization::settings),
        context.request.listening.map(|listening| &listening.version),
        job.transcript
    ]);
    blake3::hash(parts.to_string().as_bytes()).to_hex().to_string()
}

/// The line of an earlier run, if its result still stands.
fn reuse(job: &Job, context: &Context, fingerprint: &str) -> Result<Option<Line>, BuildError> {
    let Named { source, previous, .. } = &job.named;
    let stands = |manifest: &&Manifest| is_result(manifest, job, context, fingerprint);
    let Some(manifest) = previous.as_ref().filter(stands) else { return Ok(None) };
    if manifest.source.path != source.absolute {
        let mut moved = manifest.clone();
        moved.source.path.clone_from(&source.absolute);
        files::write_json(&context.layout.manifest(&moved.id), &moved)?;
    }
    Ok(Some(Line::of(&source.path, manifest, Status::Unchanged)))
}

/// Whether the result of an earlier run still stands.
pub(super) fn stands(job: &Job, context: &Context) -> bool {
    let fingerprint = fingerprint(job, context);
    job.named.previous.as_ref().is_some_and(|manifest| is_result(manifest, job, context, &fingerprint))
}

fn is_result(manifest: &Manifest, job: &Job, context: &Context, fingerprint: &str) -> bool {
    let complete = || manifest.files().all(|file| context.layout.root().join(file).is_file());
    manifest.source.blake3 == job.named.source.blake3 && manifest.fingerprint == fingerprint && complete()
}

/// Removes what an earlier run made of the recording, its manifest first.
fn clear(job: &Job, context: &Context) -> Result<(), BuildError> {
    let (layout, id) = (context.layout, &job.named.id);
    files::remove_if_there(&layout.manifest(id))?;
    for file in job.named.previous.iter().flat_map(Manifest::files) {
        files::remove_if_there(&layout.root().join(file))?;
    }
    files::remove_if_there(&layout.normalized().join(format!("{id}.txt")))?;
    Ok(context.leftovers.remove_segments(id)?)
}

/// Writes all files of the recording and gives the manifest for them.
fn write(
    job: &Job,
    context: &Context,
    analysis: &Analysis,
    cleaned: Scratch,
    found: Option<&Diarized>,
    fingerprint: String,
    passage: &Passage,
) -> Result<Manifest, CleanError> {
    let plan = Plan::new(job, context, analysis, found)?;
    let turns = found.map(|found| write_turns(job, context, found)).transpose()?;
    let raw = copy_raw(job, context)?;
    let picture = draw(job, context, analysis)?;
    let normalized =
        if plan.whole.is_empty() { None } else { Some(write_audio(job, context, analysis, cleaned, &plan, passage)?) };
    let text = job.transcript.as_ref().map(|transcript| transcript.text.as_str());
    let part_text = text.filter(|_| plan.transcribed);
    if let (Some(text), Some(normalized)) = (text, &normalized) {
        write_text(&context.layout.root().join(&normalized.path), text)?;
    }
    if let Some(text) = part_text {
        plan.utterances.iter().try_for_each(|utterance| write_text(&utterance.path, text))?;
    }
    Ok(Manifest {
        schema_version: SCHEMA_VERSION,
        id: job.named.id.clone(),
        source: describe::source(job, analysis),
        signal: describe::signal(analysis),
        raw,
        picture,
        history: describe::history(context.config(), context.listening(job).is_some(), normalized.is_some()),
        normalized,
        transcript: job.transcript.clone(),
        segments: describe::segments(context.layout, &plan, part_text),
        too_short_segments: plan.too_short,
        too_bad_segments: plan.too_bad,
        music_s: describe::rounded(analysis.left_out.0, 2),
        speakers: plan.speakers,
        turns,
        fingerprint,
        program: PROGRAM.to_owned(),
    })
}

/// Writes the levelled whole and the utterances.
fn write_audio(
    job: &Job,
    context: &Context,
    analysis: &Analysis,
    cleaned: Scratch,
    plan: &Plan,
    passage: &Passage,
) -> Result<Normalized, CleanError> {
    let rate = analysis.output_rate;
    let level = Level::towards(context.config(), analysis.cleaned.lufs, analysis.cleaned.peak_dbtp);
    let path = context.layout.normalized().join(format!("{}.{}", job.named.id, context.format.extension()));
    let loudness = render(
        cleaned,
        Encoding { format: context.format, rate },
        &mut level.filters(context.config(), rate),
        Part { cuts: plan.whole.clone(), path: path.clone() },
        plan.parts(),
        &mut |position| passage.rendered(position.0 / analysis.source.duration.0),
    )?;
    Ok(describe::normalized(context.layout.relative(&path), rate, &plan.whole, level, loudness))
}

fn copy_raw(job: &Job, context: &Context) -> Result<Option<String>, CleanError> {
    if !context.config().copy_raw {
        return Ok(None);
    }
    let source = &job.named.source.path;
    let name = match source.extension() {
        Some(extension) => format!("{}.{}", job.named.id, extension.to_string_lossy()),
        None => job.named.id.clone(),
    };
    // A copy, because a hard link would change with the original.
    let path = context.layout.raw().join(name);
    files::copy_atomically(source, &path).map_err(|error| output_error(&path, error))?;
    Ok(Some(context.layout.relative(&path)))
}

fn write_turns(job: &Job, context: &Context, found: &Diarized) -> Result<String, CleanError> {
    let id = &job.named.id;
    let written = speakers::write_turns(found, id, context.layout);
    written.map_err(|error| output_error(&context.layout.turns(id), error))
}

fn draw(job: &Job, context: &Context, analysis: &Analysis) -> Result<Option<String>, CleanError> {
    if !context.config().pictures {
        return Ok(None);
    }
    let path = context.layout.pictures().join(format!("{}.png", job.named.id));
    let drawn = picture::draw(analysis).map_err(FileError::on("draw", &path));
    let written = drawn.and_then(|bytes| files::write_atomically(&path, &bytes));
    written.map_err(|error| output_error(&path, error))?;
    Ok(Some(context.layout.relative(&path)))
}

/// Writes a transcript beside the audio file `beside`.
fn write_text(beside: &Path, text: &str) -> Result<(), CleanError> {
    let path = beside.with_extension("txt");
    files::write_atomically(&path, format!("{text}\n").as_bytes()).map_err(|error| output_error(&path, error))
}

/// An output that failed for the system's reasons.
pub(super) fn output_error(path: &Path, error: FileError) -> CleanError {
    CleanError::Output { path: PathBuf::from(path), source: error.into() }
}
