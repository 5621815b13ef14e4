//! Utterances of different lengths in one batch, each of which ends as if it were alone.

use tch::{Device, Kind, Tensor};

use crate::features::stft::Stft;

/// Where the utterances of a padded batch end.
#[derive(Debug)]
pub enum Lengths {
    /// All where the batch does.
    Same,
    /// Each at its own frame, (B, 1) Int64. None is shorter than [`Lengths::SHORTEST`].
    Own(Tensor),
}

impl Lengths {
    /// With fewer frames an utterance can't be mirrored at its end.
    pub const SHORTEST: i64 = 4;

    /// Of utterances of so many frames.
    pub fn new(frames: &[i64], device: Device) -> Self {
        match frames {
            [first, rest @ ..] if rest.iter().any(|other| other != first) => {
                Self::Own(Tensor::from_slice(frames).unsqueeze(1).to_device(device))
            }
            _ => Self::Same,
        }
    }

    /// (B, 1, T): 1 within an utterance and 0 behind it, for values of which each frame has `steps`; nothing where
    /// there is none behind.
    pub fn mask(&self, count: i64, steps: i64) -> Option<Tensor> {
        let Self::Own(frames) = self else { return None };
        let time = Tensor::arange(count, (Kind::Int64, frames.device()));
        Some(time.unsqueeze(0).lt_tensor(&(frames * steps)).to_kind(Kind::Float).unsqueeze(1))
    }

    /// (B, M, T) where what is behind an utterance repeats its last frame.
    pub fn held(&self, values: &Tensor) -> Tensor {
        let Self::Own(frames) = self else { return values.shallow_clone() };
        let (_, bands, count) = values.size3().unwrap_or_default();
        let index = Tensor::arange(count, (Kind::Int64, frames.device())).unsqueeze(0).minimum(&(frames - 1));
        values.gather(2, &index.unsqueeze(1).expand([-1, bands, -1], false), false)
    }

    /// The spectrum (B, F, T) of samples (B, L), mirrored at the ends of each.
    pub fn spectrum(&self, stft: &Stft, samples: &Tensor, steps: i64) -> Tensor {
        let Self::Own(frames) = self else { return stft.forward(samples) };
        let (hop, padding) = (stft.config().hop, stft.config().padding());
        let last = frames * (steps * hop) - 1;
        let place = Tensor::arange(samples.size()[1] + 2 * padding, (Kind::Int64, frames.device())) - padding;
        let place = place.abs().unsqueeze(0);
        let mirrored = &last - (&place - &last).abs();
        // Far behind the end nothing matters.
        stft.framed(&samples.gather(1, &mirrored.clamp_min(0), false))
    }

    /// The samples (B, L) of a spectrum (B, F, T), silent behind an utterance.
    pub fn signal(&self, stft: &Stft, spectrum: &Tensor, steps: i64) -> Tensor {
        match self.mask(spectrum.size()[2], steps) {
            Some(mask) => stft.inverse_within(spectrum, &mask),
            None => stft.inverse(spectrum),
        }
    }
}
