//! From symbols to frames.

use tch::{Device, Kind, Tensor};

use crate::nn::host::sent;

/// Which symbol each frame belongs to, and where in it the frame is.
#[derive(Debug)]
pub struct Expansion {
    /// (B, T) index of the symbol.
    pub index: Tensor,
    /// (B, T, 3): position in the symbol from 0 to 1, from -1 to 1 squared off, and the logarithm of its duration.
    pub position: Tensor,
    /// (B, T, 1): one in the utterance, zero behind it.
    pub mask: Tensor,
    /// T, even.
    pub frames: i64,
}

impl Expansion {
    /// Lays out `durations`, frames per symbol, of each utterance of a batch.
    pub fn new(durations: &[Vec<usize>], device: Device) -> Self {
        let frames = Self::frames_of(durations);
        let (mut index, mut position, mut mask) = (Vec::new(), Vec::new(), Vec::new());
        for row in durations {
            let before = index.len();
            for (symbol, &duration) in row.iter().enumerate() {
                for frame in 0..duration {
                    let place = (frame as f32 + 0.5) / duration as f32;
                    index.push(symbol as i64);
                    position.extend([place, 1.0 - (2.0 * place - 1.0).powi(2), (duration as f32).ln()]);
                }
            }
            let used = index.len() - before;
            mask.extend((0..frames).map(|frame| f32::from(u8::from(frame < used))));
            index.resize(before + frames, row.len().saturating_sub(1) as i64);
            position.resize(index.len() * 3, 0.0);
        }
        let (batch, frames) = (durations.len() as i64, frames as i64);
        Self {
            index: sent(&Tensor::from_slice(&index).view([batch, frames]), device),
            position: sent(&Tensor::from_slice(&position).view([batch, frames, 3]), device),
            mask: sent(&Tensor::from_slice(&mask).view([batch, frames, 1]), device),
            frames,
        }
    }

    /// T of such a batch.
    pub fn frames_of(durations: &[Vec<usize>]) -> usize {
        let longest = durations.iter().map(|row| row.iter().sum::<usize>()).max().unwrap_or(0);
        longest.max(2).next_multiple_of(2)
    }

    /// (B, N, C) -> (B, T, C).
    pub fn apply(&self, symbols: &Tensor) -> Tensor {
        let (batch, _, channels) = symbols.size3().unwrap_or_default();
        let index = self.index.unsqueeze(-1).expand([batch, self.frames, channels], false);
        symbols.gather(1, &index, false) * &self.mask
    }
}

/// Rounds durations in frames so that their sum stays right: what rounding takes from one symbol the next one gets.
///
/// `least` is the smallest duration of each symbol (1 for phonemes, 0 for pauses).
pub fn round_durations(durations: &[f64], least: &[usize]) -> Vec<usize> {
    let mut owed = 0.0;
    let round = |(&duration, &least): (&f64, &usize)| {
        let wanted = if duration.is_finite() { duration.max(0.0) } else { 0.0 } + owed;
        let frames = (wanted.round().max(0.0) as usize).max(least);
        // A phoneme that was too short to be heard does not shorten all that follow.
        owed = (wanted - frames as f64).clamp(-0.5, 0.5);
        frames
    };
    durations.iter().zip(least).map(round).collect()
}

/// Mean of frame values over each symbol: values (T), durations that sum to at most T -> one value a symbol, `empty`
/// for symbols without frames.
pub fn mean_per_symbol(values: &[f32], durations: &[usize], empty: f32) -> Vec<f32> {
    let mut start = 0;
    let mean = |&duration: &usize| {
        let end = (start + duration).min(values.len());
        let part = &values[start.min(end)..end];
        start = end;
        if part.is_empty() { empty } else { part.iter().sum::<f32>() / part.len() as f32 }
    };
    durations.iter().map(mean).collect()
}

/// (T, 1) -> as a kind that multiplies with floats; kept here so that callers need not know how masks are stored.
pub fn pair_mask(mask: &Tensor) -> Tensor {
    mask.slice(1, 0, None, 2).to_kind(Kind::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_last_as_long_as_they_should() {
        let expansion = Expansion::new(&[vec![1, 0, 3], vec![2, 1]], Device::Cpu);
        assert_eq!(expansion.frames, 4);
        let symbols = Tensor::from_slice(&[10f32, 20., 30., 40., 50., 0.]).view([2, 3, 1]);
        let frames: Vec<f32> = Vec::try_from(expansion.apply(&symbols).flatten(0, -1)).expect("floats");
        assert_eq!(frames, [10., 30., 30., 30., 40., 40., 50., 0.]);
        let place: Vec<f32> = Vec::try_from(expansion.position.get(0).select(1, 0)).expect("floats");
        assert_eq!(place, [0.5, 1.0 / 6.0, 0.5, 5.0 / 6.0]);
    }

    #[test]
    fn rounding_keeps_the_sum() {
        let durations = round_durations(&[1.4, 1.4, 1.4, 1.4, 1.4], &[1; 5]);
        assert_eq!(durations.iter().sum::<usize>(), 7);
        assert_eq!(round_durations(&[0.1, f64::NAN, 2.0], &[1, 0, 1]), [1, 0, 2]);
    }

    #[test]
    fn means_per_symbol() {
        assert_eq!(mean_per_symbol(&[1., 2., 3., 4.], &[1, 0, 3, 2], -1.0), [1., -1., 3., -1.]);
    }
}
