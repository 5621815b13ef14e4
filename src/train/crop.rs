//! Parts of recordings, drawn at random.

use rand_chacha::ChaCha8Rng;
use tch::Tensor;

use crate::augment::{excerpt, excerpt_from};
use crate::dataset::prepared::Prepared;

/// A part of a recording, which is repeated if it is too short.
pub fn random_crop(item: &Prepared, length: i64, random: &mut ChaCha8Rng) -> Tensor {
    excerpt(&item.samples, length, random) / f64::from(i16::MAX)
}

/// The same from sample `start` on.
pub fn crop_from(item: &Prepared, start: i64, length: i64) -> Tensor {
    excerpt_from(&item.samples, start, length) / f64::from(i16::MAX)
}
