//! Voices between voices.

use std::collections::BTreeSet;

use tch::{Kind, Tensor};

use super::correction::Correction;
use super::models::{ModelError, Models};
use super::voice::Voice;
use crate::nn::checkpoint::Weights;

/// A voice named on the command line with how much of it is wanted, of 1 in all.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// A voice's name, or a recording.
    pub voice: String,
    /// Above 0, up to 1.
    pub weight: f64,
}

/// Reads `anna`, or a blend: `anna:0.7+ben:0.3`, `anna+ben+ref.wav` in equal parts. Weights count against each other.
///
/// # Errors
/// A part without a name, or a weight that is no number above zero.
pub fn parse(typed: &str) -> Result<Vec<Share>, String> {
    let mut shares = typed.split('+').map(share).collect::<Result<Vec<_>, _>>()?;
    let total: f64 = shares.iter().map(|share| share.weight).sum();
    for share in &mut shares {
        share.weight /= total;
    }
    Ok(shares)
}

fn share(part: &str) -> Result<Share, String> {
    let (voice, weight) = match part.rsplit_once(':') {
        Some((voice, weight)) => {
            let number = weight.trim().parse().ok().filter(|weight: &f64| weight.is_finite() && *weight > 0.0);
            (
                voice,
                number
                    .ok_or_else(|| format!("{weight:?} in {part:?} is no weight; say for example anna:0.7+ben:0.3"))?,
            )
        }
        None => (part, 1.0),
    };
    match voice.trim() {
        "" => Err(format!("{part:?} names no voice; say for example anna:0.7+ben:0.3")),
        voice => Ok(Share { voice: voice.to_owned(), weight }),
    }
}

/// One voice out of several with their weights, which sum to 1: between their speakers, and between what training
/// changed for each (nothing, for one that was not trained).
///
/// # Errors
/// A base model that can't be read.
pub fn blend(parts: Vec<(Voice, f64)>, models: &Models) -> Result<Voice, ModelError> {
    let dimension = parts.iter().map(|(voice, _)| voice.embedding.len()).max().unwrap_or(0);
    let mut embedding = vec![0f32; dimension];
    for (voice, weight) in &parts {
        for (sum, value) in embedding.iter_mut().zip(&voice.embedding) {
            *sum += *weight as f32 * value;
        }
    }
    let norm = embedding.iter().map(|value| value * value).sum::<f32>().sqrt().max(1e-8);
    embedding.iter_mut().for_each(|value| *value /= norm);
    let name = parts.iter().map(|(voice, _)| voice.name.as_str()).collect::<Vec<_>>().join("+");
    let adapter = match parts.iter().any(|(voice, _)| voice.adapter.is_some()) {
        true => Some(blend_adapters(&parts, &models.acoustic_weights()?)),
        false => None,
    };
    let correction = Correction::blend(parts.iter().map(|(voice, weight)| (&voice.correction, *weight)));
    Ok(Voice { name, embedding, adapter, correction })
}

fn blend_adapters(parts: &[(Voice, f64)], base: &Weights) -> Weights {
    let adapters = || parts.iter().filter_map(|(voice, _)| voice.adapter.as_ref());
    let names: BTreeSet<&String> = adapters().flat_map(|adapter| adapter.tensors.keys()).collect();
    let mut blended = Weights::default();
    for name in names {
        let of = |voice: &Voice| {
            let own = voice.adapter.as_ref().and_then(|adapter| adapter.tensors.get(name));
            own.or_else(|| base.tensors.get(name)).map(|tensor| tensor.to_kind(Kind::Float))
        };
        let weighted: Option<Vec<Tensor>> = parts.iter().map(|(voice, weight)| Some(of(voice)? * *weight)).collect();
        if let Some(sum) = weighted.and_then(|all| all.into_iter().reduce(|a, b| a + b)) {
            blended.tensors.insert(name.clone(), sum);
        }
    }
    blended
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(typed: &str) -> Vec<(String, f64)> {
        parse(typed).expect("a blend").into_iter().map(|share| (share.voice, share.weight)).collect()
    }

    #[test]
    fn blends_are_read() {
        assert_eq!(weights("anna"), [("anna".into(), 1.0)]);
        assert_eq!(weights("anna:3 + ben:1"), [("anna".into(), 0.75), ("ben".into(), 0.25)]);
        assert_eq!(weights("anna+me/ref.wav"), [("anna".into(), 0.5), ("me/ref.wav".into(), 0.5)]);
        for odd in ["anna:x", "anna:0", "anna:-1", "anna:inf", "+ben", ":0.5", ""] {
            assert!(parse(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn adapters_meet_in_the_middle_and_the_base_stands_in_for_what_one_lacks() {
        let weights = |named: &[(&str, f32)]| {
            let tensors = named.iter().map(|&(name, value)| (name.to_owned(), Tensor::from_slice(&[value])));
            Weights { tensors: tensors.collect(), ..Weights::default() }
        };
        let voice =
            |adapter| Voice { name: String::new(), embedding: Vec::new(), adapter, correction: Correction::default() };
        let base = weights(&[("a", 1.0), ("b", 1.0), ("c", 1.0)]);
        let parts = [(voice(Some(weights(&[("a", 3.0), ("b", 5.0)]))), 0.75), (voice(None), 0.25)];
        let found = blend_adapters(&parts, &base);
        let values: Vec<_> =
            found.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.double_value(&[0]))).collect();
        assert_eq!(values, [("a", 2.5), ("b", 4.0)]);
    }
}
