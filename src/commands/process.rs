//! `voice-clone process`: recordings to clean, catalogued speech.

use std::{num::NonZeroUsize, sync::Mutex};

use anyhow::ensure;

use super::{
    Session,
    failure::{Incomplete, Usage},
    paths, process_pipe,
    progress::Task,
    who,
};
use crate::{
    clean::cleaner::{Cleaner, Method},
    cli::{ProcessArgs, VoiceName},
    dataset::{
        build::{self, BuildError, Denoising, Diarization, Event, Intent, Intention, Listening, Report, Request},
        scan::Choice,
    },
    denoiser::Strength,
    diarization::{SpeakerCount, clustering::Clustering, hearing::NetworkHearing, pipeline::KnownVoice},
    nn::pool::Pool,
    speaker::Calibration,
    synthesis::models::{CLEANED_MUSIC, Models},
    units::Seconds,
};

/// Processes.
///
/// # Errors
/// Nothing usable in the input, an output that can't be written, or, with `--strict`, anything set aside.
pub fn run(args: &ProcessArgs, session: &Session) -> anyhow::Result<()> {
    if [&args.input, &args.output].iter().any(|path| path.as_os_str() == "-") {
        return process_pipe::run(args, session);
    }
    if args.raw.is_some() {
        return Err(Usage("--raw is for a stream: --input - --output -".to_owned()).into());
    }
    // Files are worked on side by side; threads within them would be in each other's way.
    tch::set_num_threads(1);
    let settings = session.settings.to_toml()?;
    let hearing = Hearing::new(args, session)?;
    let diarization = hearing.as_ref().map(Hearing::diarization);
    let listening = listening(session)?;
    let request = Request {
        listening: listening.as_ref(),
        diarization: diarization.as_ref(),
        input: &args.input,
        output: &args.output,
        speaker: args.speaker.as_ref().map(VoiceName::as_str),
        config: &session.config().process,
        denoising: &denoising(session)?,
        choice: &Choice::new(args.recursive, &args.include, &args.exclude).map_err(|error| Usage(error.to_string()))?,
        settings: &settings,
        processes: session.processes,
    };
    let task: Mutex<Option<Task>> = Mutex::new(None);
    let observe = |event| {
        let Ok(mut task) = task.lock() else { return };
        // The old bar goes before the new one comes.
        if !matches!(event, Event::Advance(_)) {
            drop(task.take());
        }
        match event {
            Event::Reading(recordings) => *task = Some(session.progress.task("reading", recordings)),
            Event::Processing(bytes) => *task = Some(session.progress.bytes("processing", bytes)),
            Event::Advance(parts) => task.iter().for_each(|task| task.advance(parts)),
        }
    };
    let pool =
        rayon::ThreadPoolBuilder::new().num_threads(args.jobs.map_or(session.threads, NonZeroUsize::get)).build()?;
    if args.dry_run {
        let intentions = pool.install(|| build::intend(&request, &observe)).map_err(explained)?;
        drop(task.lock().map(|mut task| task.take()));
        return session.print(&intentions, || listed(&intentions));
    }
    let report = pool.install(|| build::build(&request, &observe)).map_err(explained)?;
    drop(task.lock().map(|mut task| task.take()));
    if !session.processes.is_first() {
        return Ok(());
    }
    warn(&report);
    session.print(&report, || summary(&report))?;
    let (aside, found) = (report.totals.set_aside, report.totals.found);
    ensure!(report.usable() > 0, Incomplete(format!("nothing usable in {}", args.input.display())));
    ensure!(!args.strict || aside == 0, Incomplete(format!("{aside} of {found} recordings were set aside (--strict)")));
    Ok(())
}

/// What tells speakers apart.
struct Hearing {
    networks: Pool<NetworkHearing>,
    clustering: Box<dyn Clustering + Send + Sync>,
    calibration: Calibration,
    count: SpeakerCount,
    known: Vec<KnownVoice>,
    version: String,
}

impl Hearing {
    /// None if nobody asked for it.
    fn new(args: &ProcessArgs, session: &Session) -> anyhow::Result<Option<Self>> {
        if !args.diarize && !args.who.is_given() {
            // A slip is told even where no GPU is needed.
            if args.gpu.gpu.is_some() {
                session.device()?;
            }
            return Ok(None);
        }
        let count = who::speaker_count(&args.who)?;
        let models = Models::new(&paths::models_dir(session.config()), session.device()?);
        let networks = models.hearings(&paths::speaker_encoder(session.config()))?;
        let first = networks.take()?;
        let encoder = first.encoder();
        let known = who::known_voices(&args.who, session, encoder.fingerprint())?;
        let version = format!("{} {}", models.diarization_version()?, encoder.fingerprint());
        let (calibration, clustering) = (encoder.calibration().unwrap_or_default(), models.clustering(encoder)?);
        drop(first);
        Ok(Some(Self { networks, clustering, calibration, count, known, version }))
    }

    fn diarization(&self) -> Diarization<'_> {
        Diarization {
            hearing: &self.networks,
            clustering: &*self.clustering,
            calibration: self.calibration,
            count: self.count,
            known: &self.known,
            version: &self.version,
        }
    }
}

/// What tells music and noise from speech, by the settings; none without a model of them.
fn listening(session: &Session) -> anyhow::Result<Option<Listening>> {
    let models = Models::new(&paths::models_dir(session.config()), tch::Device::Cpu);
    if !session.config().process.leave_out_music || !models.path(CLEANED_MUSIC).exists() {
        return Ok(None);
    }
    let encoder = models.speakers()?;
    let first = encoder.take()?;
    let Some(music) = models.cleaned_music(&first)? else { return Ok(None) };
    let version = format!("{} {}", models.hash(CLEANED_MUSIC)?, first.fingerprint());
    drop(first);
    Ok(Some(Listening { encoder, music, version }))
}

/// What takes away noise, by the settings.
pub(super) fn denoising(session: &Session) -> anyhow::Result<Denoising> {
    let config = &session.config().process;
    let models = Models::new(&paths::models_dir(session.config()), tch::Device::Cpu);
    let (method, version) = match config.denoise.method.as_str() {
        "network" => (Method::Network(models.denoiser()?), models.hash("denoiser")?),
        "rnnoise" => (Method::Rnnoise, String::new()),
        _ => (Method::None, String::new()),
    };
    let strength = Strength { noise: config.denoise.strength, dereverb: config.denoise.dereverb };
    Ok(Denoising { cleaner: Cleaner { method, strength, high_pass: config.high_pass }, version })
}

/// A mistake in what was typed is told apart from a failure.
fn explained(error: BuildError) -> anyhow::Error {
    match error {
        BuildError::InputInOutput { .. } => Usage(error.to_string()).into(),
        _ => error.into(),
    }
}

/// Names on stderr what could not be used, and what may sound bad.
fn warn(report: &Report) {
    for aside in &report.set_aside {
        tracing::warn!("set aside {}: {}", aside.path.display(), aside.reason);
    }
    for line in &report.recordings {
        for warning in &line.warnings {
            tracing::warn!("{}: {warning}", line.path.display());
        }
    }
}

/// A line for each recording.
fn listed(intentions: &[Intention]) -> String {
    let line = |one: &Intention| {
        let what = match one.intent {
            Intent::Process => "process",
            Intent::ProcessAgain => "process again",
            Intent::Keep => "unchanged",
            Intent::LeaveDuplicate => "duplicate",
            Intent::SetAside => "set aside",
        };
        format!("{what:<13}  {}\n", one.path.display())
    };
    intentions.iter().map(line).collect()
}

fn summary(report: &Report) -> String {
    let totals = &report.totals;
    let duplicates = if totals.duplicates > 0 { format!(", {} duplicates", totals.duplicates) } else { String::new() };
    format!(
        "recordings  {} found: {} processed, {} unchanged, {} set aside{duplicates}\n\
         speech      {} of {}\n\
         utterances  {}, {} in all\n\
         output      {}\n",
        totals.found,
        totals.processed,
        totals.unchanged,
        totals.set_aside,
        Seconds(totals.speech_s),
        Seconds(totals.duration_s),
        totals.segments,
        Seconds(totals.segments_s),
        report.output.display(),
    )
}
