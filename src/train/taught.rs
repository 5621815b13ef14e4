//! Labelled utterances as the acoustic model is taught them: padded, with known durations, pitch and energy.

use tch::{Device, Kind, Tensor};

use super::labels::Labelled;
use crate::acoustic::decoder::Frames;
use crate::acoustic::expand::Expansion;
use crate::acoustic::model::{AcousticModel, Teaching};
use crate::acoustic::variance::Variance;
use crate::nn::host::sent;

/// A padded batch, N symbols long.
#[derive(Debug)]
pub struct TaughtBatch {
    symbols: Tensor,
    /// (B, N, 1).
    pub mask: Tensor,
    speaker: Tensor,
    durations: Vec<Vec<usize>>,
    /// (B, N) `ln(1 + frames)`.
    pub log_duration: Tensor,
    /// (B, N).
    pub pitch: Tensor,
    /// (B, N).
    pub energy: Tensor,
}

impl TaughtBatch {
    /// Pads `items`, each spoken by the speaker with that embedding.
    pub fn new(items: &[&Labelled], speakers: &[&[f32]], device: Device) -> Self {
        let count = items.iter().map(|item| item.symbols.len()).max().unwrap_or(1);
        let stack = |row: &dyn Fn(&Labelled) -> Vec<f32>| {
            let padded = |item: &&Labelled| {
                let mut row = row(item);
                row.resize(count, 0.0);
                Tensor::from_slice(&row)
            };
            sent(&Tensor::stack(&items.iter().map(padded).collect::<Vec<_>>(), 0), device)
        };
        let symbols = stack(&|item| item.symbols.iter().map(|symbol| f32::from(symbol.id())).collect());
        let symbols = symbols.to_kind(Kind::Int64);
        let speakers: Vec<Tensor> = speakers.iter().map(|embedding| Tensor::from_slice(embedding)).collect();
        Self {
            mask: symbols.not_equal(0).to_kind(Kind::Float).unsqueeze(-1),
            symbols,
            speaker: sent(&Tensor::stack(&speakers, 0), device),
            durations: items.iter().map(|item| item.durations.clone()).collect(),
            log_duration: stack(&|item| item.durations.iter().map(|&frames| (frames as f32).ln_1p()).collect()),
            pitch: stack(&|item| item.pitch.clone()),
            energy: stack(&|item| item.energy.clone()),
        }
    }

    /// Frames T that the model makes of it, padding included.
    pub fn frames(&self) -> i64 {
        Expansion::frames_of(&self.durations) as i64
    }

    /// What the model makes of it.
    pub fn teach(&self, model: &AcousticModel) -> (Variance, Frames, Expansion) {
        model.teach(&Teaching {
            symbols: &self.symbols,
            mask: &self.mask,
            speaker: &self.speaker,
            durations: &self.durations,
            pitch: &self.pitch,
            energy: &self.energy,
        })
    }
}
