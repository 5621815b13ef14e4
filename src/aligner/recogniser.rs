//! The aligner as the rest of the program uses it.

use std::path::Path;

use tch::{Device, Kind, Tensor, nn};

use super::chain::{Chain, Scores, TooShort, decode};
use super::network::{AlignerConfig, AlignerNetwork};
use super::phones::Phone;
use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::nn::host::floats;
use crate::text::symbols::Symbol;

/// A trained phoneme recogniser.
#[derive(Debug)]
pub struct Aligner {
    network: AlignerNetwork,
    prior_weight: f64,
    change_cost: f64,
    device: Device,
}

/// How a transcript lies on a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Alignment {
    /// Frames of each symbol; 0 for pauses that are not made.
    pub durations: Vec<usize>,
    /// Mean log score per frame; lower where the transcript does not fit.
    pub score: f64,
}

impl Aligner {
    /// Reads weights in safetensors, with their configuration in the metadata.
    pub fn load(path: &Path, device: Device) -> Result<Self, CheckpointError> {
        Self::from_weights(&Weights::read(path)?, device)
    }

    /// Builds the recogniser from weights that were read or trained.
    pub fn from_weights(weights: &Weights, device: Device) -> Result<Self, CheckpointError> {
        let mut store = nn::VarStore::new(device);
        let network = AlignerNetwork::new(store.root(), weights.json::<AlignerConfig>("model")?);
        weights.load_into(&store, str::to_string)?;
        store.freeze();
        let prior_weight = weights.json("prior_weight")?;
        Ok(Self { network, prior_weight, change_cost: weights.json("change_cost")?, device })
    }

    /// Times each symbol: log-mel (M, T), symbols (N).
    pub fn align(&self, mel: &Tensor, symbols: &[Symbol]) -> Result<Alignment, TooShort> {
        let rows = self.scores(mel);
        let (durations, score) = Chain::new(symbols).align(Scores { rows: &rows, classes: Phone::STATES })?;
        Ok(Alignment { durations, score })
    }

    /// Times each symbol as [`align`](Self::align), and tells how badly each fits what is heard: by how many nats per
    /// frame the best class of any kind is more likely than the symbol's own. 0 for symbols without frames.
    pub fn doubts(&self, mel: &Tensor, symbols: &[Symbol]) -> Result<(Alignment, Vec<f64>), TooShort> {
        let rows = self.scores(mel);
        let scores = Scores { rows: &rows, classes: Phone::STATES };
        let (durations, score) = Chain::new(symbols).align(scores)?;
        let best = |row: &[f32]| row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut frames = rows.chunks_exact(Phone::STATES);
        let doubts = symbols.iter().zip(&durations).map(|(&symbol, &duration)| {
            let own = Phone::of(symbol).states();
            let sum: f64 =
                frames.by_ref().take(duration).map(|row| f64::from(best(row) - best(&row[own.clone()]))).sum();
            sum / duration.max(1) as f64
        });
        let doubts = doubts.collect();
        Ok((Alignment { durations, score }, doubts))
    }

    /// What is said, without a transcript: runs of (class, frames) over log-mel (M, T).
    pub fn recognise(&self, mel: &Tensor) -> Vec<(Phone, usize)> {
        let rows = self.scores(mel);
        decode(Scores { rows: &rows, classes: Phone::STATES }, self.change_cost)
    }

    /// The phonemes that are heard, without pauses.
    pub fn phones(&self, mel: &Tensor) -> Vec<Phone> {
        let runs = self.recognise(mel).into_iter();
        runs.map(|(phone, _)| phone).filter(|&phone| phone != Phone::SILENCE).collect()
    }

    /// Log scores (T, K) in rows.
    fn scores(&self, mel: &Tensor) -> Vec<f32> {
        tch::no_grad(|| {
            let frames = mel.size()[1];
            let padding = frames % 2;
            let mel = mel.to_device(self.device).to_kind(Kind::Float).pad([0, padding], "constant", None).unsqueeze(0);
            let mask = Tensor::ones([1, frames], (Kind::Float, self.device)).pad([0, padding], "constant", None);
            let log_probabilities = self.network.forward(&mel, &mask);
            let scores = self.network.scores(&log_probabilities, self.prior_weight);
            floats(&scores.select(0, 0).narrow(0, 0, frames))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_and_tiny_recordings_are_recognised() {
        tch::manual_seed(6);
        let store = nn::VarStore::new(Device::Cpu);
        let config = AlignerConfig { blocks: 1, ..Default::default() };
        AlignerNetwork::new(store.root(), config.clone());
        let mut weights = Weights::from_store(&store);
        weights.set_json("model", &config).expect("a configuration");
        weights.set_json("prior_weight", &0.5).expect("a number");
        weights.set_json("change_cost", &1.0).expect("a number");
        let aligner = Aligner::from_weights(&weights, Device::Cpu).expect("weights that fit");
        for frames in [1, 7, 40] {
            let mel = Tensor::randn([80, frames], (Kind::Float, Device::Cpu));
            let total: usize = aligner.recognise(&mel).iter().map(|(_, frames)| frames).sum();
            assert_eq!(total, frames as usize);
        }
        let symbols: Vec<Symbol> = [" ", "B", "."].iter().filter_map(|name| Symbol::from_name(name)).collect();
        let mel = Tensor::randn([80, 9], (Kind::Float, Device::Cpu));
        let alignment = aligner.align(&mel, &symbols).expect("enough frames");
        assert_eq!(alignment.durations.iter().sum::<usize>(), 9);
    }
}
