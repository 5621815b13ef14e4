//! `voice-clone evaluate --speakers`: folders of speakers to figures on telling them apart.

use std::path::Path;

use super::{Session, paths};
use crate::{
    cli::EvaluateArgs,
    evaluation::{
        report::Skipped,
        speakers::{ConditionReport, Embedder, Embedding, EncoderReport, Speaker, SpeakerReport, collect},
        timing::ThreadTimer,
    },
    files::write_atomically,
    speaker::SpeakerEncoder,
    synthesis::models::Models,
    units::Seconds,
};

/// So many recordings are in memory at once.
const AT_ONCE: usize = 64;
/// The windows by which the encoder's speed is measured.
const WINDOW: Seconds = Seconds(3.0);
const WINDOWS: usize = 20;

/// Evaluates.
///
/// # Errors
/// Folders without speakers, noise that can't be used, or no usable recording at all.
pub(super) fn run(args: &EvaluateArgs, session: &Session) -> anyhow::Result<()> {
    let config = session.config();
    let speakers = collect(&args.speakers, &args.only)?;
    let models = Models::new(&paths::models_dir(config), session.device()?);
    let encoder = models.speaker_at(&paths::speaker_encoder(session.config()))?;
    let noise = args.noise.as_deref().zip(args.snr);
    let embedder = Embedder::new(&encoder, &config.process.vad, noise, config.runtime.seed)?;
    let (embeddings, set_aside) = embed(&speakers, &embedder, session)?;
    let calibration = encoder.calibration().unwrap_or_default();
    let conditions = embedder.conditions().iter().zip(&embeddings);
    let report = SpeakerReport {
        schema: SpeakerReport::SCHEMA,
        folders: args.speakers.iter().map(|folder| folder.display().to_string()).collect(),
        speakers: speakers.len(),
        encoder: EncoderReport {
            fingerprint: encoder.fingerprint().to_owned(),
            calibration,
            calibrated: encoder.calibration().is_some(),
            cpu_factor: if models.device().is_cuda() { None } else { Some(cpu_factor(&encoder, session)?) },
        },
        conditions: conditions
            .map(|(&condition, rows)| {
                ConditionReport::new(condition, rows, calibration, args.enroll, config.runtime.seed)
            })
            .collect(),
        set_aside,
    };
    if let Some(path) = &args.output {
        write_atomically(path, &serde_json::to_vec_pretty(&report)?)?;
    }
    session.print(&report, || report.to_string())
}

/// The embeddings of all recordings under each condition, and what could not be used.
fn embed(
    speakers: &[Speaker],
    embedder: &Embedder,
    session: &Session,
) -> anyhow::Result<(Vec<Vec<Embedding>>, Vec<Skipped>)> {
    let paths = |(index, speaker): (usize, &Speaker)| {
        speaker.recordings.iter().map(|path| (index, path.clone())).collect::<Vec<_>>()
    };
    let all: Vec<_> = speakers.iter().enumerate().flat_map(paths).collect();
    let task = session.progress.task("embedding", all.len() as u64);
    let mut embeddings = vec![Vec::new(); embedder.conditions().len()];
    let mut set_aside = Vec::new();
    for (batch, recordings) in all.chunks(AT_ONCE).enumerate() {
        let paths: Vec<&Path> = recordings.iter().map(|(_, path)| path.as_path()).collect();
        let mut utterances = Vec::new();
        for (index, ((speaker, path), spoken)) in recordings.iter().zip(embedder.read(&paths)).enumerate() {
            match spoken {
                Ok(spoken) => utterances.push(((batch * AT_ONCE + index) as u64, *speaker, spoken)),
                Err(error) => {
                    tracing::warn!("set aside {}: {error}", path.display());
                    set_aside.push(Skipped { id: path.display().to_string(), reason: error.to_string() });
                }
            }
        }
        for (all, new) in embeddings.iter_mut().zip(embedder.embed(&utterances)?) {
            all.extend(new);
        }
        task.advance(recordings.len() as u64);
    }
    anyhow::ensure!(!embeddings[0].is_empty(), "none of the {} recordings could be used", all.len());
    Ok((embeddings, set_aside))
}

/// Processor seconds per second of audio, one window at a time on one thread.
fn cpu_factor(encoder: &SpeakerEncoder, session: &Session) -> anyhow::Result<f64> {
    let tone = |index: usize| 0.1 * (index as f32 * 0.05).sin();
    let window: Vec<f32> = (0..SpeakerEncoder::SAMPLE_RATE.samples(WINDOW)).map(tone).collect();
    tch::set_num_threads(1);
    // The first one prepares what the others use.
    encoder.embed(&window)?;
    let timer = ThreadTimer::start();
    for _ in 0..WINDOWS {
        encoder.embed(&window)?;
    }
    let seconds = timer.stop();
    tch::set_num_threads(i32::try_from(session.threads).unwrap_or(i32::MAX));
    Ok(seconds / (WINDOWS as f64 * WINDOW.0))
}
