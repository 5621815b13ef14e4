//! Who else may speak in a folder that is meant to hold one person's speech.

use crate::speaker::{Calibration, cosine};
use crate::train::acoustic::mean_direction;

/// An utterance is another person's if its log-likelihood ratio of being the folder's speaker is lower.
const STRANGER_LLR: f64 = -2.0;
/// A folder in which more pairs of utterances than this are of different people is no one person's.
const MIXED_SHARE: f64 = 0.2;
/// With fewer utterances there is no telling who is the stranger.
const LEAST_UTTERANCES: usize = 4;

/// What the embeddings of a folder's utterances say.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Company {
    /// Utterances that sound like someone else than the rest.
    pub(super) strangers: Vec<usize>,
    /// Share of pairs of utterances that sound like two people.
    pub(super) unlike_pairs: f64,
}

impl Company {
    /// Looks for strangers among utterances' embeddings of unit length; an utterance without one is nobody's.
    pub(super) fn of(embeddings: &[Option<Vec<f32>>], calibration: Calibration) -> Self {
        let known: Vec<(usize, &Vec<f32>)> =
            embeddings.iter().enumerate().filter_map(|(index, row)| Some((index, row.as_ref()?))).collect();
        if known.len() < LEAST_UTTERANCES {
            return Self::default();
        }
        let unlike = |a: &[f32], b: &[f32]| calibration.llr(cosine(a, b)) < STRANGER_LLR;
        let pairs =
            known.iter().enumerate().flat_map(|(at, (_, a))| known[..at].iter().map(move |(_, b)| unlike(a, b)));
        let (count, unlike_count) = pairs.fold((0usize, 0usize), |(all, bad), pair| (all + 1, bad + usize::from(pair)));
        // The utterance that is most like all others leads; strangers are those that are not like the ones like it.
        let likeness = |row: &[f32]| known.iter().map(|(_, other)| f64::from(cosine(row, other))).sum::<f64>();
        let leader = known.iter().map(|(_, row)| *row).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        let speaker = leader.map(|leader| {
            let alike: Vec<Vec<f32>> =
                known.iter().filter(|(_, row)| !unlike(row, leader)).map(|(_, row)| (*row).clone()).collect();
            mean_direction(&alike)
        });
        let strangers = known.iter().filter(|(_, row)| speaker.as_ref().is_some_and(|speaker| unlike(row, speaker)));
        Self {
            strangers: strangers.map(|(index, _)| *index).collect(),
            unlike_pairs: unlike_count as f64 / count.max(1) as f64,
        }
    }

    /// Whether this is no one person's speech with a few strays.
    pub(super) fn is_mixed(&self) -> bool {
        self.unlike_pairs > MIXED_SHARE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALIBRATION: Calibration = Calibration { scale: 25.0, offset: -12.5 };

    /// `count` directions around an axis.
    fn around(axis: usize, count: usize) -> Vec<Option<Vec<f32>>> {
        let row = |index: usize| {
            let mut row = vec![0.0; 16];
            row[axis] = 1.0;
            row[(axis + 1 + index % 6) % 16] += 0.4;
            Some(mean_direction(&[row]))
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn one_person_is_no_company() {
        assert_eq!(Company::of(&around(0, 20), CALIBRATION), Company::default());
    }

    #[test]
    fn a_stray_utterance_is_found_wherever_it_lies() {
        let mut rows = around(0, 20);
        rows.insert(7, around(8, 1).remove(0));
        rows.insert(3, None);
        let company = Company::of(&rows, CALIBRATION);
        assert_eq!(company.strangers, [8]);
        assert!(!company.is_mixed());
    }

    #[test]
    fn two_people_are_a_mixture_of_whom_the_more_talkative_leads() {
        let rows = [around(0, 12), around(8, 9)].concat();
        let company = Company::of(&rows, CALIBRATION);
        assert!(company.is_mixed());
        assert_eq!(company.strangers, (12..21).collect::<Vec<_>>());
    }

    #[test]
    fn of_three_utterances_nobody_is_the_stranger() {
        let rows = [around(0, 2), around(8, 1)].concat();
        assert_eq!(Company::of(&rows, CALIBRATION), Company::default());
    }
}
