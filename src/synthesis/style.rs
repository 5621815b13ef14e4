//! The style of a recording: how fast it is spoken, and how far pitch and energy move.

use std::path::Path;

use tch::{Device, Kind};

use super::manner::Manner;
use super::models::{ModelError, Models};
use crate::acoustic::SymbolProsody;
use crate::acoustic::expand::mean_per_symbol;
use crate::aligner::Aligner;
use crate::audio::{AudioError, load_mono};
use crate::features::mel::{MelConfig, MelSpectrogram};
use crate::features::pitch::{PitchConfig, PitchTracker};
use crate::nn::host::floats;
use crate::text::symbols::Symbol;
use crate::units::{SampleRate, Seconds};

/// Why a recording's style could not be known.
#[derive(Debug, thiserror::Error)]
pub enum StyleError {
    /// It cannot be decoded.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The aligner cannot be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Too little is said in it.
    #[error("only {heard} phonemes of speech are heard in it, at least {needed} are needed")]
    LittleSpeech { heard: usize, needed: usize },
}

/// How something is spoken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpeakingStyle {
    /// Phonemes in a second, pauses left out.
    pub phonemes_per_s: f64,
    /// Standard deviation of pitch over vowels, in semitones.
    pub pitch_semitones: f64,
    /// Standard deviation of energy over phonemes, in dB.
    pub energy_db: f64,
}

/// A phoneme as it was said.
#[derive(Debug, Clone, Copy)]
struct Said {
    duration_s: f64,
    semitones: Option<f64>,
    energy_db: f64,
}

/// More than this of a recording says nothing new of its style.
const LISTEN: Seconds = Seconds(60.0);
/// With fewer phonemes chance decides.
const LEAST_PHONEMES: usize = 20;
/// No style changes a voice's own way by more than this factor.
const MOST: f64 = 2.0;

impl SpeakingStyle {
    /// The style of a recording.
    ///
    /// # Errors
    /// A recording that can't be decoded, or with too little speech.
    pub fn of_recording(path: &Path, models: &Models) -> Result<Self, StyleError> {
        let rate = SampleRate::SYNTHESIS;
        let mut samples = load_mono(path, rate)?;
        samples.truncate(rate.samples(LISTEN));
        Self::of(&heard(&samples, &models.aligner()?))
    }

    /// The style in which a voice would say utterances by itself: what the acoustic model predicts.
    pub fn of_voice<'a>(predicted: impl Iterator<Item = (&'a [Symbol], Vec<SymbolProsody>)>) -> Option<Self> {
        let frame_s = 1.0 / MelConfig::synthesis().frame_rate();
        let said = |(symbol, prosody): (&Symbol, SymbolProsody)| {
            symbol.is_phoneme().then(|| Said {
                duration_s: prosody.frames.max(1.0) * frame_s,
                semitones: symbol.is_vowel().then(|| semitones(prosody.f0_hz)),
                energy_db: f64::from(prosody.energy_db),
            })
        };
        let all: Vec<Said> = predicted
            .flat_map(|(symbols, prosody)| symbols.iter().zip(prosody).filter_map(said).collect::<Vec<_>>())
            .collect();
        Self::of(&all).ok()
    }

    fn of(said: &[Said]) -> Result<Self, StyleError> {
        if said.len() < LEAST_PHONEMES {
            return Err(StyleError::LittleSpeech { heard: said.len(), needed: LEAST_PHONEMES });
        }
        let seconds: f64 = said.iter().map(|phoneme| phoneme.duration_s).sum();
        Ok(Self {
            phonemes_per_s: said.len() as f64 / seconds,
            pitch_semitones: deviation(said.iter().filter_map(|phoneme| phoneme.semitones)),
            energy_db: deviation(said.iter().map(|phoneme| phoneme.energy_db)),
        })
    }

    /// What makes a voice of the style `own` speak in this one.
    pub fn manner(&self, own: &Self) -> Manner {
        let factor = |wanted: f64, own: f64| if own > 0.0 { (wanted / own).clamp(1.0 / MOST, MOST) } else { 1.0 };
        Manner {
            rate: factor(self.phonemes_per_s, own.phonemes_per_s),
            pitch_range: factor(self.pitch_semitones, own.pitch_semitones),
            energy_range: factor(self.energy_db, own.energy_db),
            ..Manner::default()
        }
    }
}

/// The phonemes that the aligner hears in samples at the rate of synthesis.
fn heard(samples: &[f32], aligner: &Aligner) -> Vec<Said> {
    let config = MelConfig::synthesis();
    let mel = MelSpectrogram::new(&config, Device::Cpu).of(samples);
    let f0_hz = PitchTracker::new(PitchConfig::default()).track(samples).f0_hz;
    let level_db = mel.mean_dim([0i64].as_slice(), false, Kind::Float) * (20.0 / std::f64::consts::LN_10);
    let runs = aligner.recognise(&mel);
    let durations: Vec<usize> = runs.iter().map(|&(_, frames)| frames).collect();
    let energy = mean_per_symbol(&floats(&level_db), &durations, 0.0);
    let mut start = 0;
    let each = runs.iter().zip(energy).filter_map(|(&(phone, frames), energy_db)| {
        let voiced: Vec<f64> =
            f0_hz.iter().skip(start).take(frames).filter(|&&hz| hz > 0.0).map(|&hz| semitones(hz)).collect();
        start += frames;
        let symbol = phone.symbol();
        let mean = || voiced.iter().sum::<f64>() / voiced.len() as f64;
        symbol.is_phoneme().then(|| Said {
            duration_s: frames as f64 / config.frame_rate(),
            semitones: (symbol.is_vowel() && !voiced.is_empty()).then(mean),
            energy_db: f64::from(energy_db),
        })
    });
    each.collect()
}

pub(super) fn semitones(f0_hz: f32) -> f64 {
    12.0 * f64::from(f0_hz.max(1.0)).log2()
}

fn deviation(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    (values.map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(duration_s: f64, semitones: f64, energy_db: f64) -> Said {
        Said { duration_s, semitones: Some(semitones), energy_db }
    }

    #[test]
    fn a_style_is_rate_and_deviations() {
        let all: Vec<Said> = (0..40).map(|i| said(0.1, f64::from(i % 2) * 4.0, f64::from(i % 2) * 6.0)).collect();
        let style = SpeakingStyle::of(&all).expect("enough");
        assert!((style.phonemes_per_s - 10.0).abs() < 1e-9);
        assert!((style.pitch_semitones - 2.0).abs() < 1e-9 && (style.energy_db - 3.0).abs() < 1e-9);
        assert!(SpeakingStyle::of(&all[..10]).is_err_and(|error| error.to_string().starts_with("only 10 phonemes")));
    }

    #[test]
    fn a_voice_follows_within_bounds() {
        let own = SpeakingStyle { phonemes_per_s: 12.0, pitch_semitones: 2.0, energy_db: 0.0 };
        let wanted = SpeakingStyle { phonemes_per_s: 18.0, pitch_semitones: 9.0, energy_db: 5.0 };
        let manner = wanted.manner(&own);
        assert_eq!((manner.rate, manner.pitch_range, manner.energy_range), (1.5, 2.0, 1.0));
        assert_eq!(own.manner(&own), Manner::default());
    }
}
