//! A voice measured against recordings of its speaker.

use std::path::Path;

use tch::Device;

use super::cepstrum::CepstrumConfig;
use super::compare::Comparer;
use super::edit::edit_distance;
use super::report::Utterance;
use super::signal::SignalMeter;
use super::timing::Timer;
use crate::aligner::Aligner;
use crate::aligner::phones::Phone;
use crate::audio::{AudioError, Resampler, load_mono};
use crate::features::mel::{MelConfig, MelSpectrogram};
use crate::speaker::{SpeakerEncoder, SpeakerError, cosine};
use crate::synthesis::models::{ModelError, Models};
use crate::synthesis::sentences::HARVARD;
use crate::synthesis::synthesizer::{SpeakOptions, Synthesizer};
use crate::synthesis::voice::Voice;
use crate::text::FrontEnd;
use crate::units::SampleRate;

/// Why a recording could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// It cannot be decoded.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// No speaker can be heard in it.
    #[error("the recording's speaker cannot be known: {0}")]
    Recording(SpeakerError),
    /// There is nothing to say.
    #[error("its transcript has no words")]
    Silent,
}

/// Models and measures, loaded once for many recordings.
pub struct Judge {
    synthesizer: Synthesizer,
    aligner: Aligner,
    encoder: SpeakerEncoder,
    mel: MelSpectrogram,
    comparer: Comparer,
    front_end: FrontEnd,
}

impl Judge {
    /// Loads the models that speak and those that listen.
    ///
    /// # Errors
    /// A base model that can't be used.
    pub fn load(models: &Models, voice: &Voice) -> Result<Self, ModelError> {
        Ok(Self {
            synthesizer: Synthesizer::load(models, voice)?,
            aligner: models.aligner()?,
            encoder: models.speaker()?,
            mel: MelSpectrogram::new(&MelConfig::synthesis(), Device::Cpu),
            comparer: Comparer::new(CepstrumConfig::default()),
            front_end: FrontEnd::new(),
        })
    }

    /// Says what the recording says, or where that is not known one of the Harvard sentences (IEEE 1969), and compares.
    ///
    /// # Errors
    /// A recording that can't be decoded or has no voice in it, or a transcript without words.
    pub fn measure(&self, id: &str, path: &Path, text: Option<&str>, seed: u64) -> Result<Utterance, JudgeError> {
        let rate = Synthesizer::RATE;
        let recording = load_mono(path, rate)?;
        let sentence = text.unwrap_or(HARVARD[seed as usize % HARVARD.len()]);
        let watch = Timer::start();
        let options = SpeakOptions { seed, ..SpeakOptions::default() };
        let said: Vec<f32> = self.synthesizer.speak(sentence, options).flat_map(|part| part.samples).collect();
        if said.is_empty() {
            return Err(JudgeError::Silent);
        }
        let timing = watch.stop(rate.duration(said.len()));
        let known = self.embed(&recording)?.map_err(JudgeError::Recording)?;
        // Too short a sentence has no speaker to be known by, but everything else about it can be measured.
        let made = self.embed(&said)?.ok();
        let mut meter = SignalMeter::new(rate)?;
        meter.push(&said);
        Ok(Utterance {
            id: id.to_string(),
            text: text.map(str::to_string),
            duration_s: rate.duration(said.len()).0,
            speaker_similarity: made.map(|made| f64::from(cosine(&known, &made))),
            phonemes: Some(edit_distance(&self.meant(sentence), &self.heard(&said))),
            comparison: text.map(|_| self.comparer.compare(&recording, &said)),
            timing: Some(timing),
            signal: Some(meter.finish()),
        })
    }

    fn embed(&self, samples: &[f32]) -> Result<Result<Vec<f32>, SpeakerError>, AudioError> {
        let mut resampler = Resampler::new(Synthesizer::RATE, SampleRate::ANALYSIS)?;
        let mut narrow = resampler.process(samples);
        narrow.extend(resampler.finish());
        Ok(self.encoder.embed(&narrow))
    }

    fn meant(&self, text: &str) -> Vec<Phone> {
        let symbols = self.front_end.utterances(text).into_iter().flat_map(|utterance| utterance.symbols);
        symbols.filter(|symbol| symbol.is_phoneme()).map(Phone::of).collect()
    }

    fn heard(&self, samples: &[f32]) -> Vec<Phone> {
        let mel = self.mel.of(samples);
        self.aligner.phones(&mel)
    }
}
