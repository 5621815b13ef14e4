//! Replay: what the base says in its own voices, learnt again beside the new speaker's speech, so that sounds and
//! contexts which that speech does not hold are not forgotten.
//!
//! The base's training data stays where it was made; the base itself stands in for it.

use std::collections::BTreeMap;

use tch::{Kind, Tensor};

use crate::acoustic::variance::{log_pitch, scale_energy};
use crate::acoustic::{AcousticModel, Controls, SymbolProsody};
use crate::synthesis::sentences::HARVARD;
use crate::text::FrontEnd;
use crate::train::acoustic::Speakers;
use crate::train::labels::Labelled;

/// So many utterances are replayed for each of the speaker's.
const SHARE: f64 = 0.15;
/// But never fewer.
const LEAST: usize = 6;

/// What the base says in `voices`, beside `utterances` of the speaker's own: labelled, with the voices' embeddings.
pub(super) fn replay(
    base: &AcousticModel,
    voices: &BTreeMap<String, Vec<f32>>,
    utterances: usize,
) -> (Vec<Labelled>, Speakers) {
    let front_end = FrontEnd::new();
    let count = ((utterances as f64 * SHARE).round() as usize).clamp(LEAST, HARVARD.len());
    let named = voices.iter().map(|(name, embedding)| (format!("replay/{name}"), embedding)).collect::<Vec<_>>();
    if named.is_empty() {
        return Default::default();
    }
    let said = HARVARD.iter().zip(named.iter().cycle()).take(count);
    let labelled = said.enumerate().map(|(index, (sentence, (name, embedding)))| {
        let mut label = say(base, &front_end, sentence, embedding);
        (label.key, label.speaker) = (format!("replay/{index:02}"), name.clone());
        label
    });
    let speakers = named.iter().map(|(name, embedding)| (name.clone(), vec![(*embedding).clone()])).collect();
    (labelled.collect(), speakers)
}

fn say(base: &AcousticModel, front_end: &FrontEnd, sentence: &str, embedding: &[f32]) -> Labelled {
    let symbols = front_end.phonemize(sentence).symbols;
    let prosody = base.prosody(&symbols, embedding);
    let output = base.speak(&symbols, embedding, &Controls::default());
    let of = |value: fn(&SymbolProsody) -> f32| Tensor::from_slice(&prosody.iter().map(value).collect::<Vec<_>>());
    let nats_per_db = std::f64::consts::LN_10 / 20.0;
    let host = |tensor: &Tensor| crate::nn::host::floats(tensor);
    Labelled {
        key: String::new(),
        speaker: String::new(),
        pitch: host(&log_pitch(&of(|symbol| symbol.f0_hz))),
        energy: host(&scale_energy(&(of(|symbol| symbol.energy_db) * nats_per_db))),
        mel: output.mel.squeeze_dim(0).to_device(tch::Device::Cpu).to_kind(Kind::Half).into(),
        frame_pitch: log_pitch(&output.f0_hz.squeeze_dim(0).to_device(tch::Device::Cpu)).into(),
        voicing: output.voicing.squeeze_dim(0).to_device(tch::Device::Cpu).gt(0.5).to_kind(Kind::Float).into(),
        symbols,
        durations: output.durations,
        samples: Tensor::zeros([0], (Kind::Int16, tch::Device::Cpu)).into(),
        score: 0.0,
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, nn};

    use super::*;
    use crate::acoustic::AcousticConfig;

    #[test]
    fn what_is_replayed_is_what_the_base_says() {
        tch::manual_seed(3);
        let store = nn::VarStore::new(Device::Cpu);
        let config = AcousticConfig { channels: 16, hidden: 32, decoder_blocks: 2, ..Default::default() };
        let base = AcousticModel::new(store.root(), config);
        // A pitch that a voice can have: below 40 Hz there is none.
        tch::no_grad(|| {
            for (_, mut weight) in store.variables().into_iter().filter(|(name, _)| name.starts_with("variance.head")) {
                let _ = weight.g_mul_scalar_(0.2);
            }
        });
        let voices = ["ann", "ben"].map(|name| (name.to_string(), vec![0.07; 192]));
        let (labelled, speakers) = replay(&base, &BTreeMap::from(voices), 60);
        assert_eq!((labelled.len(), speakers.len()), (9, 2));
        for item in &labelled {
            assert!(speakers.contains_key(&item.speaker));
            assert_eq!(item.durations.iter().sum::<usize>() as i64, item.mel.size()[1]);
            assert_eq!([item.pitch.len(), item.energy.len()], [item.symbols.len(); 2]);
            assert_eq!([item.frame_pitch.size()[0], item.voicing.size()[0]], [item.mel.size()[1]; 2]);
        }
        // Taught its own speech, the base is right already.
        let items: Vec<&Labelled> = labelled.iter().take(1).collect();
        let batch = crate::train::taught::TaughtBatch::new(&items, &[&[0.07; 192]], Device::Cpu);
        let (variance, frames, _) = tch::no_grad(|| batch.teach(&base));
        let mel = labelled[0].mel.to_kind(Kind::Float);
        let made = frames.mel.squeeze_dim(0).narrow(1, 0, mel.size()[1]);
        let gap = (made - &mel).abs().max().double_value(&[]);
        assert!(gap < 0.02, "{gap} of {}", mel.abs().max().double_value(&[]));
        assert!((variance.pitch - batch.pitch).abs().max().double_value(&[]) < 1e-3);
        assert!(replay(&base, &BTreeMap::new(), 60).0.is_empty());
    }
}
