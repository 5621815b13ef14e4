//! From what was typed to what was heard: recordings, folders of them, and what can't be used of them.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use serde::Serialize;

use super::{LITTLE_SPEECH, company};
use crate::{
    audio::AudioError,
    commands::{Session, input::folder_of_recordings},
    error::FileError,
    speaker::{Heard, ListenError, Listener, MAX_SPEECH, SpokenAudio, mean_embedding},
    units::Seconds,
};

/// A recording and what was heard in it.
#[derive(Debug, Serialize)]
pub(super) struct Recording {
    pub path: PathBuf,
    pub duration_s: f64,
    pub speech_s: f64,
    /// What to keep in mind about it.
    pub warnings: Vec<String>,
    #[serde(skip)]
    pub heard: Heard,
}

/// A recording that could not be used.
#[derive(Debug, Serialize)]
pub(super) struct Aside {
    pub path: PathBuf,
    pub reason: String,
}

/// All that was heard.
#[derive(Debug)]
pub(super) struct Hearing {
    pub recordings: Vec<Recording>,
    pub set_aside: Vec<Aside>,
}

impl Hearing {
    /// The mean direction of all recordings.
    pub fn embedding(&self) -> Vec<f32> {
        mean_embedding(self.recordings.iter().map(|recording| recording.heard.embedding.as_slice()))
    }

    pub fn speech(&self) -> Seconds {
        Seconds(self.recordings.iter().map(|recording| recording.speech_s).sum())
    }

    /// Says on stderr what to keep in mind.
    pub fn warn(&self) {
        for recording in &self.recordings {
            recording.warnings.iter().for_each(|warning| tracing::warn!("{}: {warning}", recording.path.display()));
        }
    }

    /// The warnings on each recording, with its name where there are several.
    pub fn warnings(&self) -> Vec<String> {
        let one = self.recordings.len() == 1;
        let named = |recording: &Recording| {
            let path = recording.path.display().to_string();
            let line = move |warning: &String| if one { warning.clone() } else { format!("{path}: {warning}") };
            recording.warnings.iter().map(line).collect::<Vec<_>>()
        };
        self.recordings.iter().flat_map(named).collect()
    }
}

/// Listens to the recordings named and those in folders named; `-` is stdin. What can't be used is named on stderr and
/// set aside. With `alone`, finds recordings in which more than one person seems to speak.
///
/// # Errors
/// A path that is not there, a folder without recordings, or nothing usable at all.
pub(super) fn hear(inputs: &[&Path], alone: bool, listener: &Listener, session: &Session) -> anyhow::Result<Hearing> {
    let paths = recordings(inputs)?;
    let task = session.progress.task("listening", paths.len() as u64);
    let mut hearing = Hearing { recordings: Vec::new(), set_aside: Vec::new() };
    for path in &paths {
        let heard = read(path, listener).and_then(|spoken| Ok(listener.hear(&spoken, alone)?));
        match heard {
            Ok(heard) => hearing.recordings.push(recording(path, heard)),
            Err(error) if paths.len() == 1 => return Err(error.context(path.display().to_string())),
            Err(error) => {
                tracing::warn!("set aside {}: {error:#}", path.display());
                hearing.set_aside.push(Aside { path: path.clone(), reason: format!("{error:#}") });
            }
        }
        task.advance(1);
    }
    drop(task);
    if hearing.recordings.is_empty() {
        bail!("none of the {} recordings could be used", paths.len());
    }
    Ok(hearing)
}

fn recordings(inputs: &[&Path]) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for input in inputs {
        if !input.is_dir() {
            paths.push(input.to_path_buf());
            continue;
        }
        paths.extend(folder_of_recordings(input)?);
    }
    Ok(paths)
}

fn read(path: &Path, listener: &Listener) -> anyhow::Result<SpokenAudio> {
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).context("cannot read stdin")?;
        return Ok(SpokenAudio::decode(bytes, &listener.vad)?);
    }
    SpokenAudio::read(path, &listener.vad).map_err(|error| match error {
        ListenError::Audio(error) => without_path(error),
        error => error.into(),
    })
}

/// The error without the path that it may name: who reports it names that.
pub(super) fn without_path(error: AudioError) -> anyhow::Error {
    match error {
        AudioError::File(FileError { source, .. }) => source.into(),
        error => error.into(),
    }
}

fn recording(path: &Path, heard: Heard) -> Recording {
    let mut warnings: Vec<String> = heard.companions.iter().map(company).collect();
    if heard.speech < LITTLE_SPEECH {
        warnings.push(format!("only {} of speech, so the answer is unreliable", heard.speech));
    }
    if heard.speech > MAX_SPEECH {
        warnings.push(format!("only the first {MAX_SPEECH} of {} of speech were heard", heard.speech));
    }
    let (duration_s, speech_s) = (heard.duration.0, heard.speech.0);
    Recording { path: path.to_path_buf(), duration_s, speech_s, warnings, heard }
}
