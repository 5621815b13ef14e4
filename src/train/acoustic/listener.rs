//! Hears what the acoustic model makes through the vocoder, and judges it beside the recording.
//!
//! A mel spectrogram that looks right may still be one that no voice makes: harmonics that do not lie where the
//! predicted F0 puts them, or noise where the vocoder puts pulses. Only the waveform tells (Donahue et al. 2021,
//! "End-to-end adversarial text-to-speech"; Lim et al. 2022, "JETS"). The vocoder stays as it is, the gradient goes
//! through it.

use rand::Rng;
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};

use crate::acoustic::decoder::Frames;
use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::train::adversary::{Adversary, AdversaryConfig};
use crate::train::labels::Labelled;
use crate::vocoder::consistency::MelSource;
use crate::vocoder::discriminator::SpectrogramDiscriminator;
use crate::vocoder::harmonic::{HarmonicVocoder, VocoderInput};
use crate::vocoder::loss::SpectralLoss;

/// How much is heard and how it counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenerConfig {
    /// Windows of a batch that are heard.
    pub windows: usize,
    /// Frames in a window.
    pub frames: usize,
    /// Weight of the spectral losses.
    pub spectral_weight: f64,
    /// The discriminator of waveforms.
    pub adversary: AdversaryConfig,
}

/// A vocoder that is not trained, and a discriminator that is.
#[derive(Debug)]
pub struct Listener {
    config: ListenerConfig,
    vocoder: HarmonicVocoder,
    loss: SpectralLoss,
    adversary: Adversary<SpectrogramDiscriminator>,
}

/// What was heard, scalars.
pub(super) struct Heard {
    /// To be added to the acoustic model's loss.
    pub(super) loss: Tensor,
    /// For the log.
    pub(super) parts: [(&'static str, Tensor); 3],
}

impl Listener {
    /// Listens through `vocoder`, whose weights must be frozen.
    pub fn new(config: ListenerConfig, vocoder: HarmonicVocoder, device: Device) -> Self {
        let loss = SpectralLoss::new(&vocoder.config().mel, device);
        Self {
            config,
            vocoder,
            loss,
            adversary: Adversary::new(device, config.adversary, SpectrogramDiscriminator::new),
        }
    }

    /// Hears windows of what was made of `items`; nothing where it has not begun or all are shorter than a window.
    pub(super) fn hear(
        &self,
        made: &Frames,
        items: &[&Labelled],
        progress: f64,
        random: &mut ChaCha8Rng,
    ) -> Option<Heard> {
        if !self.adversary.has_begun(progress) {
            return None;
        }
        let (input, real) = self.windows(made, items, random)?;
        let made = self.vocoder.forward(&input);
        let spectral = self.loss.terms(&made, &real).total();
        let contest = self.adversary.contest(&made, &real);
        let parts = [
            ("heard", spectral.detach()),
            ("heard_discriminator", contest.discriminator),
            ("heard_features", contest.features),
        ];
        Some(Heard { loss: spectral * self.config.spectral_weight + contest.loss, parts })
    }

    /// What the vocoder is told of random windows, and the recordings (W, L) of the same.
    fn windows(&self, made: &Frames, items: &[&Labelled], random: &mut ChaCha8Rng) -> Option<(VocoderInput, Tensor)> {
        let frames = self.config.frames;
        // What was never recorded cannot be compared.
        let recorded = |item: &Labelled| item.samples.numel() > 0;
        let places = items.iter().map(|item| match recorded(item) {
            true => (item.frames() + 1).saturating_sub(frames) as f64,
            false => 0.0,
        });
        let chances = WeightedIndex::new(places).ok()?;
        let hop = self.vocoder.config().mel.hop;
        // F0 learns from its own loss: spectra a harmonic apart say nothing of the way.
        let predicted = made.f0_hz().detach();
        let (mut mel, mut f0, mut voicing, mut real) = (vec![], vec![], vec![], vec![]);
        for _ in 0..self.config.windows {
            let index = chances.sample(random);
            let start = random.random_range(0..=items[index].frames() - frames) as i64;
            let cut = |tensor: &Tensor| tensor.get(index as i64).narrow(-1, start, frames as i64);
            mel.push(cut(&made.mel));
            f0.push(cut(&predicted));
            voicing.push(cut(&made.voicing));
            real.push(items[index].crop(start * hop, frames as i64 * hop));
        }
        let stack = |tensors: &[Tensor]| Tensor::stack(tensors, 0);
        let f0_hz = stack(&f0);
        let real = stack(&real).to_device(f0_hz.device());
        // Every detail is heard, as if it were a recording's: what is wrong with it must be learnt.
        let (mel, voicing, source) = (stack(&mel), stack(&voicing).sigmoid(), MelSource::Recording);
        Some((VocoderInput { mel, f0_hz, voicing, source }, real))
    }

    /// The discriminator.
    pub(super) fn adversary(&self) -> &Adversary<SpectrogramDiscriminator> {
        &self.adversary
    }

    pub(super) fn start_from(&mut self, weights: &Weights) -> Result<(), CheckpointError> {
        self.adversary.start_from(weights)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use tch::{Kind, nn};

    use super::*;
    use crate::vocoder::harmonic::HarmonicConfig;

    const FRAMES: i64 = 40;
    const HOP: i64 = 256;

    fn listener(begin: f64) -> (nn::VarStore, Listener) {
        tch::manual_seed(5);
        let mut store = nn::VarStore::new(Device::Cpu);
        let small = HarmonicConfig { channels: 8, hidden: 16, blocks: 1, ..Default::default() };
        let vocoder = HarmonicVocoder::new(store.root(), small);
        store.freeze();
        let judge = AdversaryConfig {
            channels: 4,
            learning_rate: 1e-3,
            weight: 1.0,
            feature_weight: 1.0,
            begin,
            warmup_steps: 0,
        };
        let config = ListenerConfig { windows: 6, frames: 16, spectral_weight: 1.0, adversary: judge };
        (store, Listener::new(config, vocoder, Device::Cpu))
    }

    /// An utterance whose samples tell their frame: all of frame t are t / 100.
    fn item(frames: i64, recorded: bool) -> Labelled {
        let count = if recorded { frames * HOP } else { 0 };
        let frame = Tensor::arange(count, (Kind::Int64, Device::Cpu)).divide_scalar_mode(HOP, "floor");
        let samples = (frame.to_kind(Kind::Float) * (f64::from(i16::MAX) / 100.0)).round().to_kind(Kind::Int16);
        Labelled {
            key: String::new(),
            speaker: String::new(),
            symbols: vec![],
            durations: vec![],
            pitch: vec![],
            energy: vec![],
            mel: Tensor::zeros([80, frames], (Kind::Half, Device::Cpu)).into(),
            frame_pitch: Tensor::zeros([frames], (Kind::Float, Device::Cpu)).into(),
            voicing: Tensor::ones([frames], (Kind::Float, Device::Cpu)).into(),
            samples: samples.into(),
            score: 0.0,
        }
    }

    /// The mel of frame t is t / 100 in all bands.
    fn frames(batch: i64) -> Frames {
        let time = Tensor::arange(FRAMES, (Kind::Float, Device::Cpu)) / 100.0;
        let floats = (Kind::Float, Device::Cpu);
        Frames {
            mel: time.expand([batch, 80, FRAMES], false).contiguous(),
            pitch: Tensor::zeros([batch, FRAMES], floats),
            voicing: Tensor::full([batch, FRAMES], 4.0, floats),
        }
    }

    #[test]
    fn windows_and_recordings_are_of_the_same_frames_and_only_of_what_was_recorded() {
        let (_store, listener) = listener(0.0);
        let (short, unrecorded, long) = (item(15, true), item(FRAMES, false), item(FRAMES, true));
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let items = [&short, &unrecorded, &long];
        let (input, real) = listener.windows(&frames(3), &items, &mut random).expect("one is long enough");
        assert_eq!((input.mel.size(), real.size()), (vec![6, 80, 16], vec![6, 16 * HOP]));
        let heard = real.view([6, 16, HOP]).mean_dim([2i64].as_slice(), false, Kind::Float);
        let gap = (heard - input.mel.select(1, 0)).abs().max().double_value(&[]);
        assert!(gap < 1e-4, "{gap}");
        assert!(listener.windows(&frames(2), &[&short, &unrecorded], &mut random).is_none());
    }

    #[test]
    fn what_is_heard_teaches_the_mel_and_leaves_the_vocoder_alone() {
        let (store, listener) = listener(0.5);
        let long = item(FRAMES, true);
        let mut made = frames(1);
        made.mel = made.mel.set_requires_grad(true);
        made.pitch = made.pitch.set_requires_grad(true);
        let mut random = ChaCha8Rng::seed_from_u64(2);
        assert!(listener.hear(&made, &[&long], 0.4, &mut random).is_none());
        let heard = listener.hear(&made, &[&long], 0.6, &mut random).expect("it has begun");
        heard.loss.backward();
        assert!(made.mel.grad().abs().sum(Kind::Float).double_value(&[]) > 0.0);
        assert!(!made.pitch.grad().defined());
        assert!(store.variables().values().all(|variable| !variable.grad().defined()));
    }
}
