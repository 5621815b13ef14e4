//! Text to speech with one voice.

use std::cell::OnceCell;
use std::rc::Rc;

use super::correction::Correction;
use super::manner::{Manner, volume};
use super::models::{ModelError, Models};
use super::style::SpeakingStyle;
use super::together::{Request, predict, vocode};
use super::voice::Voice;
use crate::acoustic::AcousticModel;
use crate::text::FrontEnd;
use crate::text::prosody::Utterance;
use crate::units::{SampleRate, Seconds};
use crate::vocoder::harmonic::HarmonicVocoder;

/// How to speak.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SpeakOptions {
    /// Rate, pitch, liveliness.
    pub manner: Manner,
    /// The same seed gives the same samples.
    pub seed: u64,
}

/// One utterance as audio.
#[derive(Debug, Clone, PartialEq)]
pub struct SpokenUtterance {
    /// Mono samples at the rate of synthesis.
    pub samples: Vec<f32>,
    /// Each word with the bytes of the text that it was read from, and when it is said.
    pub words: Vec<SpokenWord>,
    /// Frames of each symbol of the utterance.
    pub durations: Vec<usize>,
}

/// A word in time, counted from the beginning of its utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct SpokenWord {
    /// The word as it is said.
    pub text: String,
    /// Bytes of the text.
    pub source: std::ops::Range<usize>,
    /// Begin.
    pub start: Seconds,
    /// End.
    pub end: Seconds,
    /// The factor by which it is to be louder; the samples are not yet.
    pub volume: f32,
}

/// The models with a voice in place.
#[derive(Debug)]
pub struct Synthesizer {
    front_end: FrontEnd,
    acoustic: Rc<AcousticModel>,
    vocoder: Rc<HarmonicVocoder>,
    speaker: Vec<f32>,
    correction: Correction,
}

/// Base models that all voices of a thread share; one that was trained has an acoustic model of its own.
#[derive(Debug)]
pub struct SharedModels {
    models: Models,
    acoustic: OnceCell<Rc<AcousticModel>>,
    vocoder: Rc<HarmonicVocoder>,
}

impl SharedModels {
    /// Loads what every voice needs.
    pub fn load(models: Models) -> Result<Self, ModelError> {
        Ok(Self { vocoder: Rc::new(models.vocoder()?), acoustic: OnceCell::new(), models })
    }

    /// Where they are from.
    pub fn models(&self) -> &Models {
        &self.models
    }

    /// The vocoder.
    pub fn vocoder(&self) -> &HarmonicVocoder {
        &self.vocoder
    }

    /// The base acoustic model, loaded when it is first asked for.
    pub fn acoustic(&self) -> Result<Rc<AcousticModel>, ModelError> {
        if let Some(known) = self.acoustic.get() {
            return Ok(known.clone());
        }
        let loaded = Rc::new(self.models.frozen_acoustic(None)?);
        Ok(self.acoustic.get_or_init(|| loaded).clone())
    }
}

impl Synthesizer {
    /// The rate of the samples.
    pub const RATE: SampleRate = SampleRate::SYNTHESIS;

    /// Loads what `voice` needs to speak.
    pub fn load(models: &Models, voice: &Voice) -> Result<Self, ModelError> {
        Self::sharing(&SharedModels::load(models.clone())?, voice)
    }

    /// Loads what `voice` needs beside what it shares with others.
    pub fn sharing(shared: &SharedModels, voice: &Voice) -> Result<Self, ModelError> {
        let acoustic = match &voice.adapter {
            Some(adapter) => Rc::new(shared.models.frozen_acoustic(Some(adapter))?),
            None => shared.acoustic()?,
        };
        Ok(Self {
            front_end: FrontEnd::new(),
            acoustic,
            vocoder: shared.vocoder.clone(),
            speaker: voice.embedding.clone(),
            correction: voice.correction.clone(),
        })
    }

    /// Speaks a text of any length, an utterance at a time, each when it is asked for.
    pub fn speak<'a>(&'a self, text: &str, options: SpeakOptions) -> impl Iterator<Item = SpokenUtterance> + 'a {
        let utterances = self.front_end.utterances(text).into_iter().enumerate();
        utterances
            .filter(|(_, utterance)| !utterance.symbols.is_empty())
            .map(move |(index, utterance)| self.utterance(&utterance, options, index as u64))
    }

    /// Speaks one utterance; `index` makes its noise differ from its neighbours'.
    pub fn utterance(&self, utterance: &Utterance, options: SpeakOptions, index: u64) -> SpokenUtterance {
        let predicted = predict(&[Request { voice: self, utterance, options, index }]);
        vocode(&self.vocoder, &predicted.iter().collect::<Vec<_>>()).swap_remove(0)
    }

    pub(super) fn acoustic(&self) -> &Rc<AcousticModel> {
        &self.acoustic
    }

    pub(super) fn embedding(&self) -> &[f32] {
        &self.speaker
    }

    pub(super) fn correction(&self) -> &Correction {
        &self.correction
    }

    /// The voice's own style in saying these utterances; none if they are too short to tell.
    pub fn own_style(&self, utterances: &[Utterance]) -> Option<SpeakingStyle> {
        let predicted = |utterance: &Utterance| self.acoustic.prosody(&utterance.symbols, &self.speaker);
        let said = utterances.iter().map(|utterance| (utterance.symbols.as_slice(), predicted(utterance)));
        let style = SpeakingStyle::of_voice(said)?;
        Some(SpeakingStyle { pitch_semitones: style.pitch_semitones * self.correction.pitch_range, ..style })
    }

    pub(super) fn times(&self, utterance: &Utterance, durations: &[usize]) -> Vec<SpokenWord> {
        let frame_s = 1.0 / self.acoustic.config().mel.frame_rate();
        let mut frames = 0;
        let mut starts = vec![0];
        for duration in durations {
            frames += duration;
            starts.push(frames);
        }
        let at = |symbol: usize| Seconds(starts.get(symbol).copied().unwrap_or(frames) as f64 * frame_s);
        let spoken = |word: &crate::text::prosody::Word| SpokenWord {
            text: word.text.clone(),
            source: word.source.clone(),
            start: at(word.symbols.start),
            end: at(word.symbols.end),
            volume: volume(word),
        };
        utterance.words.iter().map(spoken).collect()
    }
}
