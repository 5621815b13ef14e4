//! Text to speech with one voice.

use super::level::fade_ends;
use super::models::{ModelError, Models};
use super::voice::Voice;
use crate::acoustic::{AcousticModel, Controls};
use crate::nn::host::floats;
use crate::text::prosody::Utterance;
use crate::text::{FrontEnd, token::Unreadable};
use crate::units::{SampleRate, Seconds};
use crate::vocoder::harmonic::{HarmonicVocoder, VocoderInput};

/// How to speak.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SpeakOptions {
    /// Rate and pitch.
    pub controls: Controls,
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
}

/// The models with a voice in place.
#[derive(Debug)]
pub struct Synthesizer {
    front_end: FrontEnd,
    acoustic: AcousticModel,
    vocoder: HarmonicVocoder,
    speaker: Vec<f32>,
}

impl Synthesizer {
    /// The rate of the samples.
    pub const RATE: SampleRate = SampleRate::SYNTHESIS;

    /// Loads what `voice` needs to speak.
    pub fn load(models: &Models, voice: &Voice) -> Result<Self, ModelError> {
        let (mut store, acoustic) = models.acoustic(voice.adapter.as_ref())?;
        store.freeze();
        let vocoder = models.vocoder()?;
        Ok(Self { front_end: FrontEnd::new(), acoustic, vocoder, speaker: voice.embedding.clone() })
    }

    /// What of the text cannot be read aloud.
    pub fn unreadable(&self, text: &str) -> Vec<Unreadable> {
        self.front_end.unreadable(text)
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
        tch::manual_seed((options.seed ^ (index << 32)) as i64);
        let output = self.acoustic.speak(&utterance.symbols, &self.speaker, options.controls);
        let words = self.times(utterance, &output.durations);
        let input = VocoderInput { mel: output.mel, f0_hz: output.f0_hz, voicing: output.voicing };
        let mut samples = tch::no_grad(|| floats(&self.vocoder.forward(&input)));
        fade_ends(&mut samples, Self::RATE);
        SpokenUtterance { samples, words }
    }

    fn times(&self, utterance: &Utterance, durations: &[usize]) -> Vec<SpokenWord> {
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
        };
        utterance.words.iter().map(spoken).collect()
    }
}
