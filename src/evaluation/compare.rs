//! A synthesised utterance against a recording of the same words.

use serde::{Deserialize, Serialize};

use super::cepstrum::{CepstrumAnalyser, CepstrumConfig, align, distortion_db};
use super::f0::{F0Error, f0_error};
use crate::features::pitch::{PitchConfig, PitchTracker};
use crate::units::SampleRate;

/// What a recording of the same words tells.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Mel-cepstral distortion in dB, as in [`super::cepstrum`].
    pub mcd_db: Option<f64>,
    /// Pitch against pitch, over the frames that the distortion's path matches.
    pub f0: Option<F0Error>,
}

/// Compares recordings at one rate. Prepare one and use it for many utterances.
pub struct Comparer {
    analyser: CepstrumAnalyser,
    tracker: PitchTracker,
    rate: SampleRate,
}

impl Comparer {
    /// Pitch frames are placed like the frames of the cepstrum.
    pub fn new(config: CepstrumConfig) -> Self {
        let rate = config.mel.rate;
        let hop = usize::try_from(config.mel.hop).unwrap_or(0);
        let tracker = PitchTracker::new(PitchConfig { rate, hop, ..PitchConfig::default() });
        Self { analyser: CepstrumAnalyser::new(config), tracker, rate }
    }

    /// The rate that both recordings must have.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Compares `synthesised` with `reference`, both mono samples of any length.
    pub fn compare(&self, reference: &[f32], synthesised: &[f32]) -> Comparison {
        let (expected, found) = (self.analyser.analyse(reference), self.analyser.analyse(synthesised));
        let path = align(&expected, &found);
        let f0 = f0_error(&self.tracker.track(reference), &self.tracker.track(synthesised), &path);
        Comparison { mcd_db: distortion_db(&expected, &found, &path), f0 }
    }
}

impl Default for Comparer {
    /// For recordings at the rate of synthesis, with 13 coefficients.
    fn default() -> Self {
        Self::new(CepstrumConfig::default())
    }
}
