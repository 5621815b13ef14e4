//! Windows of mel for the discriminator.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

/// Frames in a window that the discriminator judges.
const WINDOW: usize = 64;
/// Windows that are cut from an utterance.
const WINDOWS: usize = 2;

/// Windows at random places of made and real mel spectrograms (B, M, T); none where all utterances are shorter.
pub(super) fn windows(
    made: &Tensor,
    real: &Tensor,
    lengths: &[usize],
    random: &mut ChaCha8Rng,
) -> Option<(Tensor, Tensor)> {
    let (mut of_made, mut of_real) = (Vec::new(), Vec::new());
    for (index, &length) in lengths.iter().enumerate().filter(|(_, length)| **length >= WINDOW) {
        for _ in 0..WINDOWS {
            let start = random.random_range(0..=length - WINDOW) as i64;
            let cut = |mel: &Tensor| mel.get(index as i64).narrow(1, start, WINDOW as i64);
            of_made.push(cut(made));
            of_real.push(cut(real));
        }
    }
    (!of_made.is_empty()).then(|| (Tensor::stack(&of_made, 0), Tensor::stack(&of_real, 0)))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use tch::{Device, Kind};

    use super::*;

    #[test]
    fn made_and_real_are_cut_at_the_same_places_within_the_utterance() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let time = Tensor::arange(200, (Kind::Float, Device::Cpu)).expand([3, 80, 200], false);
        let later = &time + 0.5;
        let (made, real) = windows(&time, &later, &[200, 63, 64], &mut random).expect("two are long enough");
        assert_eq!(made.size(), [4, 80, 64]);
        assert_eq!((real - &made).max().double_value(&[]), 0.5);
        // The last utterance has room for one place only.
        assert_eq!(made.get(3).max().double_value(&[]), 63.0);
        assert!(windows(&time, &later, &[10, 20, 63], &mut random).is_none());
    }
}
