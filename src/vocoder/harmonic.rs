//! Harmonic-plus-noise vocoder: pulse train and noise through predicted filters in the STFT domain.
//!
//! After the neural source-filter models (Wang et al. 2019), with the ConvNeXt body and the inverse STFT of Vocos
//! (Siuzdak 2023). The body sees mel, F0 and voicing at the frame rate. For each frame it gives a filter for the pulses
//! (magnitude, and phase relative to minimum phase) and, in finer steps of time, magnitudes for the noise: bursts and
//! breath change within a frame, and need no fine frequencies.

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor, nn};

use super::consistency::{MelConsistency, MelSource};
use super::excitation::{pulse_train, white_noise};
use super::filter::minimum_phase;
use super::lengths::Lengths;
use crate::features::mel::MelConfig;
use crate::features::stft::{Stft, StftConfig};
use crate::nn::convnext::{ConvNextBlock, ConvNextConfig};
use crate::nn::host::sent;
use crate::nn::mixed;

/// Sizes of the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HarmonicConfig {
    /// Channels C of the body.
    pub channels: i64,
    /// Channels between the pointwise layers of a block.
    pub hidden: i64,
    /// Number of blocks.
    pub blocks: i64,
    /// Width of the depthwise convolutions in frames.
    pub kernel: i64,
    /// The mel spectrogram that it inverts.
    pub mel: MelConfig,
    /// Rounds in which what was made is brought back to the mel.
    pub rounds: usize,
}

impl Default for HarmonicConfig {
    fn default() -> Self {
        Self { channels: 320, hidden: 960, blocks: 7, kernel: 7, mel: MelConfig::synthesis(), rounds: 2 }
    }
}

/// What the vocoder is told about each frame.
#[derive(Debug)]
pub struct VocoderInput {
    /// (B, M, T) log-mel.
    pub mel: Tensor,
    /// (B, T) F0 in Hz without gaps: unvoiced frames are interpolated.
    pub f0_hz: Tensor,
    /// (B, T) from 0 (unvoiced) to 1.
    pub voicing: Tensor,
    /// Where the mel comes from.
    pub source: MelSource,
}

/// The vocoder.
#[derive(Debug)]
pub struct HarmonicVocoder {
    config: HarmonicConfig,
    embed: nn::Conv1D,
    norm: nn::LayerNorm,
    blocks: Vec<ConvNextBlock>,
    final_norm: nn::LayerNorm,
    head: nn::Linear,
    stft: Stft,
    noise_stft: Stft,
    consistency: MelConsistency,
}

/// Noise filters in a frame.
const NOISE_STEPS: i64 = 4;

/// The filters of an utterance.
struct Filters {
    /// (B, F, T) log magnitude for the pulses.
    pulse: Tensor,
    /// (B, F, T) their phase beside minimum phase, in radians.
    phase: Tensor,
    /// (B, F', 4 T) log magnitude for the noise.
    noise: Tensor,
}

impl HarmonicVocoder {
    /// Parameters `embed`, `norm`, `blocks.N`, `final_norm`, `head`.
    pub fn new(path: nn::Path, config: HarmonicConfig) -> Self {
        let HarmonicConfig { channels, hidden, blocks, kernel, ref mel, .. } = config;
        let inputs = mel.n_mels + 2;
        let noise = StftConfig { n_fft: mel.hop, hop: mel.hop / NOISE_STEPS };
        let padded = nn::ConvConfig { padding: kernel / 2, ..Default::default() };
        let block = ConvNextConfig { channels, hidden, kernel, dilation: 1, layer_scale: 1.0 / blocks as f64 };
        let quiet = nn::LinearConfig { ws_init: nn::Init::Randn { mean: 0.0, stdev: 0.01 }, ..Default::default() };
        Self {
            embed: nn::conv1d(&path / "embed", inputs, channels, kernel, padded),
            norm: nn::layer_norm(&path / "norm", vec![channels], Default::default()),
            blocks: (0..blocks).map(|i| ConvNextBlock::new(&path / "blocks" / i, block)).collect(),
            final_norm: nn::layer_norm(&path / "final_norm", vec![channels], Default::default()),
            head: nn::linear(&path / "head", channels, 2 * mel.stft().bins() + NOISE_STEPS * noise.bins(), quiet),
            stft: Stft::new(mel.stft(), path.device()),
            noise_stft: Stft::new(noise, path.device()),
            consistency: MelConsistency::new(mel, path.device()),
            config,
        }
    }

    /// The sizes that it was made with.
    pub fn config(&self) -> &HarmonicConfig {
        &self.config
    }

    /// (B, M, T), (B, T), (B, T) -> (B, T * hop) samples. The noise comes from libtorch's generator.
    pub fn forward(&self, input: &VocoderInput) -> Tensor {
        self.restore(&self.shape(input), input)
    }

    /// The first half of [`forward`](Self::forward): pulses and noise through their filters, (B, T * hop).
    pub fn shape(&self, input: &VocoderInput) -> Tensor {
        self.excited(input, Tensor::randn_like, &Lengths::Same)
    }

    /// The second half: what was shaped is made to keep to the mel.
    pub fn restore(&self, shaped: &Tensor, input: &VocoderInput) -> Tensor {
        self.consistency.restore(shaped, &input.mel, input.source, self.config.rounds)
    }

    /// As [`forward`](Self::forward) of one utterance (B = 1), with noise that follows from `seed` alone.
    pub fn forward_seeded(&self, input: &VocoderInput, seed: u64) -> Tensor {
        let noise = |like: &Tensor| white_noise(like.size()[1], seed).unsqueeze(0).to_device(like.device());
        self.restore(&self.excited(input, noise, &Lengths::Same), input)
    }

    /// Several utterances at once, each as by [`forward_seeded`](Self::forward_seeded) alone: samples (1, T * hop) of
    /// each, on the CPU. All mels come from the same source.
    pub fn forward_each(&self, inputs: &[&VocoderInput], seeds: &[u64]) -> Vec<Tensor> {
        let frames: Vec<i64> = inputs.iter().map(|input| input.mel.size()[2]).collect();
        let (longest, shortest) = (frames.iter().max(), frames.iter().min());
        let (Some(&longest), Some(&shortest)) = (longest, shortest) else { return Vec::new() };
        if shortest < Lengths::SHORTEST {
            let alone =
                |(input, &seed): (&&VocoderInput, &u64)| self.forward_seeded(input, seed).to_device(Device::Cpu);
            return inputs.iter().zip(seeds).map(alone).collect();
        }
        let hop = self.config.mel.hop;
        // Behind its end an utterance goes on as it ended, and its noise is silent.
        let held = |values: &Tensor| values.pad([0, longest - values.size()[1]], "replicate", None);
        let joined = |of: &dyn Fn(&VocoderInput) -> Tensor| {
            let rows: Vec<Tensor> = inputs.iter().map(|input| held(&of(input))).collect();
            Tensor::cat(&rows, 0)
        };
        let mels: Vec<Tensor> = inputs.iter().map(|input| held(&input.mel.squeeze_dim(0)).unsqueeze(0)).collect();
        let batch = VocoderInput {
            mel: Tensor::cat(&mels, 0),
            f0_hz: joined(&|input| input.f0_hz.shallow_clone()),
            voicing: joined(&|input| input.voicing.shallow_clone()),
            source: inputs[0].source,
        };
        let lengths = Lengths::new(&frames, batch.mel.device());
        let noise = |like: &Tensor| {
            let row = |(&frames, &seed): (&i64, &u64)| {
                white_noise(frames * hop, seed).constant_pad_nd([0, (longest - frames) * hop])
            };
            let rows: Vec<Tensor> = frames.iter().zip(seeds).map(row).collect();
            sent(&Tensor::stack(&rows, 0), like.device())
        };
        let shaped = self.excited(&batch, noise, &lengths);
        let made = self.consistency.restore_each(&shaped, &batch.mel, batch.source, self.config.rounds, &lengths);
        // All in one transfer.
        let made = made.to_device(Device::Cpu);
        frames.iter().zip(0..).map(|(&frames, row)| made.narrow(0, row, 1).narrow(1, 0, frames * hop)).collect()
    }

    fn excited(&self, input: &VocoderInput, noise: impl Fn(&Tensor) -> Tensor, lengths: &Lengths) -> Tensor {
        let MelConfig { rate, hop, .. } = self.config.mel;
        let pulses = pulse_train(&input.f0_hz, &input.voicing, rate.hz(), hop);
        let filters = self.filters(input, lengths);
        let pulse_filter = Tensor::polar(&filters.pulse.exp(), &(minimum_phase(&filters.pulse) + filters.phase));
        let noise = lengths.spectrum(&self.noise_stft, &noise(&pulses), NOISE_STEPS);
        let noise = noise * filters.noise.exp().to_kind(Kind::ComplexFloat);
        let pulses = lengths.spectrum(&self.stft, &pulses, 1) * pulse_filter;
        lengths.signal(&self.stft, &pulses, 1) + lengths.signal(&self.noise_stft, &noise, NOISE_STEPS)
    }

    fn filters(&self, input: &VocoderInput, lengths: &Lengths) -> Filters {
        // Around zero with a spread near one, as the body's layers expect.
        let mel = (&input.mel + 5.0) * 0.5;
        let pitch = (input.f0_hz.clamp_min(super::excitation::VOICED_FROM_HZ).log() - 5.0) * 2.0;
        let frames = Tensor::cat(&[mel, pitch.unsqueeze(1), input.voicing.unsqueeze(1)], 1);
        let mask = lengths.mask(frames.size()[2], 1);
        let frames = mask.as_ref().map_or_else(|| frames.shallow_clone(), |mask| &frames * mask);
        let mask = mask.map(|mask| mask.transpose(1, 2));
        let mut x = frames.apply(&self.embed).transpose(1, 2).apply(&self.norm);
        for block in &self.blocks {
            x = block.forward(&x, mask.as_ref());
        }
        let bins = self.config.mel.stft().bins();
        let out = mixed::linear(&x.apply(&self.final_norm), &self.head).to_kind(Kind::Float);
        let (batch, frames, _) = out.size3().unwrap_or_default();
        let noise_bins = self.noise_stft.config().bins();
        let noise = out.narrow(2, 2 * bins, NOISE_STEPS * noise_bins);
        Filters {
            pulse: log_magnitude(&out.narrow(2, 0, bins).transpose(1, 2)),
            phase: out.narrow(2, bins, bins).transpose(1, 2),
            noise: log_magnitude(&noise.reshape([batch, frames * NOISE_STEPS, noise_bins]).transpose(1, 2)),
        }
    }
}

/// Speech is far below full scale: starting there saves the first steps.
fn log_magnitude(head: &Tensor) -> Tensor {
    (head - 5.0).clamp(-18.0, 6.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_of_different_lengths_equals_its_members() {
        tch::manual_seed(3);
        let store = nn::VarStore::new(Device::Cpu);
        let vocoder = HarmonicVocoder::new(store.root(), HarmonicConfig { blocks: 2, ..Default::default() });
        let floats = (Kind::Float, Device::Cpu);
        for source in [MelSource::Model, MelSource::Recording] {
            let input = |frames: i64| VocoderInput {
                mel: Tensor::randn([1, 80, frames], floats) - 5.0,
                f0_hz: Tensor::rand([1, frames], floats) * 40.0 + 150.0,
                voicing: Tensor::rand([1, frames], floats).gt(0.3).to_kind(Kind::Float),
                source,
            };
            for frames in [vec![50, 49, 23, 7], vec![12, 12], vec![30, 3]] {
                let inputs: Vec<VocoderInput> = frames.iter().map(|&frames| input(frames)).collect();
                let seeds: Vec<u64> = (0..inputs.len() as u64).collect();
                let together = tch::no_grad(|| vocoder.forward_each(&inputs.iter().collect::<Vec<_>>(), &seeds));
                for ((input, &seed), made) in inputs.iter().zip(&seeds).zip(&together) {
                    let alone = tch::no_grad(|| vocoder.forward_seeded(input, seed));
                    assert_eq!(made.size(), alone.size());
                    let gap = (made - &alone).abs().max().double_value(&[]) / alone.abs().max().double_value(&[]);
                    assert!(gap < 1e-4, "{source:?}, {frames:?}: {gap}");
                }
            }
        }
    }

    #[test]
    fn it_gives_hop_samples_a_frame() {
        let store = nn::VarStore::new(Device::Cpu);
        let vocoder = HarmonicVocoder::new(store.root(), HarmonicConfig { blocks: 1, ..Default::default() });
        let floats = (Kind::Float, Device::Cpu);
        let input = VocoderInput {
            mel: Tensor::full([2, 80, 9], -5.0, floats),
            f0_hz: Tensor::full([2, 9], 120.0, floats),
            voicing: Tensor::ones([2, 9], floats),
            source: MelSource::Recording,
        };
        let samples = vocoder.forward(&input);
        assert_eq!(samples.size(), [2, 9 * 256]);
        assert!(samples.isfinite().all().int64_value(&[]) == 1);
    }
}
