//! Utterances as the aligner learns from them.

use tch::{Kind, Tensor};

use crate::aligner::chain::Chain;
use crate::aligner::gaussian::as_scores;
use crate::aligner::phones::Phone;
use crate::dataset::prepared::Prepared;
use crate::nn::host::floats;
use crate::nn::shared::Shared;
use crate::text::FrontEnd;
use crate::text::symbols::Symbol;

/// An utterance with its chain of phonemes.
#[derive(Debug)]
pub(super) struct Spoken {
    /// (M, T) log-mel.
    pub(super) mel: Shared,
    /// What is said, without pauses.
    pub(super) phones: Vec<Phone>,
    /// The states that are passed.
    pub(super) script: Script,
}

/// What is said, and where nothing is.
#[derive(Debug, Clone)]
pub(super) struct Script {
    chain: Chain,
    /// (T) whether a frame is as loud as speech.
    pub(super) loud: Vec<bool>,
}

impl Spoken {
    pub(super) fn new(prepared: Prepared, front_end: &FrontEnd) -> Option<Self> {
        let (mel, _) = prepared.features?;
        let symbols = front_end.phonemize(prepared.utterance.text.as_ref()?).symbols;
        let chain = Chain::new(&symbols);
        let fits = !symbols.is_empty() && chain.least_frames() < mel.size()[1] as usize;
        let phones = symbols.iter().copied().filter(|s: &Symbol| s.is_phoneme()).map(Phone::of).collect();
        let loud = loud_frames(&mel);
        fits.then_some(Self { mel, phones, script: Script { chain, loud } })
    }

    pub(super) fn frames(&self) -> usize {
        self.mel.size()[1] as usize
    }
}

impl Script {
    /// The probability of each state at each frame, from its scores: (T, K) in rows. None where it does not fit.
    pub(super) fn occupation(&self, mut rows: Vec<f32>) -> Option<Vec<f32>> {
        self.favour_silence(&mut rows);
        self.chain.occupation(as_scores(&rows)).ok()
    }

    /// Makes silence far more likely in every long quiet stretch (scores (T, K) in rows). A phoneme before a pause
    /// would otherwise learn to last until its end.
    fn favour_silence(&self, rows: &mut [f32]) {
        const LEAST_FRAMES: usize = 10;
        const BONUS: f32 = 12.0;
        let mut start = 0;
        for stretch in self.loud.chunk_by(|a, b| a == b) {
            if !stretch[0] && stretch.len() >= LEAST_FRAMES {
                for frame in start..start + stretch.len() {
                    rows[frame * Phone::STATES + Phone::SILENCE.states().start] += BONUS;
                }
            }
            start += stretch.len();
        }
    }
}

/// Whether each frame of log-mel (M, T) is as loud as speech: nearer to the loud parts than to the quiet ones.
fn loud_frames(mel: &Tensor) -> Vec<bool> {
    let energy = floats(&mel.to_kind(Kind::Float).mean_dim([0i64].as_slice(), false, Kind::Float));
    let mut sorted = energy.clone();
    sorted.sort_by(f32::total_cmp);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize];
    let threshold = at(0.05) + 0.3 * (at(0.95) - at(0.05));
    energy.into_iter().map(|value| value > threshold).collect()
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    /// A phoneme before a long quiet stretch does not last into it, though nothing else in the scores says so.
    #[test]
    fn long_quiet_stretches_are_silence() {
        let symbols: Vec<Symbol> = [" ", "F", "."].iter().filter_map(|name| Symbol::from_name(name)).collect();
        let floats = (Kind::Float, Device::Cpu);
        let mel = Tensor::cat(&[Tensor::full([80, 8], -3.0, floats), Tensor::full([80, 12], -9.0, floats)], 1);
        let chain = Chain::new(&symbols);
        let silence = |loud: Vec<bool>, frame: usize| {
            let script = Script { chain: chain.clone(), loud };
            let occupation = script.occupation(vec![0.0; 20 * Phone::STATES]).expect("it fits");
            occupation[frame * Phone::STATES + Phone::SILENCE.states().start]
        };
        let quiet = loud_frames(&mel);
        assert_eq!(quiet.iter().filter(|&&loud| loud).count(), 8);
        assert!(silence(quiet, 8) > 0.99);
        assert!(silence(vec![true; 20], 8) < 0.7);
    }
}
