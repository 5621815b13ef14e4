//! Utterances of any voices, spoken at once: first all of them by the acoustic model, then by the vocoder.
//!
//! Each is as it would be alone. A GPU is filled by many of them, and while one batch is with the vocoder the next can be
//! with the acoustic model.

use std::rc::Rc;

use tch::Tensor;

use super::level::fade_ends;
use super::synthesizer::{SpeakOptions, SpokenUtterance, SpokenWord, Synthesizer};
use crate::acoustic::model::{AcousticOutput, Said};
use crate::acoustic::{AcousticModel, Controls};
use crate::nn::host::floats;
use crate::text::prosody::Utterance;
use crate::vocoder::consistency::MelSource;
use crate::vocoder::harmonic::{HarmonicVocoder, VocoderInput};

/// Who says what, and how.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The voice.
    pub voice: &'a Synthesizer,
    /// What is said.
    pub utterance: &'a Utterance,
    /// How.
    pub options: SpeakOptions,
    /// The utterance's number in its text: its noise differs from its neighbours'.
    pub index: u64,
}

/// An utterance between the acoustic model and the vocoder.
#[derive(Debug)]
pub struct Predicted {
    input: VocoderInput,
    seed: u64,
    words: Vec<SpokenWord>,
    durations: Vec<usize>,
}

/// What the acoustic models of the voices make of requests, in their order. Those that share a model go through it at
/// once.
pub fn predict(requests: &[Request]) -> Vec<Predicted> {
    let mut models: Vec<&Rc<AcousticModel>> = Vec::new();
    for request in requests {
        if !models.iter().any(|known| Rc::ptr_eq(known, request.voice.acoustic())) {
            models.push(request.voice.acoustic());
        }
    }
    let mut predicted = Vec::with_capacity(requests.len());
    for model in models {
        let mine = requests.iter().enumerate().filter(|(_, request)| Rc::ptr_eq(request.voice.acoustic(), model));
        let (places, own): (Vec<usize>, Vec<Request>) = mine.unzip();
        predicted.extend(places.into_iter().zip(predict_with(model, &own)));
    }
    predicted.sort_by_key(|(place, _)| *place);
    predicted.into_iter().map(|(_, one)| one).collect()
}

fn predict_with(model: &AcousticModel, requests: &[Request]) -> Vec<Predicted> {
    let controls: Vec<Controls> = requests.iter().map(Request::controls).collect();
    let said: Vec<Said> = requests.iter().zip(&controls).map(|(request, controls)| request.said(controls)).collect();
    let finish = |(request, output): (&Request, AcousticOutput)| {
        let AcousticOutput { mel, f0_hz, voicing, durations } = output;
        let mel = request.voice.correction().apply(mel);
        Predicted {
            input: VocoderInput { mel, f0_hz, voicing, source: MelSource::Model },
            seed: request.options.seed ^ (request.index << 32),
            words: request.voice.times(request.utterance, &durations),
            durations,
        }
    };
    requests.iter().zip(model.speak_each(&said)).map(finish).collect()
}

impl<'a> Request<'a> {
    fn controls(&self) -> Controls {
        let mut controls = self.options.manner.controls(self.utterance);
        controls.pitch_range *= self.voice.correction().pitch_range;
        controls
    }

    fn said(&self, controls: &'a Controls) -> Said<'a> {
        Said { symbols: &self.utterance.symbols, speaker: self.voice.embedding(), controls }
    }
}

/// What the vocoder makes of what was predicted, in the same order.
pub fn vocode(vocoder: &HarmonicVocoder, predicted: &[&Predicted]) -> Vec<SpokenUtterance> {
    let (inputs, seeds): (Vec<&VocoderInput>, Vec<u64>) = predicted.iter().map(|one| (&one.input, one.seed)).unzip();
    let made = tch::no_grad(|| vocoder.forward_each(&inputs, &seeds));
    let finish = |(one, samples): (&&Predicted, Tensor)| {
        let mut samples = floats(&samples);
        fade_ends(&mut samples, Synthesizer::RATE);
        SpokenUtterance { samples, words: one.words.clone(), durations: one.durations.clone() }
    };
    predicted.iter().zip(made).map(finish).collect()
}
