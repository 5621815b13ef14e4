//! One recording, from the file to its manifest.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{BuildError, Line, Request, Status, leftovers::Leftovers, names::Named};
use crate::{
    audio::OutputFormat,
    clean::{
        analysis::{Analysis, analyse},
        config::Config,
        level::Level,
        render::{Encoding, Part, RenderError, render},
        segments::{self, Cut},
    },
    dataset::{
        layout::Layout,
        manifest::{Basis, Manifest, Normalized, SCHEMA_VERSION, Segment, Signal, Source, Speaker, Step, Transcript},
    },
    error::FileError,
    files,
};

/// Raised when the same recording and settings give another result than before.
const METHOD_VERSION: u32 = 1;
const PROGRAM: &str = concat!("voice-clone ", env!("CARGO_PKG_VERSION"));

/// A recording to be processed.
pub(super) struct Job {
    pub(super) named: Named,
    pub(super) transcript: Option<Transcript>,
}

/// What is the same for all recordings.
pub(super) struct Context<'a> {
    request: &'a Request<'a>,
    layout: &'a Layout,
    leftovers: Leftovers,
    format: OutputFormat,
}

impl<'a> Context<'a> {
    pub(super) fn new(request: &'a Request, layout: &'a Layout, leftovers: Leftovers) -> Result<Self, BuildError> {
        let format = request.config.format.parse().map_err(BuildError::Format)?;
        Ok(Self { request, layout, leftovers, format })
    }

    fn config(&self) -> &Config {
        self.request.config
    }
}

/// Processes one recording, unless that has been done already.
///
/// # Errors
/// Only what concerns the output; a recording that can't be used gives a line that says so.
pub(super) fn process(job: &Job, context: &Context) -> Result<Line, BuildError> {
    let fingerprint = fingerprint(job, context);
    if let Some(line) = reuse(job, context, &fingerprint)? {
        return Ok(line);
    }
    let path = &job.named.source.path;
    let analysis = match analyse(path, context.config()) {
        Ok(analysis) => analysis,
        Err(error) => return Ok(Line::unusable(path, &error)),
    };
    clear(job, context)?;
    let manifest = match write(job, context, &analysis, fingerprint) {
        Ok(manifest) => manifest,
        Err(RenderError::Source(error)) => return Ok(Line::unusable(path, &error)),
        Err(RenderError::Output { path, source }) => return Err(BuildError::Audio { path, source }),
    };
    // Last of all: a recording with a manifest is complete.
    files::write_json(&context.layout.manifest(&job.named.id), &manifest)?;
    Ok(Line::of(path, &manifest, Status::Processed))
}

/// Hash of everything but the source that the result depends on.
fn fingerprint(job: &Job, context: &Context) -> String {
    let parts = json!([METHOD_VERSION, context.request.config, context.request.speaker, job.transcript]);
    blake3::hash(parts.to_string().as_bytes()).to_hex().to_string()
}

/// The line of an earlier run, if its result still stands.
fn reuse(job: &Job, context: &Context, fingerprint: &str) -> Result<Option<Line>, BuildError> {
    let Named { source, previous, .. } = &job.named;
    let stands = |manifest: &&Manifest| {
        let complete = || manifest.files().all(|file| context.layout.root().join(file).is_file());
        manifest.source.blake3 == source.blake3 && manifest.fingerprint == fingerprint && complete()
    };
    let Some(manifest) = previous.as_ref().filter(stands) else { return Ok(None) };
    if manifest.source.path != source.absolute {
        let mut moved = manifest.clone();
        moved.source.path.clone_from(&source.absolute);
        files::write_json(&context.layout.manifest(&moved.id), &moved)?;
    }
    Ok(Some(Line::of(&source.path, manifest, Status::Unchanged)))
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
fn write(job: &Job, context: &Context, analysis: &Analysis, fingerprint: String) -> Result<Manifest, RenderError> {
    let plan = Plan::new(job, context, analysis)?;
    let raw = copy_raw(job, context)?;
    let mut normalized = None;
    if let Some(whole) = plan.whole {
        let level = Level::towards(context.config(), analysis.mono.lufs, analysis.mono.peak_dbtp);
        let encoding = Encoding { format: context.format, rate: analysis.output_rate };
        let path = context.layout.normalized().join(format!("{}.{}", job.named.id, context.format.extension()));
        let mut filters = level.filters(context.config(), encoding.rate);
        let part = Part { cut: whole, path: path.clone() };
        let loudness = render(&job.named.source.path, encoding, &mut filters, part, plan.parts.clone())?;
        if let Some(transcript) = &job.transcript {
            write_text(&path, &transcript.text)?;
        }
        normalized = Some(Normalized {
            path: context.layout.relative(&path),
            sample_rate_hz: encoding.rate.0,
            start_s: rounded(whole.start.0, 4),
            end_s: rounded(whole.end.0, 4),
            loudness_lufs: loudness.lufs.map(|lufs| rounded(lufs, 2)),
            true_peak_dbtp: loudness.peak_dbtp.map(|peak| rounded(peak, 2)),
            level: Level { gain_db: rounded(level.gain_db, 3), ..level },
        });
    }
    let text = plan.transcribed.then(|| job.transcript.as_ref().map(|transcript| transcript.text.clone())).flatten();
    let segment = |part: &Part| -> Result<Segment, RenderError> {
        if let Some(text) = &text {
            write_text(&part.path, text)?;
        }
        Ok(Segment {
            path: context.layout.relative(&part.path),
            start_s: rounded(part.cut.start.0, 4),
            end_s: rounded(part.cut.end.0, 4),
            speaker: plan.speaker.label.clone(),
            text: text.clone(),
        })
    };
    Ok(Manifest {
        schema_version: SCHEMA_VERSION,
        id: job.named.id.clone(),
        source: source(job, analysis),
        signal: signal(analysis),
        raw,
        history: history(context.config(), normalized.is_some()),
        normalized,
        transcript: job.transcript.clone(),
        segments: plan.parts.iter().map(segment).collect::<Result<_, _>>()?,
        speakers: vec![plan.speaker],
        too_short_segments: plan.too_short,
        fingerprint,
        program: PROGRAM.to_owned(),
    })
}

/// What is to be written.
struct Plan {
    /// All speech; none if there is none.
    whole: Option<Cut>,
    parts: Vec<Part>,
    /// Whether the one part holds all that the transcript says.
    transcribed: bool,
    too_short: usize,
    speaker: Speaker,
}

impl Plan {
    fn new(job: &Job, context: &Context, analysis: &Analysis) -> Result<Self, RenderError> {
        let (config, id) = (&context.config().segments, &job.named.id);
        let whole = segments::trimmed(&analysis.speech, config);
        let fits = |cut: &Cut| job.transcript.is_some() && cut.duration().0 <= config.max_transcribed_s;
        let transcribed = whole.filter(fits);
        let cuts = match transcribed {
            Some(whole) => segments::Cuts { segments: vec![whole], too_short: 0 },
            None => segments::utterances(&analysis.speech, config),
        };
        let speaker = match context.request.speaker {
            Some(name) => Speaker { label: name.to_owned(), basis: Basis::Stated },
            None => Speaker { label: format!("unknown_{id}"), basis: Basis::Assumed },
        };
        let folder = context.layout.speaker_segments().join(&speaker.label);
        if !cuts.segments.is_empty() {
            let created = fs::create_dir_all(&folder).map_err(FileError::on("create folder", &folder));
            created.map_err(|error| output_error(&folder, error))?;
        }
        let extension = context.format.extension();
        let part = |(i, cut)| Part { cut, path: folder.join(format!("{id}_{:04}.{extension}", i + 1)) };
        let parts = cuts.segments.into_iter().enumerate().map(part).collect();
        Ok(Self { whole, parts, transcribed: transcribed.is_some(), too_short: cuts.too_short, speaker })
    }
}

fn copy_raw(job: &Job, context: &Context) -> Result<Option<String>, RenderError> {
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

/// Writes a transcript beside the audio file `beside`.
fn write_text(beside: &Path, text: &str) -> Result<(), RenderError> {
    let path = beside.with_extension("txt");
    files::write_atomically(&path, format!("{text}\n").as_bytes()).map_err(|error| output_error(&path, error))
}

fn output_error(path: &Path, error: FileError) -> RenderError {
    RenderError::Output { path: PathBuf::from(path), source: error.into() }
}

fn source(job: &Job, analysis: &Analysis) -> Source {
    let info = &analysis.info;
    Source {
        path: job.named.source.absolute.clone(),
        blake3: job.named.source.blake3.clone(),
        bytes: job.named.source.bytes,
        container: info.container.clone(),
        codec: info.codec.clone(),
        sample_rate_hz: info.rate.0,
        channels: info.channels,
        bits_per_sample: info.bits_per_sample,
        duration_s: rounded(analysis.duration.0, 4),
        damaged_packets: analysis.damaged_packets,
    }
}

fn signal(analysis: &Analysis) -> Signal {
    let hundredths = |value: Option<f64>| value.map(|value| rounded(value, 2));
    Signal {
        loudness_lufs: hundredths(analysis.loudness_lufs),
        true_peak_dbtp: hundredths(analysis.true_peak_dbtp),
        snr_db: hundredths(analysis.speech.snr_db),
        noise_dbfs: hundredths(analysis.speech.noise_dbfs),
        clipped_share: rounded(analysis.clipped_share, 6),
        speech_share: rounded(analysis.speech.share(), 4),
    }
}

fn history(config: &Config, written: bool) -> Vec<Step> {
    let step = |name: &str, settings| Step { step: name.to_owned(), version: METHOD_VERSION, settings };
    let mut history = vec![step("voice activity", json!(config.vad))];
    if written {
        history.extend([
            step("mean of the channels", json!({})),
            step("resample", json!({ "sample_rate": config.sample_rate })),
            step("trim and cut", json!(config.segments)),
            step("level", json!({ "loudness_lufs": config.loudness_lufs, "true_peak_dbtp": config.true_peak_dbtp })),
            step("encode", json!({ "format": config.format })),
        ]);
    }
    history
}

/// `value` to so many decimal places, for files that people read.
fn rounded(value: f64, places: i32) -> f64 {
    let scale = 10f64.powi(places);
    (value * scale).round() / scale
}
