//! Makes a waveform keep to the mel spectrogram that it was made from.
//!
//! The vocoder is told the energy of every band and frame, but what it makes strays from it: filtered noise has the
//! random envelope of its noise, and neighbouring frames of a pulse train overlap. The difference can be heard in the
//! waveform itself and taken back, as Griffin and Lim (1984) take back the difference to a magnitude spectrogram: the
//! spectrum of what was made is multiplied by the ratio of the mels, and transformed back.

use tch::{Device, Kind, Tensor};

use super::lengths::Lengths;
use crate::features::mel::{MelConfig, MelSpectrogram};
use crate::features::stft::Stft;

/// Where a mel spectrogram comes from, and so how far it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MelSource {
    /// Analysed from a recording: every band of every frame is kept to.
    Recording,
    /// Predicted: its details are guesses, and where they contradict F0 the vocoder knows better. Its outline is kept to.
    Model,
}

/// Brings the log-mel spectrogram of a waveform near a given one.
#[derive(Debug)]
pub struct MelConsistency {
    stft: Stft,
    mel: MelSpectrogram,
    /// (F, M): how much of its gain a bin has from each band; each row sums to 1.
    shares: Tensor,
    /// (M, M): the outline over bands; each row sums to 1.
    outline: Tensor,
    /// (1, 1, 1, W): the outline over frames; sums to 1.
    frame_weights: Tensor,
}

impl MelConsistency {
    /// The largest change of a band in one round, in natural logarithm: 30 dB.
    const MOST: f64 = 30.0 * std::f64::consts::LN_10 / 20.0;
    /// Standard deviation of the bells that draw an outline, in bands and in frames.
    const OUTLINE_SPREAD: f64 = 1.5;
    /// Frames on each side that the bell over time covers.
    const OUTLINE_REACH: i64 = 5;

    /// Prepares window and filters.
    pub fn new(config: &MelConfig, device: Device) -> Self {
        let reach = Self::OUTLINE_REACH;
        let middle = bells(2 * reach + 1).get(reach);
        Self {
            stft: Stft::new(config.stft(), device),
            mel: MelSpectrogram::new(config, device),
            shares: shares(config).to_device(device),
            outline: bells(config.n_mels).to_device(device),
            frame_weights: middle.view([1, 1, 1, -1]).to_device(device),
        }
    }

    /// Samples (B, T * hop) whose log-mel should be `mel` (B, M, T), after `rounds` rounds -> (B, T * hop).
    pub fn restore(&self, samples: &Tensor, mel: &Tensor, source: MelSource, rounds: usize) -> Tensor {
        self.restore_each(samples, mel, source, rounds, &Lengths::Same)
    }

    /// The same of utterances that end where `lengths` say.
    pub fn restore_each(
        &self,
        samples: &Tensor,
        mel: &Tensor,
        source: MelSource,
        rounds: usize,
        lengths: &Lengths,
    ) -> Tensor {
        (0..rounds).fold(samples.shallow_clone(), |samples, _| {
            let spectrum = lengths.spectrum(&self.stft, &samples, 1);
            let difference = (mel - self.mel.from_magnitude(&spectrum.abs())).clamp(-Self::MOST, Self::MOST);
            let wanted = match source {
                MelSource::Recording => difference,
                MelSource::Model => self.outlined(&lengths.held(&difference)),
            };
            let gain = self.shares.matmul(&wanted).exp();
            lengths.signal(&self.stft, &(spectrum * gain.to_kind(Kind::ComplexFloat)), 1)
        })
    }

    /// Smooth over bands and frames: (B, M, T) -> (B, M, T).
    fn outlined(&self, difference: &Tensor) -> Tensor {
        let reach = Self::OUTLINE_REACH;
        let padded = self.outline.matmul(difference).pad([reach, reach], "replicate", None);
        padded.unsqueeze(1).conv2d(&self.frame_weights, None::<Tensor>, [1, 1], [0, 0], [1, 1], 1).squeeze_dim(1)
    }
}

/// (F, M): a bin shares the gains of the bands that cover it. Bins outside all bands follow the nearest one inside.
fn shares(config: &MelConfig) -> Tensor {
    let filters = config.filters();
    let bins = config.stft().bins() as usize;
    let sums: Vec<f32> = (0..bins).map(|bin| filters.iter().map(|filter| filter[bin]).sum()).collect();
    let first = sums.iter().position(|&sum| sum > 0.0).unwrap_or(0);
    let last = sums.iter().rposition(|&sum| sum > 0.0).unwrap_or(0);
    let row = |bin: usize| filters.iter().map(|filter| filter[bin] / sums[bin]).collect::<Vec<f32>>();
    let flat: Vec<f32> = (0..bins).flat_map(|bin| row(bin.clamp(first, last))).collect();
    Tensor::from_slice(&flat).view([bins as i64, config.n_mels])
}

/// (N, N): Gaussian bells around the diagonal, each row summing to 1.
fn bells(count: i64) -> Tensor {
    let at = Tensor::arange(count, (Kind::Float, Device::Cpu));
    let spread = MelConsistency::OUTLINE_SPREAD;
    let bells = ((at.unsqueeze(1) - &at) / spread).square() * -0.5;
    bells.softmax(1, Kind::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAMES: i64 = 40;

    fn distance(samples: &Tensor, mel: &Tensor) -> f64 {
        let made = MelSpectrogram::new(&MelConfig::synthesis(), Device::Cpu).forward(samples);
        (made - mel).abs().mean(Kind::Float).double_value(&[])
    }

    /// Two independent noises, one shaped in time: their mels differ by level, envelope and chance.
    fn noises() -> (Tensor, Tensor) {
        tch::manual_seed(4);
        let draw = || Tensor::randn([1, FRAMES * 256], (Kind::Float, Device::Cpu)) * 0.1;
        let swell = (Tensor::arange(FRAMES * 256, (Kind::Float, Device::Cpu)) / 800.0).sin() * 0.4 + 0.6;
        (draw(), draw() * swell)
    }

    /// A noise, its mel, and what keeps to mels.
    fn noise() -> (Tensor, Tensor, MelConsistency) {
        let config = MelConfig::synthesis();
        let (noise, _) = noises();
        let mel = MelSpectrogram::new(&config, Device::Cpu).forward(&noise);
        (noise, mel, MelConsistency::new(&config, Device::Cpu))
    }

    #[test]
    fn every_round_brings_the_mel_nearer() {
        let config = MelConfig::synthesis();
        let (noise, other) = noises();
        let mel = MelSpectrogram::new(&config, Device::Cpu).forward(&other);
        let consistency = MelConsistency::new(&config, Device::Cpu);
        let distances: Vec<f64> = [0, 1, 2, 4]
            .iter()
            .map(|&rounds| distance(&consistency.restore(&noise, &mel, MelSource::Recording, rounds), &mel))
            .collect();
        assert!(distances.windows(2).all(|pair| pair[1] < pair[0]), "{distances:?}");
        assert!(distances[3] < 0.25 * distances[0], "{distances:?}");
    }

    #[test]
    fn what_is_consistent_stays_and_silence_is_reached() {
        let (noise, mel, consistency) = noise();
        let gap = (consistency.restore(&noise, &mel, MelSource::Recording, 2) - &noise).abs().max().double_value(&[]);
        assert!(gap < 1e-4, "{gap}");
        let silence = mel.full_like(MelSpectrogram::FLOOR.ln());
        let loudest = consistency.restore(&noise, &silence, MelSource::Recording, 4).abs().max().double_value(&[]);
        assert!(loudest < 1e-3, "{loudest}");
    }

    #[test]
    fn a_level_is_kept_to_in_every_bin_whatever_the_source() {
        let (noise, mel, consistency) = noise();
        let mel = mel - 2f64.ln();
        // 6 dB less in every band is 6 dB less in every bin, those above the highest band too.
        for source in [MelSource::Recording, MelSource::Model] {
            let halved = consistency.restore(&noise, &mel, source, 1);
            let gap = (halved - &noise * 0.5).abs().max().double_value(&[]);
            assert!(gap < 1e-4, "{source:?}: {gap}");
        }
    }

    /// Bands in turn too loud and too soft are a detail; loud below and soft above is an outline.
    #[test]
    fn of_a_predicted_mel_the_outline_counts_and_not_the_details() {
        let (noise, mel, consistency) = noise();
        let moved = |change: &[f32]| {
            let wanted = &mel + Tensor::from_slice(change).unsqueeze(1);
            distance(&consistency.restore(&noise, &wanted, MelSource::Model, 2), &mel)
        };
        let detail: Vec<f32> = (0..80).map(|band| if band % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let outline: Vec<f32> = (0..80).map(|band| if band < 40 { 1.0 } else { -1.0 }).collect();
        assert!(moved(&detail) < 0.1, "{}", moved(&detail));
        assert!(moved(&outline) > 0.8, "{}", moved(&outline));
    }
}
