//! The whole acoustic model.

use tch::{Device, Tensor, nn};

use super::config::AcousticConfig;
use super::controls::Controls;
use super::decoder::{Decoder, Frames};
use super::encoder::TextEncoder;
use super::expand::{Expansion, round_durations};
use super::variance::{Variance, VarianceEmbedding, VariancePredictor, energy_db, pitch_hz};
use crate::nn::host::{floats, sent};
use crate::text::symbols::Symbol;

/// Text to mel.
#[derive(Debug)]
pub struct AcousticModel {
    config: AcousticConfig,
    encoder: TextEncoder,
    variance: VariancePredictor,
    embedding: VarianceEmbedding,
    decoder: Decoder,
    device: Device,
}

/// What the vocoder needs, and when what is said.
#[derive(Debug)]
pub struct AcousticOutput {
    /// (1, M, T) log-mel.
    pub mel: Tensor,
    /// (1, T) F0 in Hz, without gaps.
    pub f0_hz: Tensor,
    /// (1, T) from 0 to 1.
    pub voicing: Tensor,
    /// Frames of each symbol.
    pub durations: Vec<usize>,
}

/// How a symbol is said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SymbolProsody {
    /// How long, in frames.
    pub frames: f64,
    /// How high.
    pub f0_hz: f32,
    /// Mean log-mel magnitude in dB.
    pub energy_db: f32,
}

/// A batch with known prosody, for training.
#[derive(Debug)]
pub struct Teaching<'a> {
    /// (B, N) ids.
    pub symbols: &'a Tensor,
    /// (B, N, 1).
    pub mask: &'a Tensor,
    /// (B, S).
    pub speaker: &'a Tensor,
    /// Frames of each symbol.
    pub durations: &'a [Vec<usize>],
    /// (B, N).
    pub pitch: &'a Tensor,
    /// (B, N).
    pub energy: &'a Tensor,
}

/// An utterance that is to be spoken.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// (N).
    pub symbols: &'a [Symbol],
    /// The speaker's embedding (S), of unit length.
    pub speaker: &'a [f32],
    /// How it is said.
    pub controls: &'a Controls,
}

impl AcousticModel {
    /// Parameters `encoder`, `variance`, `embedding`, `decoder`.
    pub fn new(path: nn::Path, config: AcousticConfig) -> Self {
        Self {
            encoder: TextEncoder::new(&path / "encoder", &config),
            variance: VariancePredictor::new(&path / "variance", &config),
            embedding: VarianceEmbedding::new(&path / "embedding", &config),
            decoder: Decoder::new(&path / "decoder", &config),
            device: path.device(),
            config,
        }
    }

    /// The sizes that it was made with.
    pub fn config(&self) -> &AcousticConfig {
        &self.config
    }

    /// Predictions with the true durations, pitch and energy behind them.
    pub fn teach(&self, batch: &Teaching) -> (Variance, Frames, Expansion) {
        let text = self.encoder.forward(batch.symbols, batch.mask);
        let variance = self.variance.forward(&text, batch.speaker, batch.mask);
        let text = self.embedding.forward(&text, batch.pitch, batch.energy);
        let expansion = Expansion::new(batch.durations, self.device);
        let frames = self.decoder.forward(&text, &expansion, batch.speaker);
        (variance, frames, expansion)
    }

    /// Speaks one utterance: symbols (N), speaker embedding (S) of unit length.
    pub fn speak(&self, symbols: &[Symbol], speaker: &[f32], controls: &Controls) -> AcousticOutput {
        self.speak_each(&[Said { symbols, speaker, controls }]).swap_remove(0)
    }

    /// Speaks several utterances at once, each as it would be alone.
    pub fn speak_each(&self, said: &[Said]) -> Vec<AcousticOutput> {
        if said.is_empty() {
            return Vec::new();
        }
        tch::no_grad(|| {
            let speakers: Vec<Tensor> = said.iter().map(|one| Tensor::from_slice(one.speaker)).collect();
            let speakers = sent(&Tensor::stack(&speakers, 0), self.device);
            let symbols: Vec<&[Symbol]> = said.iter().map(|one| one.symbols).collect();
            let (text, predicted) = self.predict(&symbols, &speakers);
            let count = text.size()[1];
            let Variance { log_duration, pitch, energy } = predicted.to_device(Device::Cpu);
            let (mut durations, mut pitches, mut energies) = (Vec::new(), Vec::new(), Vec::new());
            for (Said { symbols, controls, .. }, row) in said.iter().zip(0..) {
                let own = |values: &Tensor| values.narrow(0, row, 1).narrow(1, 0, symbols.len() as i64);
                let padded = |values: Tensor| values.constant_pad_nd([0, count - symbols.len() as i64]);
                let frames = controls.frames(&own(&log_duration), self.config.mel.frame_rate());
                let least: Vec<usize> = symbols.iter().map(|symbol| usize::from(symbol.is_phoneme())).collect();
                durations.push(round_durations(&frames, &least));
                pitches.push(padded(controls.pitch(&own(&pitch), symbols)));
                energies.push(padded(controls.energy(&own(&energy), symbols)));
            }
            let joined = |rows: &[Tensor]| sent(&Tensor::cat(rows, 0), self.device);
            let text = self.embedding.forward(&text, &joined(&pitches), &joined(&energies));
            let expansion = Expansion::new(&durations, self.device);
            let frames = self.decoder.forward(&text, &expansion, &speakers);
            let f0_hz = frames.f0_hz();
            let cut = |(row, durations): (i64, Vec<usize>)| {
                let used = (durations.iter().sum::<usize>() as i64).max(1);
                let own = |values: &Tensor, axis: i64| values.narrow(0, row, 1).narrow(axis, 0, used);
                AcousticOutput {
                    mel: own(&frames.mel, 2),
                    f0_hz: own(&f0_hz, 1),
                    voicing: own(&frames.voicing, 1).sigmoid(),
                    durations,
                }
            };
            (0..).zip(durations).map(cut).collect()
        })
    }

    /// How the voice would say symbols (N) in its own way.
    pub fn prosody(&self, symbols: &[Symbol], speaker: &[f32]) -> Vec<SymbolProsody> {
        tch::no_grad(|| {
            let speaker = Tensor::from_slice(speaker).unsqueeze(0).to_device(self.device);
            let (_, Variance { log_duration, pitch, energy }) = self.predict(&[symbols], &speaker);
            let frames = Controls::default().frames(&log_duration, self.config.mel.frame_rate());
            let (f0_hz, energy) = (floats(&pitch_hz(&pitch)), floats(&energy_db(&energy)));
            let each = frames.into_iter().zip(f0_hz.into_iter().zip(energy));
            each.map(|(frames, (f0_hz, energy_db))| SymbolProsody { frames, f0_hz, energy_db }).collect()
        })
    }

    /// The texts' encoding (B, N, C), and what is predicted from it for speakers (B, S).
    fn predict(&self, texts: &[&[Symbol]], speakers: &Tensor) -> (Tensor, Variance) {
        let count = texts.iter().map(|symbols| symbols.len()).max().unwrap_or(0);
        let row = |symbols: &&[Symbol]| {
            let mut ids: Vec<i64> = symbols.iter().map(|symbol| i64::from(symbol.id())).collect();
            let mut mask = vec![1f32; ids.len()];
            ids.resize(count, 0);
            mask.resize(count, 0.0);
            (Tensor::from_slice(&ids), Tensor::from_slice(&mask))
        };
        let (ids, masks): (Vec<Tensor>, Vec<Tensor>) = texts.iter().map(row).unzip();
        let stack = |rows: &[Tensor]| sent(&Tensor::stack(rows, 0), self.device);
        let (ids, mask) = (stack(&ids), stack(&masks).unsqueeze(-1));
        let text = self.encoder.forward(&ids, &mask);
        let variance = self.variance.forward(&text, speakers, &mask);
        (text, variance)
    }
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;

    fn model() -> (nn::VarStore, AcousticModel) {
        tch::manual_seed(4);
        let store = nn::VarStore::new(Device::Cpu);
        let config = AcousticConfig { channels: 16, hidden: 32, decoder_blocks: 2, ..Default::default() };
        let model = AcousticModel::new(store.root(), config);
        (store, model)
    }

    fn hello() -> Vec<Symbol> {
        [" ", "HH", "AH0", "L", "OW1", "."].iter().filter_map(|name| Symbol::from_name(name)).collect()
    }

    #[test]
    fn every_phoneme_is_said() {
        let (_store, model) = model();
        let output = model.speak(&hello(), &[0.07; 192], &Controls::default());
        for (symbol, &frames) in hello().iter().zip(&output.durations) {
            assert!(frames >= usize::from(symbol.is_phoneme()), "{symbol}");
        }
        let frames = output.durations.iter().sum::<usize>() as i64;
        assert_eq!(output.mel.size(), [1, 80, frames]);
        assert_eq!(output.f0_hz.size(), [1, frames]);
    }

    #[test]
    fn spoken_at_once_or_alone_it_is_the_same() {
        let (_store, model) = model();
        let (long, short) = (hello(), hello()[2..].to_vec());
        let (slow, plain) = (Controls { pitch_range: 1.4, ..Controls::default() }, Controls::default());
        let said = [
            Said { symbols: &short, speaker: &[0.07; 192], controls: &plain },
            Said { symbols: &long, speaker: &[-0.07; 192], controls: &slow },
        ];
        for (one, together) in said.iter().zip(model.speak_each(&said)) {
            let alone = model.speak(one.symbols, one.speaker, one.controls);
            assert_eq!(together.durations, alone.durations);
            let gap = |a: &Tensor, b: &Tensor| (a - b).abs().max().double_value(&[]);
            assert!(gap(&together.mel, &alone.mel) < 1e-4);
            assert!(gap(&together.f0_hz, &alone.f0_hz) < 0.01 && gap(&together.voicing, &alone.voicing) < 1e-4);
        }
        assert!(model.speak_each(&[]).is_empty());
    }

    #[test]
    fn a_padded_batch_equals_its_members() {
        let (_store, model) = model();
        let floats = (Kind::Float, Device::Cpu);
        let symbols = Tensor::from_slice2(&[[1i64, 20, 40, 3], [1, 21, 3, 0]]);
        let mask = Tensor::from_slice2(&[[1f32, 1., 1., 1.], [1., 1., 1., 0.]]).unsqueeze(-1);
        let (pitch, energy) = (Tensor::zeros([2, 4], floats), Tensor::ones([2, 4], floats));
        let speaker = Tensor::randn([2, 192], floats);
        let durations = [vec![1, 3, 4, 2], vec![0, 3, 1]];
        let (_, both, _) = model.teach(&Teaching {
            symbols: &symbols,
            mask: &mask,
            speaker: &speaker,
            durations: &durations,
            pitch: &pitch,
            energy: &energy,
        });
        let cut = |tensor: &Tensor| tensor.narrow(0, 1, 1).narrow(1, 0, 3);
        let (_, one, _) = model.teach(&Teaching {
            symbols: &cut(&symbols),
            mask: &cut(&mask),
            speaker: &speaker.narrow(0, 1, 1),
            durations: &durations[1..],
            pitch: &cut(&pitch),
            energy: &cut(&energy),
        });
        let gap = (both.mel.narrow(0, 1, 1).narrow(2, 0, 4) - one.mel).abs().max().double_value(&[]);
        assert!(gap < 1e-4, "{gap}");
    }
}
