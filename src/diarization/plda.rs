//! How likely it is that voices are of one speaker: probabilistic linear discriminant analysis (Ioffe 2006, "Probabilistic
//! linear discriminant analysis"), as the model with two covariances (Brümmer and de Villiers 2010).
//!
//! An embedding is a speaker's own point plus what differs from utterance to utterance. Both are normal; in coordinates
//! in which the second has unit covariance and the first a diagonal one, the evidence that some embeddings are of one
//! speaker is a sum over the coordinates, and needs their weights and their weighted sum alone.
//!
//! What all voices of a recording have in common, its room and its microphone, says nothing about who they are: a part
//! of how far their mean is from the model's is taken out of each of them.

use std::path::Path;

use tch::Kind;

use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::nn::host::floats;

/// Embeddings of what may be one speaker.
#[derive(Debug, Clone, PartialEq)]
pub struct Pooled {
    /// How much they tell: the sum of the precisions of their differences.
    pub weight: f32,
    /// Their sum in the model's coordinates, each by its precision.
    pub sum: Vec<f32>,
}

impl Pooled {
    /// Nothing, in so many coordinates.
    pub fn nothing(size: usize) -> Self {
        Self { weight: 0.0, sum: vec![0.0; size] }
    }

    /// Takes the others in as well.
    pub fn add(&mut self, other: &Self) {
        self.add_scaled(other, 1.0);
    }

    /// Takes them out again.
    pub fn remove(&mut self, other: &Self) {
        self.add_scaled(other, -1.0);
    }

    fn add_scaled(&mut self, other: &Self, scale: f32) {
        self.weight = (self.weight + scale * other.weight).max(0.0);
        self.sum.iter_mut().zip(&other.sum).for_each(|(sum, value)| *sum += scale * value);
    }
}

/// The model.
#[derive(Debug, Clone, PartialEq)]
pub struct Plda {
    mean: Vec<f32>,
    /// Row by row; a coordinate each.
    transform: Vec<f32>,
    /// Of speakers, in each coordinate.
    variance: Vec<f32>,
    /// How much of a recording's mean is the recording's own.
    shared: f32,
}

impl Plda {
    /// Where a weights file keeps the fingerprint of the encoder that it was fitted to.
    const ENCODER_KEY: &str = "encoder";
    /// And the share of a recording's mean.
    const SHARED_KEY: &str = "shared";
    /// Factors whose product is far from overflow.
    const FACTORS: usize = 8;

    /// Reads a model; none where it was fitted to another encoder than the one with this fingerprint.
    ///
    /// # Errors
    /// A file that is broken.
    pub fn load(path: &Path, encoder: &str) -> Result<Option<Self>, CheckpointError> {
        let weights = Weights::read(path)?;
        if weights.json::<String>(Self::ENCODER_KEY)? != encoder {
            return Ok(None);
        }
        let take = |name: &str| -> Result<Vec<f32>, CheckpointError> {
            let missing = || CheckpointError::Missing { name: name.to_string(), missing: 1, total: 3 };
            Ok(floats(&weights.tensors.get(name).ok_or_else(missing)?.to_kind(Kind::Float)))
        };
        let shared = weights.json(Self::SHARED_KEY)?;
        let made = Self { mean: take("mean")?, transform: take("transform")?, variance: take("variance")?, shared };
        let fits = made.variance.len() == made.mean.len() && made.transform.len() == made.mean.len().pow(2);
        Ok(fits.then_some(made))
    }

    /// The number of coordinates.
    pub fn size(&self) -> usize {
        self.variance.len()
    }

    /// What is taken out of the embeddings of a recording, which come with how much each counts.
    pub fn centre<'a>(&self, embeddings: impl Iterator<Item = (&'a [f32], f32)>) -> Vec<f32> {
        let (mut sum, mut total) = (vec![0f32; self.size()], 0f32);
        for (embedding, weight) in embeddings {
            total += weight;
            sum.iter_mut().zip(embedding).for_each(|(sum, value)| *sum += weight * value);
        }
        let shared = if total > 0.0 { self.shared } else { 0.0 };
        let own = |(mean, sum): (&f32, &f32)| mean + shared * (sum / total.max(f32::MIN_POSITIVE) - mean);
        self.mean.iter().zip(&sum).map(own).collect()
    }

    /// An embedding that tells so much, of a recording with this centre.
    pub fn pooled(&self, embedding: &[f32], centre: &[f32], weight: f32) -> Pooled {
        let centred: Vec<f32> = embedding.iter().zip(centre).map(|(value, centre)| value - centre).collect();
        let coordinate = |row: &[f32]| weight * row.iter().zip(&centred).map(|(a, b)| a * b).sum::<f32>();
        Pooled { weight, sum: self.transform.chunks_exact(self.size()).map(coordinate).collect() }
    }

    /// The evidence that these are of one speaker, as a logarithm, against each being of a speaker who can't be told from
    /// anybody. It tells as if each weighed `share` of what it does.
    pub fn evidence(&self, pooled: &Pooled, share: f32) -> f64 {
        self.sum_over(pooled.weight * share, pooled.sum.iter().map(|sum| sum * share))
    }

    /// The evidence that all of both are of one speaker.
    pub fn joint(&self, a: &Pooled, b: &Pooled) -> f64 {
        self.sum_over(a.weight + b.weight, a.sum.iter().zip(&b.sum).map(|(a, b)| a + b))
    }

    /// Of normal observations with a normal mean: -ln(1 + v w) / 2 + v s² / (1 + v w) / 2 in each coordinate, for a weight w,
    /// a weighted sum s and a variance v.
    fn sum_over(&self, weight: f32, sums: impl Iterator<Item = f32>) -> f64 {
        let (mut fit, mut logarithm, mut product) = (0f32, 0f64, 1f64);
        for (index, (variance, sum)) in self.variance.iter().zip(sums).enumerate() {
            let spread = 1.0 + variance * weight;
            fit += variance * sum * sum / spread;
            product *= f64::from(spread);
            if index % Self::FACTORS == Self::FACTORS - 1 {
                logarithm += product.ln();
                product = 1.0;
            }
        }
        (f64::from(fit) - logarithm - product.ln()) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Plda {
        /// Embeddings times `scale`, of speakers with this variance.
        pub(in crate::diarization) fn plain(size: usize, scale: f32, variance: f32) -> Self {
            let transform = (0..size * size).map(|at| if at % (size + 1) == 0 { scale } else { 0.0 }).collect();
            Self { mean: vec![0.0; size], transform, variance: vec![variance; size], shared: 0.0 }
        }
    }

    /// Against the densities of the definition: two observations of one speaker are jointly normal with the speaker's
    /// variance between them.
    #[test]
    fn evidence_is_the_ratio_of_densities() {
        let plda = Plda { mean: vec![0.5], transform: vec![2.0], variance: vec![1.7], shared: 0.0 };
        let (a, b) = (0.9f64, -0.3f64);
        let (x, y) = ((a - 0.5) * 2.0, (b - 0.5) * 2.0);
        let pool = |value: f64| plda.pooled(&[value as f32], &plda.mean, 1.0);
        let one = |x: f64, variance: f64| -0.5 * (variance.ln() + x * x / variance);
        // The covariance [[v + 1, v], [v, v + 1]].
        let (own, shared) = (2.7f64, 1.7f64);
        let determinant = own * own - shared * shared;
        let joint = -0.5 * (determinant.ln() + (own * (x * x + y * y) - 2.0 * shared * x * y) / determinant);
        let apart = one(x, own) + one(y, own);
        let found = plda.joint(&pool(a), &pool(b)) - plda.evidence(&pool(a), 1.0) - plda.evidence(&pool(b), 1.0);
        assert!((found - (joint - apart)).abs() < 1e-5, "{found} for {}", joint - apart);
    }

    #[test]
    fn a_part_of_what_a_recording_has_in_common_is_taken_out() {
        let plda = Plda { mean: vec![1.0, 0.0], shared: 0.25, ..Plda::plain(2, 1.0, 2.0) };
        // Their mean is (3, -2).
        let centre = plda.centre([(&[4.0, 0.0][..], 1.0), (&[2.5, -3.0], 2.0)].into_iter());
        assert_eq!(centre, [1.5, -0.5]);
        assert_eq!(plda.pooled(&[2.5, 0.5], &centre, 2.0).sum, [2.0, 2.0]);
        assert_eq!(plda.centre(std::iter::empty()), plda.mean);
    }

    #[test]
    fn what_is_added_can_be_removed() {
        let plda = Plda::plain(3, 1.0, 2.0);
        let pool = |embedding: &[f32], weight| plda.pooled(embedding, &plda.mean, weight);
        let (a, b) = (pool(&[1.0, 2.0, 3.0], 0.5), pool(&[0.0, -1.0, 1.0], 2.0));
        let mut both = a.clone();
        both.add(&b);
        assert_eq!(plda.evidence(&both, 1.0), plda.joint(&a, &b));
        both.remove(&b);
        assert_eq!(both, a);
        assert_eq!(plda.evidence(&Pooled::nothing(3), 1.0), 0.0);
    }
}
