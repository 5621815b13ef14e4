//! What the acoustic model is taught about an utterance: symbols with durations, pitch, energy, and who speaks.

use std::collections::HashMap;

use tch::{Kind, Tensor};

use crate::acoustic::expand::mean_per_symbol;
use crate::acoustic::variance::{log_pitch, scale_energy};
use crate::aligner::Aligner;
use crate::dataset::prepared::{Prepared, crop};
use crate::features::pitch::interpolate_unvoiced;
use crate::nn::host::floats;
use crate::nn::shared::Shared;
use crate::speaker::{SpeakerEncoder, SpeakerError};
use crate::text::FrontEnd;
use crate::text::symbols::Symbol;

/// One labelled utterance.
#[derive(Debug, Clone)]
pub struct Labelled {
    /// The collection's name and id.
    pub key: String,
    /// Who speaks.
    pub speaker: String,
    /// What is said.
    pub symbols: Vec<Symbol>,
    /// Frames of each symbol.
    pub durations: Vec<usize>,
    /// Pitch of each symbol, as the models see it.
    pub pitch: Vec<f32>,
    /// Energy of each symbol, as the models see it.
    pub energy: Vec<f32>,
    /// (M, T) log-mel in half precision.
    pub mel: Shared,
    /// (T) pitch of each frame, without gaps.
    pub frame_pitch: Shared,
    /// (T) one where voiced.
    pub voicing: Shared,
    /// (L) 16-bit samples of the recording; none where there is no recording.
    pub samples: Shared,
    /// Mean log score of the alignment per frame.
    pub score: f64,
}

/// Why an utterance cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LabelError {
    /// There is nothing to say, or nothing voiced was said.
    #[error("no transcript, or no voice in the recording")]
    Nothing,
    /// The transcript does not fit.
    #[error("the transcript does not fit the recording: {0}")]
    Transcript(#[from] crate::aligner::chain::TooShort),
}

impl Labelled {
    /// Aligns the transcript, or where there is none what the aligner hears.
    pub fn new(prepared: &Prepared, aligner: &Aligner, front_end: &FrontEnd) -> Result<Self, LabelError> {
        let (mel, f0) = prepared.features.as_ref().ok_or(LabelError::Nothing)?;
        let track = floats(f0);
        if !track.iter().any(|&hz| hz > 0.0) {
            return Err(LabelError::Nothing);
        }
        let symbols = match &prepared.utterance.text {
            Some(text) => front_end.phonemize(text).symbols,
            None => heard(aligner, mel),
        };
        if symbols.is_empty() {
            return Err(LabelError::Nothing);
        }
        let alignment = aligner.align(mel, &symbols)?;
        let frame_pitch = log_pitch(&Tensor::from_slice(&interpolate_unvoiced(&track)));
        let level = scale_energy(&mel.to_kind(Kind::Float).mean_dim([0i64].as_slice(), false, Kind::Float));
        let per_symbol = |frames: &Tensor, empty: f32| mean_per_symbol(&floats(frames), &alignment.durations, empty);
        let middle = frame_pitch.mean(Kind::Float).double_value(&[]) as f32;
        let quiet = level.min().double_value(&[]) as f32;
        Ok(Self {
            key: prepared.utterance.key.clone(),
            speaker: prepared.utterance.speaker.clone(),
            pitch: per_symbol(&frame_pitch, middle),
            energy: per_symbol(&level, quiet),
            symbols,
            durations: alignment.durations,
            mel: mel.clone(),
            frame_pitch: frame_pitch.into(),
            voicing: f0.gt(0.0).to_kind(Kind::Float).into(),
            samples: prepared.samples.clone(),
            score: alignment.score,
        })
    }

    /// T.
    pub fn frames(&self) -> usize {
        self.mel.size()[1] as usize
    }

    /// As [`Prepared::crop`].
    pub fn crop(&self, start: i64, length: i64) -> Tensor {
        crop(&self.samples, start, length)
    }
}

/// Symbols of a recording without a transcript: a long silence is a comma, and where words end is not known, so
/// phonemes follow one another as in one long word. Vowels get primary stress, the commonest of those with one.
fn heard(aligner: &Aligner, mel: &Tensor) -> Vec<Symbol> {
    const PAUSE_FRAMES: usize = 12;
    let mut symbols = vec![Symbol::BOUNDARY];
    for (phone, frames) in aligner.recognise(mel) {
        let symbol = phone.symbol();
        if symbol.is_phoneme() {
            symbols.push(symbol.with_stress(1));
        } else if symbols.last().is_some_and(|last| last.is_phoneme()) {
            symbols.push(if frames >= PAUSE_FRAMES { Symbol::COMMA } else { Symbol::BOUNDARY });
        }
    }
    if symbols.len() < 2 {
        return Vec::new();
    }
    if symbols.last().is_some_and(|last| last.is_phoneme()) {
        symbols.push(Symbol::PERIOD);
    } else if let Some(last) = symbols.last_mut() {
        *last = Symbol::PERIOD;
    }
    symbols
}

/// Whose an utterance is, by its beginning (at the rate of analysis): enough to know a voice, and embedding whole corpora
/// takes long.
pub fn embed_beginning(recording: &Prepared, encoder: &SpeakerEncoder) -> Result<Vec<f32>, SpeakerError> {
    const SECONDS: usize = 6;
    let length = (recording.samples.size()[0] as usize).min(SECONDS * recording.rate.0 as usize);
    encoder.embed(&floats(&recording.crop(0, length as i64)))
}

/// Embeddings of up to `references` utterances of each speaker, from recordings at the rate of analysis.
pub fn embed_speakers(
    recordings: &[Prepared],
    encoder: &SpeakerEncoder,
    references: usize,
) -> Result<HashMap<String, Vec<Vec<f32>>>, SpeakerError> {
    let mut voices: HashMap<String, Vec<Vec<f32>>> = HashMap::new();
    for recording in recordings {
        let known = voices.entry(recording.utterance.speaker.clone()).or_default();
        if known.len() < references {
            known.extend(embed_beginning(recording, encoder).ok());
        }
    }
    voices.retain(|_, known| !known.is_empty());
    Ok(voices)
}
