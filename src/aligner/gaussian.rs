//! One Gaussian a phoneme over cepstra: the first, rough idea of when phonemes are said.
//!
//! A network that sees a second of context can explain an even spread of phonemes without hearing any; a Gaussian
//! cannot, so expectation-maximisation from a flat start finds the phonemes (the classic monophone bootstrap, as in
//! Young et al., The HTK Book, section 8.3).

use tch::{Device, Kind, Tensor};

use super::chain::Scores;
use super::phones::Phone;
use crate::nn::host::floats;

/// Cepstral coefficients, before their slopes are added.
const COEFFICIENTS: i64 = 13;
/// Values in a frame: cepstra, their slopes and the slopes' slopes.
pub const DIMENSION: usize = 3 * COEFFICIENTS as usize;
/// Variances, of features with variance 1, are at least this.
const LEAST_VARIANCE: f64 = 0.05;

/// Cepstra with slopes, mean 0 and variance 1 over the utterance: log-mel (M, T) -> (T, D) in rows.
pub fn cepstra(mel: &Tensor) -> Vec<f32> {
    let mel = mel.to_device(Device::Cpu).to_kind(Kind::Float);
    let bands = mel.size()[0];
    let band = (Tensor::arange(bands, (Kind::Float, Device::Cpu)) + 0.5) * (std::f64::consts::PI / bands as f64);
    let order = Tensor::arange(COEFFICIENTS, (Kind::Float, Device::Cpu)).unsqueeze(1);
    let still = (order * band).cos().matmul(&mel);
    let moving = slopes(&still);
    let turning = slopes(&moving);
    let all = Tensor::cat(&[still, moving, turning], 0);
    let mean = all.mean_dim([1i64].as_slice(), true, Kind::Float);
    let centred = all - mean;
    let deviation = centred.square().mean_dim([1i64].as_slice(), true, Kind::Float).sqrt();
    floats(&(centred / deviation.clamp_min(1e-3)).transpose(0, 1))
}

/// Regression slope over two frames on each side, (D, T) -> (D, T).
fn slopes(values: &Tensor) -> Tensor {
    let frames = values.size()[1];
    let padded = values.unsqueeze(0).pad([2, 2], "replicate", None).squeeze_dim(0);
    let at = |shift: i64| padded.narrow(1, 2 + shift, frames);
    (at(1) - at(-1) + (at(2) - at(-2)) * 2.0) / 10.0
}

/// A Gaussian with diagonal covariance for each class.
#[derive(Debug, Clone, PartialEq)]
pub struct Gaussians {
    means: Vec<[f64; DIMENSION]>,
    precisions: Vec<[f64; DIMENSION]>,
    offsets: Vec<f64>,
}

/// Sums from which [`Gaussians`] are estimated.
#[derive(Debug, Clone)]
pub struct Statistics {
    counts: Vec<f64>,
    sums: Vec<[f64; DIMENSION]>,
    squares: Vec<[f64; DIMENSION]>,
}

impl Default for Statistics {
    fn default() -> Self {
        let zeros = vec![[0.0; DIMENSION]; Phone::STATES];
        Self { counts: vec![0.0; Phone::STATES], sums: zeros.clone(), squares: zeros }
    }
}

impl Statistics {
    /// Adds frames (T, D) with the occupation (T, K) of each class.
    pub fn add(&mut self, frames: &[f32], occupation: &[f32]) {
        for (frame, weights) in frames.chunks_exact(DIMENSION).zip(occupation.chunks_exact(Phone::STATES)) {
            for (class, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 1e-4) {
                let weight = f64::from(weight);
                self.counts[class] += weight;
                for (dimension, &value) in frame.iter().enumerate() {
                    let value = f64::from(value);
                    self.sums[class][dimension] += weight * value;
                    self.squares[class][dimension] += weight * value * value;
                }
            }
        }
    }

    /// Adds what another thread has seen.
    pub fn merge(mut self, other: &Self) -> Self {
        for class in 0..Phone::STATES {
            self.counts[class] += other.counts[class];
            for dimension in 0..DIMENSION {
                self.sums[class][dimension] += other.sums[class][dimension];
                self.squares[class][dimension] += other.squares[class][dimension];
            }
        }
        self
    }

    /// The Gaussians of greatest likelihood.
    pub fn estimate(&self) -> Gaussians {
        let mut out = Gaussians { means: Vec::new(), precisions: Vec::new(), offsets: Vec::new() };
        for class in 0..Phone::STATES {
            // A class that was not seen is as wide as all speech.
            let count = self.counts[class] + 1.0;
            let (mut mean, mut precision) = ([0.0; DIMENSION], [0.0; DIMENSION]);
            let mut offset = 0.0;
            for dimension in 0..DIMENSION {
                mean[dimension] = self.sums[class][dimension] / count;
                let square = (self.squares[class][dimension] + 1.0) / count;
                let variance = (square - mean[dimension].powi(2)).max(LEAST_VARIANCE);
                precision[dimension] = 1.0 / variance;
                offset -= 0.5 * (std::f64::consts::TAU * variance).ln();
            }
            out.means.push(mean);
            out.precisions.push(precision);
            out.offsets.push(offset);
        }
        out
    }
}

impl Gaussians {
    /// Log-likelihoods (T, K) of frames (T, D).
    pub fn scores(&self, frames: &[f32]) -> Vec<f32> {
        let mut out = Vec::with_capacity(frames.len() / DIMENSION * Phone::STATES);
        for frame in frames.chunks_exact(DIMENSION) {
            for class in 0..Phone::STATES {
                let parts = frame.iter().zip(&self.means[class]).zip(&self.precisions[class]);
                let distance: f64 =
                    parts.map(|((x, mean), precision)| (f64::from(*x) - mean).powi(2) * precision).sum();
                out.push((self.offsets[class] - 0.5 * distance) as f32);
            }
        }
        out
    }
}

/// Scores as chains take them.
pub fn as_scores(rows: &[f32]) -> Scores<'_> {
    Scores { rows, classes: Phone::STATES }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_variances_are_found_again() {
        let mut statistics = Statistics::default();
        let (mut frames, mut occupation) = (Vec::new(), Vec::new());
        for index in 0..4000 {
            let noise = if index % 2 == 0 { 0.5 } else { -0.5 };
            frames.extend([2.0 + noise; DIMENSION]);
            let mut weights = [0f32; Phone::STATES];
            weights[3] = 1.0;
            occupation.extend(weights);
        }
        statistics.add(&frames, &occupation);
        let gaussians = statistics.estimate();
        assert!((gaussians.means[3][0] - 2.0).abs() < 0.01);
        assert!((1.0 / gaussians.precisions[3][0] - 0.25).abs() < 0.01);
        let scores = gaussians.scores(&[2.0; DIMENSION]);
        // The density of a normal distribution at its mean.
        let expected = -0.5 * (std::f64::consts::TAU * 0.25).ln() * DIMENSION as f64;
        assert!((f64::from(scores[3]) - expected).abs() < 0.2, "{} {expected}", scores[3]);
        assert!(scores[3] > scores[4]);
    }

    #[test]
    fn cepstra_of_a_constant_are_finite() {
        let rows = cepstra(&Tensor::full([80, 12], -11.5, (Kind::Float, Device::Cpu)));
        assert_eq!(rows.len(), 12 * DIMENSION);
        assert!(rows.iter().all(|value| value.is_finite()));
    }
}
