//! Whether more than one person speaks in a recording.
//!
//! Windows of speech are divided into two groups so that each window is nearest to its group's mean (2-means on the
//! sphere, from the two windows that are least alike). If the calibration finds the means to be of different speakers
//! and both groups hold enough, more than one person speaks.

use super::{Calibration, SpeakerEncoder, SpeakerError, cosine, mean_embedding};
use crate::units::Seconds;

/// The length of a window.
const WINDOW: Seconds = Seconds(2.0);
/// From window to window, unless there would be too many.
const HOP: Seconds = Seconds(0.75);
const MAX_WINDOWS: usize = 400;
/// A group with less than this is a cough or a laugh.
const MIN_GROUP: Seconds = Seconds(3.0);
/// The means are of different speakers at a lower log-likelihood ratio. It is above zero because the means of many
/// windows are more alike than the single recordings that the calibration knows: one reader's had more than 3.4, two
/// readers' less than 2 but for one in 48.
const MAX_LLR: f64 = 3.0;
const ROUNDS: usize = 20;

/// A recording that seems to hold more than one speaker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Companions {
    /// About how long either speaks (the second stands for all but the first), the more talkative first.
    pub seconds: [f64; 2],
    /// The log-likelihood ratio of both being the same person.
    pub llr: f64,
}

/// Divides the speech in `samples` (16 kHz) and tells whether two speak; none if it is one person, or too short to say.
pub(super) fn find(
    encoder: &SpeakerEncoder,
    samples: &[f32],
    calibration: Calibration,
) -> Result<Option<Companions>, SpeakerError> {
    let rate = SpeakerEncoder::SAMPLE_RATE;
    let window = rate.samples(WINDOW);
    if samples.len() < rate.samples(MIN_GROUP) * 2 {
        return Ok(None);
    }
    let hop = rate.samples(HOP).max(samples.len().div_ceil(MAX_WINDOWS));
    let windows = samples.windows(window).step_by(hop).filter(|window| SpeakerEncoder::check(window).is_ok());
    let windows: Vec<&[f32]> = windows.collect();
    let split = split(&encoder.embed_windows(&windows)?, rate.duration(hop), calibration);
    Ok(split.filter(|split| split.llr < MAX_LLR && split.seconds[1] >= MIN_GROUP.0))
}

/// The best division of the embeddings of windows, `hop` apart, into two; none of fewer than two.
fn split(embeddings: &[Vec<f32>], hop: Seconds, calibration: Calibration) -> Option<Companions> {
    let (a, b) = least_alike(embeddings)?;
    let mut means = [embeddings[a].clone(), embeddings[b].clone()];
    let mut in_first = Vec::new();
    for _ in 0..ROUNDS {
        let nearest = |row: &Vec<f32>| cosine(row, &means[0]) >= cosine(row, &means[1]);
        let next: Vec<bool> = embeddings.iter().map(nearest).collect();
        if next == in_first {
            break;
        }
        in_first = next;
        let members = |first: bool| {
            let own = embeddings.iter().zip(&in_first).filter(move |&(_, &is_first)| is_first == first);
            mean_embedding(own.map(|(row, _)| row.as_slice()))
        };
        means = [members(true), members(false)];
    }
    let first = in_first.iter().filter(|&&is_first| is_first).count();
    let mut seconds = [first, embeddings.len() - first].map(|count| count as f64 * hop.0);
    seconds.sort_by(|a, b| b.total_cmp(a));
    Some(Companions { seconds, llr: calibration.llr(cosine(&means[0], &means[1])) })
}

/// The two rows with the lowest cosine.
fn least_alike(embeddings: &[Vec<f32>]) -> Option<(usize, usize)> {
    let pairs = (0..embeddings.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    let likeness = |&(i, j): &(usize, usize)| cosine(&embeddings[i], &embeddings[j]);
    pairs.min_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `count` directions around an axis, turned a little each.
    fn around(axis: usize, count: usize) -> Vec<Vec<f32>> {
        (0..count)
            .map(|i| {
                let mut row = vec![0.0; 8];
                row[axis] = 1.0;
                row[(axis + 1 + i % 4) % 8] = 0.3;
                mean_embedding([row.as_slice()])
            })
            .collect()
    }

    #[test]
    fn groups_are_found_wherever_they_lie() {
        let calibration = Calibration { scale: 20.0, offset: -10.0 };
        let mut rows = around(0, 9);
        rows.splice(4..4, around(4, 6));
        let two = split(&rows, Seconds(0.5), calibration).expect("a division");
        assert_eq!(two.seconds, [4.5, 3.0]);
        assert!(two.llr < -5.0, "{two:?}");
        let one = split(&around(0, 15), Seconds(0.5), calibration).expect("a division");
        assert!(one.llr > 3.0, "{one:?}");
        assert_eq!(split(&around(0, 1), Seconds(0.5), calibration), None);
    }
}
