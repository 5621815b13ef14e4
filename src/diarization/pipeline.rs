//! A recording to turns.

use std::path::Path;

use super::{
    Turn,
    clustering::{self, SpeakerCount},
    path::{self, Stretch},
    windows,
};
use crate::audio::{AudioError, MonoStream};
use crate::clean::{
    config::VadConfig,
    vad::{self, Vad},
};
use crate::speaker::{SpeakerEncoder, SpeakerError, cosine};
use crate::units::Seconds;

/// Why a recording was not diarized.
#[derive(Debug, thiserror::Error)]
pub enum DiarizationError {
    /// It can't be decoded.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The encoder refuses its speech.
    #[error(transparent)]
    Speaker(#[from] SpeakerError),
}

/// Someone whose voice is known.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownVoice {
    /// The name.
    pub name: String,
    /// Of unit length, by the same encoder.
    pub embedding: Vec<f32>,
}

/// Diarizes recordings.
#[derive(Debug)]
pub struct Diarizer<'a> {
    /// Tells voices apart.
    pub encoder: &'a SpeakerEncoder,
    /// Where speech is.
    pub vad: &'a VadConfig,
    /// How many speakers there may be.
    pub count: SpeakerCount,
    /// Who gets their own name.
    pub known: &'a [KnownVoice],
}

/// Who spoke when in a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Diarized {
    /// In order of time.
    pub turns: Vec<Turn>,
    /// The length of the recording.
    pub duration: Seconds,
}

impl Diarized {
    /// The speakers, in order of appearance.
    pub fn speakers(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for turn in &self.turns {
            if !names.contains(&turn.speaker.as_str()) {
                names.push(&turn.speaker);
            }
        }
        names
    }
}

impl Diarizer<'_> {
    /// Who spoke when in a file. The file is read twice; memory grows with the number of windows.
    ///
    /// # Errors
    /// A file that can't be decoded.
    pub fn diarize(&self, path: &Path) -> Result<Diarized, DiarizationError> {
        let mut detector = Vad::new(self.vad);
        for block in MonoStream::open(path, vad::RATE)? {
            detector.push(&block?);
        }
        let speech = detector.finish();
        let windows = windows::embed(MonoStream::open(path, vad::RATE)?, &speech.spans, self.encoder)?;
        let speakers = clustering::speakers(&windows, self.count);
        let calibration = self.encoder.calibration().unwrap_or_default();
        let stretches = path::stretches(&speech.spans, &windows, &speakers, calibration);
        let names = self.names(&stretches, &speakers);
        let file = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let turn = |one: Stretch| Turn {
            file: file.clone(),
            start: one.start,
            duration: Seconds(one.end.0 - one.start.0),
            speaker: names[one.speaker].clone(),
            confidence: Some(one.confidence),
        };
        Ok(Diarized { turns: stretches.into_iter().map(turn).collect(), duration: speech.duration })
    }

    /// Known voices by their names, each once; the others are numbered in order of appearance.
    fn names(&self, stretches: &[Stretch], speakers: &[Vec<f32>]) -> Vec<String> {
        let calibration = self.encoder.calibration().unwrap_or_default();
        let mut names: Vec<Option<String>> = vec![None; speakers.len()];
        let mut pairs: Vec<(f64, usize, &KnownVoice)> = Vec::new();
        for (index, speaker) in speakers.iter().enumerate() {
            let llr = |voice: &KnownVoice| calibration.llr(cosine(speaker, &voice.embedding));
            pairs.extend(self.known.iter().map(|voice| (llr(voice), index, voice)).filter(|(llr, ..)| *llr > 0.0));
        }
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (_, index, voice) in pairs {
            if names[index].is_none() && !names.contains(&Some(voice.name.clone())) {
                names[index] = Some(voice.name.clone());
            }
        }
        let mut next = 1;
        for stretch in stretches {
            if names[stretch.speaker].is_none() {
                names[stretch.speaker] = Some(format!("speaker{next}"));
                next += 1;
            }
        }
        names.into_iter().map(Option::unwrap_or_default).collect()
    }
}
