//! Who a stream's people are: clusters come anew with each window, names stay.

use std::collections::BTreeMap;

use super::super::clustering::Speakers;
use super::super::pipeline::Diarizer;
use super::super::windows::Window;
use crate::speaker::cosine;

/// A cluster this like somebody who has none at the moment is theirs.
const ALIKE: f32 = 0.6;

/// Everybody who was heard so far.
#[derive(Debug, Default)]
pub(super) struct People(Vec<Person>);

#[derive(Debug)]
struct Person {
    name: String,
    /// The mean direction of their voices when they were last found.
    voice: Vec<f32>,
}

/// How many frames of a cluster were somebody's, by cluster and person.
pub(super) type Votes = BTreeMap<(usize, usize), f64>;

/// Counts whose each cluster's voices were.
pub(super) fn votes<'w>(
    speakers: &Speakers,
    windows: &[Window],
    before: impl Iterator<Item = &'w [Option<usize>]>,
) -> Votes {
    let mut votes = Votes::new();
    for ((window, clusters), persons) in windows.iter().zip(&speakers.owners).zip(before) {
        for ((voice, cluster), person) in window.voices.iter().zip(clusters).zip(persons) {
            if let (Some(cluster), Some(person)) = (cluster, person) {
                *votes.entry((*cluster, *person)).or_default() += voice.frames as f64;
            }
        }
    }
    votes
}

impl People {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What somebody is called.
    pub fn name(&self, person: usize) -> &str {
        &self.0[person].name
    }

    /// Who each cluster is: whose most of its voices were, each person once, or who is like it and has no cluster, or
    /// else somebody new. And who everybody is now: those who have no cluster any more are whoever has their voices.
    pub fn recognise(&mut self, speakers: &Speakers, votes: &Votes, diarizer: &Diarizer) -> (Vec<usize>, Vec<usize>) {
        let mut persons: Vec<Option<usize>> = vec![None; speakers.centroids.len()];
        let by_votes = votes.iter().map(|(&(cluster, person), &frames)| (frames, cluster, person));
        pair_off(&mut persons, by_votes.collect());
        let likeness = speakers.centroids.iter().enumerate().flat_map(|(cluster, voice)| {
            let alike =
                move |(person, known): (usize, &Person)| (f64::from(cosine(voice, &known.voice)), cluster, person);
            self.0.iter().enumerate().map(alike)
        });
        pair_off(&mut persons, likeness.filter(|(alike, ..)| *alike > f64::from(ALIKE)).collect());
        let before = self.len();
        let mut found = Vec::with_capacity(persons.len());
        for (voice, person) in speakers.centroids.iter().zip(persons) {
            found.push(match person {
                Some(person) => {
                    self.0[person].voice.clone_from(voice);
                    person
                }
                None => {
                    let name = self.new_name(voice, diarizer);
                    self.0.push(Person { name, voice: voice.clone() });
                    self.len() - 1
                }
            });
        }
        let now = |person: usize| {
            let own = votes.iter().filter(|((_, of), _)| *of == person);
            let most = own.max_by(|a, b| a.1.total_cmp(b.1)).map(|((cluster, _), _)| found[*cluster]);
            if found.contains(&person) { person } else { most.unwrap_or(person) }
        };
        let now = (0..before).map(now).collect();
        (found, now)
    }

    /// The known voice that it is, or a new name.
    fn new_name(&self, voice: &[f32], diarizer: &Diarizer) -> String {
        let taken = |name: &str| self.0.iter().any(|person| person.name == name);
        let llr = |known: &[f32]| diarizer.calibration.llr(cosine(voice, known));
        let known = diarizer.known.iter().filter(|voice| !taken(&voice.name));
        let best = known.map(|voice| (llr(&voice.embedding), &voice.name)).max_by(|a, b| a.0.total_cmp(&b.0));
        match best {
            Some((llr, name)) if llr > 0.0 => name.clone(),
            _ => (1..).map(|number| format!("speaker{number}")).find(|name| !taken(name)).unwrap_or_default(),
        }
    }
}

/// Gives clusters that are nobody yet their persons, those first who fit best, each person once.
fn pair_off(persons: &mut [Option<usize>], mut pairs: Vec<(f64, usize, usize)>) {
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (_, cluster, person) in pairs {
        if persons[cluster].is_none() && !persons.contains(&Some(person)) {
            persons[cluster] = Some(person);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::clustering::Agglomerative;
    use super::super::tests::diarizer;
    use super::*;

    /// Clusters around the axes given.
    fn clusters(axes: &[usize]) -> Speakers {
        let voice = |&axis: &usize| (0..4).map(|at| if at == axis { 1.0 } else { 0.0 }).collect();
        Speakers { centroids: axes.iter().map(voice).collect(), owners: Vec::new() }
    }

    #[test]
    fn names_stay_with_voices_while_clusters_come_and_go() {
        let clustering = Agglomerative::default();
        let diarizer = diarizer(&clustering);
        let mut people = People::default();
        let mut recognise = |axes: &[usize], votes: &[((usize, usize), f64)]| {
            people.recognise(&clusters(axes), &votes.iter().copied().collect(), &diarizer)
        };
        assert_eq!(recognise(&[0, 1], &[]), (vec![0, 1], vec![]));
        // In another order, and with somebody new.
        let votes = [((0, 1), 90.0), ((1, 0), 80.0), ((2, 0), 5.0)];
        assert_eq!(recognise(&[1, 0, 2], &votes), (vec![1, 0, 2], vec![0, 1]));
        // The third becomes one with the first, and comes back.
        let votes = [((0, 0), 80.0), ((0, 2), 40.0), ((1, 1), 90.0)];
        assert_eq!(recognise(&[0, 1], &votes), (vec![0, 1], vec![0, 1, 0]));
        let votes = [((0, 0), 80.0), ((1, 1), 90.0), ((2, 0), 40.0)];
        assert_eq!(recognise(&[0, 1, 2], &votes), (vec![0, 1, 2], vec![0, 1, 2]));
        assert_eq!((0..3).map(|who| people.name(who)).collect::<Vec<_>>(), ["speaker1", "speaker2", "speaker3"]);
    }
}
