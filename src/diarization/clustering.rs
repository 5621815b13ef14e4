//! Which voices are of one speaker.
//!
//! Agglomerative clustering by the mean cosine between clusters (average linkage), until no two are alike enough, or as
//! many are left as there are speakers. Voices of a long recording are first clustered in blocks, finely, and then the
//! blocks' clusters: so time and memory stay close to linear in the length. Then each voice is given to the speaker whom
//! it is most like, and speakers are moved to their voices, a few times over.

use kodama::{Method, linkage};
use serde::Serialize;

use super::activity;
use super::hearing::Voice;
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

/// A stage that says whose voices are: for each window and each of its voices a speaker, or nobody.
pub trait Clustering: std::fmt::Debug {
    /// The speakers of the windows' voices.
    fn cluster(&self, windows: &[Window], count: SpeakerCount) -> Speakers;
}

/// Who the voices are.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Speakers {
    /// The mean direction of each speaker's voices.
    pub centroids: Vec<Vec<f32>>,
    /// Whose each window's voices are.
    pub owners: Vec<Vec<Option<usize>>>,
}

/// Clustering by average linkage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agglomerative {
    /// Clusters whose mean cosine is lower are of different speakers.
    pub alike: f32,
}

impl Default for Agglomerative {
    fn default() -> Self {
        Self { alike: 0.49 }
    }
}

/// What must be alike within a block, where clusters must be pure.
const ALIKE_IN_BLOCK: f32 = 0.60;
/// The most voices that are compared with each other at once.
const BLOCK: usize = 1_500;
/// Voices of fewer frames don't found a speaker: 1.2 s.
const FOUNDING_FRAMES: usize = 60;
/// A speaker says at least this share of all that is said.
const LEAST_SHARE: f64 = 0.05;
/// But no less than this, and need not say more than this; what windows share counts twice, in
/// short recordings four times.
const LEAST_SPEECH_S: (f64, f64) = (3.0, 8.0);
/// Voices are given to their nearest speaker and speakers moved to their voices so many times.
const ROUNDS: usize = 3;

impl Clustering for Agglomerative {
    fn cluster(&self, windows: &[Window], count: SpeakerCount) -> Speakers {
        let rows = founders(windows, FOUNDING_FRAMES);
        // Where nobody says much, anybody founds a speaker.
        let rows = if rows.is_empty() { founders(windows, 0) } else { rows };
        let groups = merged(&rows, &in_pure_groups(&rows), self.alike, count);
        let groups = enough(groups, |&index| rows[index].frames, count);
        let mean = |group: &Vec<usize>| mean_of(&rows, group);
        let mut speakers = Speakers { centroids: groups.iter().map(mean).collect(), owners: Vec::new() };
        for _ in 0..ROUNDS {
            speakers.owners = windows.iter().map(|window| owners(window, &speakers.centroids)).collect();
            speakers.centroids = centroids(windows, &speakers.owners, &speakers.centroids);
        }
        speakers
    }
}

/// The clusters of those who say enough to be speakers, those who say the most first.
pub(super) fn enough(
    mut groups: Vec<Vec<usize>>,
    frames_of: impl Fn(&usize) -> usize,
    count: SpeakerCount,
) -> Vec<Vec<usize>> {
    let frames = |group: &Vec<usize>| group.iter().map(&frames_of).sum::<usize>();
    groups.sort_by_key(|group| std::cmp::Reverse(frames(group)));
    let total: usize = groups.iter().map(frames).sum();
    let [short, long] = [LEAST_SPEECH_S.0, LEAST_SPEECH_S.1].map(|seconds| seconds / activity::frame().0);
    let least = (LEAST_SHARE * total as f64).clamp(short, long);
    let large = groups.iter().filter(|group| frames(group) as f64 >= least).count();
    groups.truncate(large.max(count.least).max(1));
    groups
}

/// The mean direction of each speaker's voices; where a speaker has none, as it was before.
pub(super) fn centroids(windows: &[Window], owners: &[Vec<Option<usize>>], before: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let mut own: Vec<Vec<&Voice>> = vec![Vec::new(); before.len()];
    for (window, owners) in windows.iter().zip(owners) {
        for (voice, owner) in window.voices.iter().zip(owners) {
            owner.iter().for_each(|&owner| own[owner].push(voice));
        }
    }
    let mean = |(voices, before): (Vec<&Voice>, &Vec<f32>)| match voices.is_empty() {
        true => before.clone(),
        false => weighted_mean(voices.into_iter()),
    };
    own.into_iter().zip(before).map(mean).collect()
}

/// Voices of at least so many frames.
fn founders(windows: &[Window], least: usize) -> Vec<&Voice> {
    windows.iter().flat_map(|window| &window.voices).filter(|voice| voice.frames >= least).collect()
}

/// The mean direction, each voice counting by what it is made of.
fn weighted_mean<'a>(voices: impl Iterator<Item = &'a Voice>) -> Vec<f32> {
    let weighted: Vec<Vec<f32>> =
        voices.map(|voice| voice.embedding.iter().map(|value| value * voice.frames as f32).collect()).collect();
    mean_embedding(weighted.iter().map(Vec::as_slice))
}

fn mean_of(rows: &[&Voice], group: &[usize]) -> Vec<f32> {
    weighted_mean(group.iter().map(|&index| rows[index]))
}

/// Whom each voice is most like.
fn owners(window: &Window, centroids: &[Vec<f32>]) -> Vec<Option<usize>> {
    let nearest = |voice: &Voice| {
        let like = |who: &usize| cosine(&voice.embedding, &centroids[*who]);
        (0..centroids.len()).max_by(|a, b| like(a).total_cmp(&like(b)))
    };
    window.voices.iter().map(nearest).collect()
}

/// Groups of voices that are so alike that they are of one speaker, few enough to be compared with each other; each voice
/// alone where there are few.
pub(super) fn in_pure_groups(rows: &[&Voice]) -> Vec<Vec<usize>> {
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
    groups
}

/// Clusters groups by their mean directions.
fn merged(rows: &[&Voice], groups: &[Vec<usize>], alike: f32, count: SpeakerCount) -> Vec<Vec<usize>> {
    let means: Vec<Vec<f32>> = groups.iter().map(|group| mean_of(rows, group)).collect();
    let likeness = |a: usize, b: usize| cosine(&means[a], &means[b]);
    let together = |cluster: Vec<usize>| cluster.into_iter().flat_map(|group| groups[group].iter().copied()).collect();
    linked(groups.len(), &likeness, alike, count).into_iter().map(together).collect()
}

/// Clusters of 0..size, by average linkage.
fn linked(size: usize, likeness: &dyn Fn(usize, usize) -> f32, alike: f32, count: SpeakerCount) -> Vec<Vec<usize>> {
    if size == 0 {
        return Vec::new();
    }
    let pairs = (0..size).flat_map(|a| (a + 1..size).map(move |b| (a, b)));
    let mut distances: Vec<f32> = pairs.map(|(a, b)| 1.0 - likeness(a, b)).collect();
    let tree = linkage(&mut distances, size, Method::Average);
    let mut groups: Vec<Option<Vec<usize>>> = (0..size).map(|index| Some(vec![index])).collect();
    let mut left = size;
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
pub(super) mod tests {
    use super::*;

    /// Values of an embedding.
    pub const SIZE: usize = 24;

    /// A voice along an axis of its speaker, with a difference of its own.
    pub fn voice(local: usize, axis: usize, difference: usize) -> Voice {
        let mut row = vec![0.0f32; SIZE];
        row[axis] = 1.0;
        row[12 + difference % 12] = 0.6;
        Voice {
            local,
            first: 0,
            activity: vec![255; 500],
            embedding: mean_embedding([row.as_slice()]),
            frames: 200,
            level_db: -20.0,
            quiet_db: -90.0,
            voiced: 1.0,
            music: None,
        }
    }

    /// Windows in each of which two of the speakers around the axes given speak.
    pub fn windows(axes: &[usize], count: usize) -> Vec<Window> {
        let speak = |index: usize| {
            let one = |local: usize| voice(local, axes[(index + local) % axes.len()], index * 8 + local);
            (0..axes.len().min(2)).map(one).collect()
        };
        (0..count * axes.len()).map(|index| Window { start: index * 250, frames: 500, voices: speak(index) }).collect()
    }

    fn found(windows: &[Window], least: usize, most: usize) -> Speakers {
        Agglomerative::default().cluster(windows, SpeakerCount { least, most })
    }

    #[test]
    fn as_many_are_found_as_there_are_and_each_voice_is_theirs() {
        for axes in [vec![0], vec![0, 3], vec![1, 5, 8], vec![0, 1, 2, 3, 4, 5, 6, 7]] {
            let windows = windows(&axes, 12);
            let speakers = found(&windows, 1, usize::MAX);
            assert_eq!(speakers.centroids.len(), axes.len());
            let first = &speakers.owners[0];
            for (index, owners) in speakers.owners.iter().enumerate().step_by(axes.len()) {
                assert_eq!(owners, first, "window {index}");
            }
            assert!(first.iter().all(Option::is_some) && (first.len() < 2 || first[0] != first[1]));
        }
        assert_eq!(found(&[], 1, 9), Speakers::default());
    }

    #[test]
    fn the_number_may_be_given() {
        let windows = windows(&[1, 5, 8], 12);
        let count = |least, most| found(&windows, least, most).centroids.len();
        assert_eq!((count(2, 2), count(1, 2), count(4, 9), count(3, 3)), (2, 2, 4, 3));
    }

    #[test]
    fn a_stray_voice_is_no_speaker() {
        let mut all = windows(&[0, 3], 12);
        let mut stray = windows(&[9], 1).remove(0);
        stray.voices[0].frames = 60;
        all.push(stray);
        assert_eq!(found(&all, 1, usize::MAX).centroids.len(), 2);
    }

    #[test]
    fn long_recordings_are_clustered_in_blocks_to_the_same_end() {
        assert_eq!(found(&windows(&[1, 5, 8, 10], 250), 1, usize::MAX).centroids.len(), 4);
    }
}
