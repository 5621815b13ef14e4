//! Which windows are of one speaker.
//!
//! Agglomerative clustering by the mean cosine between clusters (average linkage), until no two are alike enough, or as
//! many are left as there are speakers. Windows of a long recording are first clustered in blocks, finely, and then the
//! blocks' clusters: so time and memory stay close to linear in the length.

use kodama::{Method, linkage};

use super::windows::Window;
use crate::speaker::{cosine, mean_embedding};

/// How many speakers there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpeakerCount {
    /// At least.
    pub least: usize,
    /// At most.
    pub most: usize,
}

impl Default for SpeakerCount {
    /// Any number.
    fn default() -> Self {
        Self { least: 1, most: usize::MAX }
    }
}

/// Clusters whose mean cosine is lower are of different speakers.
const ALIKE: f32 = 0.38;
/// The same within a block, where clusters must be pure.
const ALIKE_IN_BLOCK: f32 = 0.50;
/// The most windows that are compared with each other at once.
const BLOCK: usize = 1_500;
/// A speaker of fewer windows is noise, or a word of someone else's: so many in a short recording, and in a long one.
const LEAST_WINDOWS: (usize, usize) = (3, 6);
/// A recording of so many windows for each of a speaker's least is a long one.
const LONG: usize = 15;
/// Windows are given to their nearest speaker and speakers moved to their windows so many times.
const ROUNDS: usize = 4;

/// The mean direction of each speaker's windows, the most talkative first; none without windows.
pub fn speakers(windows: &[Window], count: SpeakerCount) -> Vec<Vec<f32>> {
    let rows: Vec<&[f32]> = windows.iter().map(|window| window.embedding.as_slice()).collect();
    let mut groups = if rows.len() <= BLOCK { cluster(&rows, ALIKE, count) } else { in_blocks(&rows, count) };
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    let least = (rows.len() / LONG).clamp(LEAST_WINDOWS.0, LEAST_WINDOWS.1);
    let large = groups.iter().filter(|group| group.len() >= least).count();
    groups.truncate(large.max(count.least).max(1));
    let mean = |group: &Vec<usize>| mean_embedding(group.iter().map(|&index| rows[index]));
    let mut speakers: Vec<Vec<f32>> = groups.iter().map(mean).collect();
    for _ in 0..ROUNDS {
        let mut own = vec![Vec::new(); speakers.len()];
        rows.iter().enumerate().for_each(|(index, row)| own[nearest(row, &speakers)].push(index));
        own.retain(|group| !group.is_empty());
        own.sort_by_key(|group| std::cmp::Reverse(group.len()));
        speakers = own.iter().map(mean).collect();
    }
    speakers
}

/// The speaker who is most like the row.
fn nearest(row: &[f32], speakers: &[Vec<f32>]) -> usize {
    let likeness = |index: &usize| cosine(row, &speakers[*index]);
    (0..speakers.len()).max_by(|a, b| likeness(a).total_cmp(&likeness(b))).unwrap_or(0)
}

fn in_blocks(rows: &[&[f32]], count: SpeakerCount) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = (0..rows.len()).map(|index| vec![index]).collect();
    while groups.len() > BLOCK {
        let before = groups.len();
        let next = groups.chunks(BLOCK).flat_map(|block| merged(rows, block, ALIKE_IN_BLOCK, SpeakerCount::default()));
        groups = next.collect();
        // Nothing is alike any more: what is left must be compared as it is.
        if groups.len() > before * 9 / 10 {
            break;
        }
    }
    merged(rows, &groups, ALIKE, count)
}

/// Clusters groups by their mean directions.
fn merged(rows: &[&[f32]], groups: &[Vec<usize>], alike: f32, count: SpeakerCount) -> Vec<Vec<usize>> {
    let means: Vec<Vec<f32>> =
        groups.iter().map(|group| mean_embedding(group.iter().map(|&index| rows[index]))).collect();
    let means: Vec<&[f32]> = means.iter().map(Vec::as_slice).collect();
    let together = |cluster: Vec<usize>| cluster.into_iter().flat_map(|group| groups[group].iter().copied()).collect();
    cluster(&means, alike, count).into_iter().map(together).collect()
}

/// Groups of rows, by number.
fn cluster(rows: &[&[f32]], alike: f32, count: SpeakerCount) -> Vec<Vec<usize>> {
    if rows.is_empty() {
        return Vec::new();
    }
    let pairs = (0..rows.len()).flat_map(|a| (a + 1..rows.len()).map(move |b| (a, b)));
    let mut distances: Vec<f32> = pairs.map(|(a, b)| 1.0 - cosine(rows[a], rows[b])).collect();
    let tree = linkage(&mut distances, rows.len(), Method::Average);
    let mut groups: Vec<Option<Vec<usize>>> = (0..rows.len()).map(|index| Some(vec![index])).collect();
    let mut left = rows.len();
    for step in tree.steps() {
        let unlike = 1.0 - step.dissimilarity < alike && left <= count.most;
        if unlike || left <= count.least {
            break;
        }
        let [a, b] = [step.cluster1, step.cluster2].map(|index| groups[index].take().unwrap_or_default());
        groups.push(Some([a, b].concat()));
        left -= 1;
    }
    groups.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Seconds;

    /// `count` windows around each axis given, in turns.
    fn windows(axes: &[usize], count: usize) -> Vec<Window> {
        let one = |index: usize| {
            let mut row = vec![0.0f32; 24];
            row[axes[index % axes.len()]] = 1.0;
            row[12 + index * 7 % 12] = 0.6;
            let embedding = mean_embedding([row.as_slice()]);
            Window { start: Seconds(index as f64), end: Seconds(index as f64 + 1.5), embedding }
        };
        (0..count * axes.len()).map(one).collect()
    }

    #[test]
    fn as_many_are_found_as_there_are() {
        for axes in [vec![0], vec![0, 3], vec![1, 5, 8], vec![0, 1, 2, 3, 4, 5, 6, 7]] {
            assert_eq!(speakers(&windows(&axes, 12), SpeakerCount::default()).len(), axes.len());
        }
        assert!(speakers(&[], SpeakerCount::default()).is_empty());
    }

    #[test]
    fn the_number_may_be_given() {
        let windows = windows(&[1, 5, 8], 12);
        let found = |least, most| speakers(&windows, SpeakerCount { least, most }).len();
        assert_eq!((found(2, 2), found(1, 2), found(4, 9), found(3, 3)), (2, 2, 4, 3));
    }

    #[test]
    fn a_stray_window_is_no_speaker() {
        let mut all = windows(&[0, 3], 12);
        all.extend(windows(&[9], 2));
        assert_eq!(speakers(&all, SpeakerCount::default()).len(), 2);
    }

    #[test]
    fn long_recordings_are_clustered_in_blocks_to_the_same_end() {
        let long = windows(&[1, 5, 8, 10], 1_000);
        assert_eq!(speakers(&long, SpeakerCount::default()).len(), 4);
    }
}
