//! Harmonic-plus-noise vocoder: pulse train and noise through predicted filters in the STFT domain.
//!
//! After the neural source-filter models (Wang et al. 2019), with the ConvNeXt body and the inverse STFT of Vocos
//! (Siuzdak 2023). The body sees mel, F0 and voicing at the frame rate. For each frame it gives a filter for the pulses
//! (magnitude, and phase relative to minimum phase) and, in finer steps of time, magnitudes for the noise: bursts and
//! breath change within a frame, and need no fine frequencies.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor, nn};

use super::consistency::{MelConsistency, MelSource};
use super::excitation::{pulse_train, white_noise};
use super::filter::minimum_phase;
use crate::features::mel::MelConfig;
use crate::features::stft::{Stft, StftConfig};
use crate::nn::convnext::{ConvNextBlock, ConvNextConfig};
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
        self.excited(input, Tensor::randn_like)
    }

    /// The second half: what was shaped is made to keep to the mel.
    pub fn restore(&self, shaped: &Tensor, input: &VocoderInput) -> Tensor {
        self.consistency.restore(shaped, &input.mel, input.source, self.config.rounds)
    }

    /// As [`forward`](Self::forward) of one utterance (B = 1), with noise that follows from `seed` alone.
    pub fn forward_seeded(&self, input: &VocoderInput, seed: u64) -> Tensor {
        let noise = |like: &Tensor| white_noise(like.size()[1], seed).unsqueeze(0).to_device(like.device());
        self.restore(&self.excited(input, noise), input)
    }

    fn excited(&self, input: &VocoderInput, noise: impl Fn(&Tensor) -> Tensor) -> Tensor {
        let MelConfig { rate, hop, .. } = self.config.mel;
        let pulses = pulse_train(&input.f0_hz, &input.voicing, rate.hz(), hop);
        let filters = self.filters(input);
        let pulse_filter = Tensor::polar(&filters.pulse.exp(), &(minimum_phase(&filters.pulse) + filters.phase));
        let noise = self.noise_stft.forward(&noise(&pulses)) * filters.noise.exp().to_kind(Kind::ComplexFloat);
        let voiced = self.stft.inverse(&(self.stft.forward(&pulses) * pulse_filter));
        voiced + self.noise_stft.inverse(&noise)
    }

    fn filters(&self, input: &VocoderInput) -> Filters {
        // Around zero with a spread near one, as the body's layers expect.
        let mel = (&input.mel + 5.0) * 0.5;
        let pitch = (input.f0_hz.clamp_min(super::excitation::VOICED_FROM_HZ).log() - 5.0) * 2.0;
        let frames = Tensor::cat(&[mel, pitch.unsqueeze(1), input.voicing.unsqueeze(1)], 1);
        let mut x = frames.apply(&self.embed).transpose(1, 2).apply(&self.norm);
        for block in &self.blocks {
            x = block.forward(&x, None);
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
    use tch::Device;

    use super::*;

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
