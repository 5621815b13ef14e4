//! Parts of recordings, drawn at random.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor};

use crate::dataset::prepared::Prepared;

/// A part of a recording, which is repeated if it is too short.
pub fn random_crop(item: &Prepared, length: i64, random: &mut ChaCha8Rng) -> Tensor {
    let total = item.samples.size()[0];
    let start = random.random_range(0..=(total - length).max(0));
    let crop = item.crop(start, length.min(total));
    let times = (length + total - 1) / total.max(1);
    if times > 1 { crop.repeat([times]).narrow(0, 0, length) } else { crop }.to_kind(Kind::Float)
}
