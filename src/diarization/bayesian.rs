//! Which voices are of one speaker, by how likely that is.
//!
//! Clusters are merged two by two, those first that are the likeliest to be of one speaker ([`Plda`]), until one is left.
//! On the way there, one number of speakers makes all that was heard the likeliest; it is taken. Then each voice is given
//! to the speaker whom it fits best, a few times over. The segmentation network's own opinion counts, too: whether it
//! takes voices of one window for one speaker.

use super::activity;
use super::clustering::{Clustering, SpeakerCount, Speakers, centroids, enough, in_pure_groups};
use super::hearing::Voice;
use super::plda::{Plda, Pooled};
use super::windows::{self, Window};

/// Clustering by likelihood.
#[derive(Debug, Clone, PartialEq)]
pub struct Bayesian {
    plda: Plda,
}

/// Voices of fewer frames found no speaker: 0.8 s.
const FOUNDING_FRAMES: usize = 40;
/// The precision of a second of a voice in windows that are [`windows::STEP`] apart. In closer ones it tells less, by the
/// square root: they hear the same.
const PRECISION: f32 = 0.31;
/// All that a window has of what the network takes for one speaker tells no more than so many seconds.
const TELLING_S: f32 = 4.0;
/// When speakers are counted, voices tell this share of it in a recording with so many seconds of them, and less the longer
/// it is, by the square root: a speaker's voices are not as independent as the model takes them to be.
const COUNTED: (f32, f32) = (0.45, 150.0);
/// But never more: a few seconds of one person would be two.
const MOST_COUNTED: f32 = 0.65;
/// How much likelier it is that two voices of a window are of one speaker where the network takes them for one, and how
/// much less where it does not, as logarithms.
const TOGETHER: f64 = 1.5;
const APART: f64 = -0.5;
/// Voices are given to the speakers so many times at most.
const ROUNDS: usize = 5;

/// A voice, and where it was heard.
struct Heard<'a> {
    voice: &'a Voice,
    window: usize,
    pooled: Pooled,
}

impl Heard<'_> {
    /// What the network makes of two voices.
    fn bond(&self, other: &Self) -> f64 {
        match (self.window == other.window, self.voice.local == other.voice.local) {
            (false, _) => 0.0,
            (true, true) => TOGETHER,
            (true, false) => APART,
        }
    }
}

impl Bayesian {
    /// With a model of voices.
    pub fn new(plda: Plda) -> Self {
        Self { plda }
    }

    fn heard<'a>(&self, windows: &'a [Window]) -> Vec<Heard<'a>> {
        let voices = windows.iter().flat_map(|window| &window.voices);
        let centre = &self.plda.centre(voices.map(|voice| (voice.embedding.as_slice(), voice.frames as f32)));
        let precision = PRECISION * (step(windows) / windows::STEP.0).sqrt() as f32;
        let of = |(window, heard): (usize, &'a Window)| {
            let seconds = |voice: &Voice| seconds(voice) as f32;
            let one = move |voice: &'a Voice| {
                let own = heard.voices.iter().filter(|other| other.local == voice.local);
                let telling = (TELLING_S / own.map(seconds).sum::<f32>()).min(1.0);
                let pooled = self.plda.pooled(&voice.embedding, centre, precision * telling * seconds(voice));
                Heard { voice, window, pooled }
            };
            heard.voices.iter().map(one).collect::<Vec<_>>()
        };
        windows.iter().enumerate().flat_map(of).collect()
    }

    /// Clusters of the voices at `founders`.
    fn clusters(&self, heard: &[Heard], founders: &[usize], count: SpeakerCount) -> Vec<Vec<usize>> {
        let rows: Vec<&Voice> = founders.iter().map(|&index| heard[index].voice).collect();
        let groups: Vec<Vec<usize>> =
            in_pure_groups(&rows).into_iter().map(|group| group.into_iter().map(|at| founders[at]).collect()).collect();
        let seconds: f64 = heard.iter().map(|one| seconds(one.voice)).sum();
        let (share, usual_s) = COUNTED;
        let share = (share * (usual_s / seconds.max(1e-3) as f32).sqrt()).min(MOST_COUNTED);
        let steps = Merging::new(&self.plda, heard, &groups, share).best(count);
        let mut groups: Vec<Option<Vec<usize>>> = groups.into_iter().map(Some).collect();
        for (a, b) in steps {
            let other = groups[b].take().unwrap_or_default();
            groups[a].get_or_insert_default().extend(other);
        }
        groups.into_iter().flatten().collect()
    }

    /// The speaker of each voice, beginning with clusters.
    fn owners(&self, heard: &[Heard], clusters: &[Vec<usize>]) -> Vec<usize> {
        let mut owners: Vec<Option<usize>> = vec![None; heard.len()];
        for (speaker, cluster) in clusters.iter().enumerate() {
            cluster.iter().for_each(|&index| owners[index] = Some(speaker));
        }
        for _ in 0..ROUNDS {
            let mut pooled = vec![Pooled::nothing(self.plda.size()); clusters.len()];
            for (one, owner) in heard.iter().zip(&owners) {
                owner.iter().for_each(|&owner| pooled[owner].add(&one.pooled));
            }
            let evidence: Vec<f64> = pooled.iter().map(|speaker| self.plda.evidence(speaker, 1.0)).collect();
            let mut next = Vec::with_capacity(heard.len());
            for (index, one) in heard.iter().enumerate() {
                let from = heard[..index].iter().rev().take_while(|other| other.window == one.window).count();
                let to = heard[index..].iter().take_while(|other| other.window == one.window).count();
                let fit = |speaker: usize| {
                    let own = owners[index] == Some(speaker);
                    let evidence = if own {
                        let mut others = pooled[speaker].clone();
                        others.remove(&one.pooled);
                        evidence[speaker] - self.plda.evidence(&others, 1.0)
                    } else {
                        self.plda.joint(&pooled[speaker], &one.pooled) - evidence[speaker]
                    };
                    let beside = (index - from..index + to).filter(|&at| at != index && owners[at] == Some(speaker));
                    evidence + beside.map(|at| one.bond(&heard[at])).sum::<f64>()
                };
                let fits = (0..clusters.len()).map(|speaker| (speaker, fit(speaker)));
                next.push(fits.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(speaker, _)| speaker));
            }
            if next == owners {
                break;
            }
            owners = next;
        }
        owners.into_iter().flatten().collect()
    }
}

impl Clustering for Bayesian {
    fn cluster(&self, windows: &[Window], count: SpeakerCount) -> Speakers {
        let heard = self.heard(windows);
        let founding = |least: usize| -> Vec<usize> {
            (0..heard.len()).filter(|&index| heard[index].voice.frames >= least).collect()
        };
        let founders = match founding(FOUNDING_FRAMES) {
            // Where nobody says much, anybody founds a speaker.
            none if none.is_empty() => founding(0),
            some => some,
        };
        let clusters = self.clusters(&heard, &founders, count);
        let clusters = enough(clusters, |&index| heard[index].voice.frames, count);
        let mut owners = self.owners(&heard, &clusters).into_iter();
        let owners: Vec<Vec<Option<usize>>> =
            windows.iter().map(|window| window.voices.iter().map(|_| owners.next()).collect()).collect();
        let none = vec![Vec::new(); clusters.len()];
        Speakers { centroids: centroids(windows, &owners, &none), owners }
    }
}

/// How many seconds a voice is alone.
fn seconds(voice: &Voice) -> f64 {
    voice.frames as f64 * activity::frame().0
}

/// How many seconds the windows are apart; the last, and what is left of a long stream, may be closer or farther.
fn step(windows: &[Window]) -> f64 {
    let farthest = windows.windows(2).map(|pair| pair[1].start - pair[0].start).max();
    let step = farthest.map_or(windows::STEP.0, |frames| frames as f64 * activity::frame().0);
    step.clamp(windows::FINE_STEP.0, windows::STEP.0)
}

/// Voices together, and how likely it is that they are of one speaker.
struct Cluster {
    pooled: Pooled,
    evidence: f64,
}

/// Clusters on their way from as many as there are to one.
struct Merging<'a> {
    plda: &'a Plda,
    /// The clusters, where they are not merged into others.
    clusters: Vec<Option<Cluster>>,
    /// How likely it is that two are of one speaker, against each being of its own; a row for each cluster.
    gains: Vec<Vec<f32>>,
    /// The bonds between voices of two clusters.
    bonds: Vec<Vec<f32>>,
    /// For each cluster the one that it fits best.
    nearest: Vec<usize>,
    /// See [`COUNTED`].
    share: f32,
}

impl<'a> Merging<'a> {
    fn new(plda: &'a Plda, heard: &[Heard], groups: &[Vec<usize>], share: f32) -> Self {
        let mut of_voice = vec![None; heard.len()];
        for (cluster, group) in groups.iter().enumerate() {
            group.iter().for_each(|&index| of_voice[index] = Some(cluster));
        }
        let size = groups.len();
        let mut bonds = vec![vec![0f32; size]; size];
        for (index, one) in heard.iter().enumerate() {
            for (other, beside) in heard.iter().enumerate().skip(index + 1) {
                if beside.window != one.window {
                    break;
                }
                if let (Some(a), Some(b)) = (of_voice[index], of_voice[other])
                    && a != b
                {
                    let bond = one.bond(beside) as f32;
                    bonds[a][b] += bond;
                    bonds[b][a] += bond;
                }
            }
        }
        let pool = |group: &Vec<usize>| {
            let mut pooled = Pooled::nothing(plda.size());
            group.iter().for_each(|&index| pooled.add(&heard[index].pooled));
            Some(Cluster { evidence: plda.evidence(&pooled, 1.0), pooled })
        };
        let clusters = groups.iter().map(pool).collect();
        let mut made = Self { plda, clusters, gains: vec![Vec::new(); size], bonds, nearest: vec![0; size], share };
        for a in 0..size {
            made.gains[a] = (0..size).map(|b| if b < a { made.gains[b][a] } else { made.gain(a, b) as f32 }).collect();
        }
        (0..size).for_each(|cluster| made.nearest[cluster] = made.find_nearest(cluster));
        made
    }

    /// Which clusters are merged, the second into the first, until they are the likeliest number of speakers.
    fn best(mut self, count: SpeakerCount) -> Vec<(usize, usize)> {
        let first = self.clusters.len();
        let mut left = first;
        let allowed = |left: usize| left <= count.most && left >= count.least.min(first);
        let (mut likelihood, mut steps) = (0.0, Vec::new());
        let mut best = (allowed(left).then_some(0.0), 0);
        while left > 1 && left > count.least {
            let gain = |&cluster: &usize| self.gains[cluster][self.nearest[cluster]];
            let open = (0..self.clusters.len()).filter(|&cluster| self.clusters[cluster].is_some());
            let Some(a) = open.max_by(|x, y| gain(x).total_cmp(&gain(y))) else { break };
            let b = self.nearest[a];
            likelihood += self.merge(a, b);
            left -= 1;
            steps.push((a, b));
            if allowed(left) && best.0.is_none_or(|most| likelihood > most) {
                best = (Some(likelihood), steps.len());
            }
        }
        steps.truncate(best.1);
        steps
    }

    /// Merges `b` into `a`. Returns how much likelier all becomes when speakers are counted.
    fn merge(&mut self, a: usize, b: usize) -> f64 {
        let Some(merged) = self.clusters[b].take() else { return 0.0 };
        let Some(cluster) = self.clusters[a].as_mut() else { return 0.0 };
        let counted = |pooled: &Pooled| self.plda.evidence(pooled, self.share);
        let before = counted(&cluster.pooled) + counted(&merged.pooled);
        cluster.pooled.add(&merged.pooled);
        cluster.evidence = self.plda.evidence(&cluster.pooled, 1.0);
        let gained = counted(&cluster.pooled) - before;
        for other in 0..self.clusters.len() {
            if self.clusters[other].is_some() && other != a {
                self.bonds[a][other] += self.bonds[b][other];
                self.bonds[other][a] = self.bonds[a][other];
                let gain = self.gain(a, other) as f32;
                (self.gains[a][other], self.gains[other][a]) = (gain, gain);
            }
        }
        self.nearest[a] = self.find_nearest(a);
        for other in 0..self.clusters.len() {
            if self.clusters[other].is_none() || other == a {
                continue;
            }
            let nearest = self.nearest[other];
            if nearest == a || nearest == b {
                self.nearest[other] = self.find_nearest(other);
            } else if self.gains[other][a] > self.gains[other][nearest] {
                self.nearest[other] = a;
            }
        }
        gained
    }

    fn find_nearest(&self, cluster: usize) -> usize {
        let others = (0..self.clusters.len()).filter(|&other| other != cluster && self.clusters[other].is_some());
        let gains = &self.gains[cluster];
        others.max_by(|&x, &y| gains[x].total_cmp(&gains[y])).unwrap_or(cluster)
    }

    fn gain(&self, a: usize, b: usize) -> f64 {
        match (&self.clusters[a], &self.clusters[b]) {
            (Some(x), Some(y)) if a != b => {
                self.plda.joint(&x.pooled, &y.pooled) - x.evidence - y.evidence + f64::from(self.bonds[a][b])
            }
            _ => f64::NEG_INFINITY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diarization::clustering::tests::{SIZE, voice, windows};

    fn found(windows: &[Window], least: usize, most: usize) -> Speakers {
        Bayesian::new(Plda::plain(SIZE, 6.0, 1.5)).cluster(windows, SpeakerCount { least, most })
    }

    #[test]
    fn as_many_are_found_as_there_are_and_each_voice_is_theirs() {
        for axes in [vec![0], vec![0, 3], vec![1, 5, 8], vec![0, 1, 2, 3, 4, 5, 6, 7]] {
            let windows = windows(&axes, 12);
            let speakers = found(&windows, 1, usize::MAX);
            assert_eq!(speakers.centroids.len(), axes.len());
            for (window, owners) in windows.iter().zip(&speakers.owners) {
                for (voice, owner) in window.voices.iter().zip(owners) {
                    let centroid = &speakers.centroids[owner.expect("somebody")];
                    let axis = (0..12).max_by(|&a, &b| voice.embedding[a].total_cmp(&voice.embedding[b]));
                    assert!(centroid[axis.expect("an axis")] > 0.8, "{voice:?} is not {centroid:?}");
                }
            }
        }
        assert_eq!(found(&windows(&[4], 2), 1, usize::MAX).centroids.len(), 1, "of a few seconds");
        assert_eq!(found(&[], 1, 9), Speakers::default());
    }

    #[test]
    fn the_number_may_be_given() {
        let windows = windows(&[1, 5, 8], 12);
        let count = |least, most| found(&windows, least, most).centroids.len();
        assert_eq!((count(2, 2), count(1, 2), count(4, 9), count(3, 3)), (2, 2, 4, 3));
    }

    #[test]
    fn of_voices_between_two_speakers_the_network_decides() {
        for with in [0, 3] {
            let mut all = windows(&[0, 3], 12);
            let mut between = voice(7, 0, 0);
            between.embedding[3] = between.embedding[0];
            between.frames = 40;
            let axis_of = |voice: &Voice| if voice.embedding[0] > voice.embedding[3] { 0 } else { 3 };
            let window = &mut all[5];
            between.local = window.voices.iter().find(|voice| axis_of(voice) == with).expect("both speak").local;
            window.voices.push(between);
            let speakers = found(&all, 1, usize::MAX);
            let owner = speakers.owners[5][2].expect("somebody");
            assert!(speakers.centroids[owner][with] > 0.8, "it is with {with}");
        }
    }

    #[test]
    fn windows_are_as_far_apart_as_most_are() {
        let windows = |starts: &[usize]| -> Vec<Window> {
            starts.iter().map(|&start| Window { start, frames: 500, voices: Vec::new() }).collect()
        };
        assert_eq!([&[0, 125, 250, 260][..], &[0, 15]].map(|starts| step(&windows(starts))), [2.5; 2]);
        assert_eq!([&[0, 250, 300][..], &[0, 1_000, 1_250], &[0], &[]].map(|starts| step(&windows(starts))), [5.0; 4]);
    }

    #[test]
    fn long_recordings_are_clustered_in_groups_to_the_same_end() {
        assert_eq!(found(&windows(&[1, 5, 8, 10], 250), 1, usize::MAX).centroids.len(), 4);
    }
}
