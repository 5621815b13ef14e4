//! Whether what was spoken is what was meant, by ear: the aligner listens to the samples.

use tch::Device;

use super::models::{ModelError, Models};
use crate::aligner::Aligner;
use crate::features::mel::{MelConfig, MelSpectrogram};
use crate::text::prosody::Utterance;

/// Listens to utterances.
#[derive(Debug)]
pub struct Verifier {
    aligner: Aligner,
    mel: MelSpectrogram,
}

/// What was heard of an utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Hearing {
    /// How badly the utterance as a whole fits, in nats per frame.
    pub doubt: f64,
    /// The word that fits worst, and how badly.
    pub worst: Option<(String, f64)>,
}

impl Hearing {
    /// An utterance that fits worse was not said as it was meant. By `examples/verify_threshold.rs`.
    const MAX_DOUBT: f64 = 0.6;
    /// A word that fits worse is not the one that was meant.
    const MAX_WORD_DOUBT: f64 = 5.0;

    /// Whether what was heard can be what was meant.
    pub fn fits(&self) -> bool {
        self.doubt <= Self::MAX_DOUBT && self.worst.as_ref().is_none_or(|(_, doubt)| *doubt <= Self::MAX_WORD_DOUBT)
    }

    /// Something that could not be heard at all.
    fn nothing() -> Self {
        Self { doubt: f64::INFINITY, worst: None }
    }
}

impl Verifier {
    /// Loads the aligner.
    ///
    /// # Errors
    /// A base model that can't be used.
    pub fn load(models: &Models) -> Result<Self, ModelError> {
        let mel = MelSpectrogram::new(&MelConfig::synthesis(), Device::Cpu);
        Ok(Self { aligner: models.aligner()?, mel })
    }

    /// Listens to samples at the rate of synthesis for an utterance.
    pub fn hear(&self, samples: &[f32], utterance: &Utterance) -> Hearing {
        if samples.is_empty() {
            return Hearing::nothing();
        }
        let mel = self.mel.of(samples);
        let Ok((alignment, doubts)) = self.aligner.doubts(&mel, &utterance.symbols) else { return Hearing::nothing() };
        let mean = |symbols: std::ops::Range<usize>| {
            let each = symbols.map(|at| (alignment.durations[at] as f64, doubts[at]));
            let (frames, sum) = each.fold((0.0, 0.0), |(frames, sum), (n, doubt)| (frames + n, sum + n * doubt));
            sum / f64::max(frames, 1.0)
        };
        let words = utterance.words.iter().map(|word| (word.text.clone(), mean(word.symbols.clone())));
        Hearing { doubt: mean(0..utterance.symbols.len()), worst: words.max_by(|a, b| a.1.total_cmp(&b.1)) }
    }
}
