//! Diarization of a stream: labels within a second, revised once more is known.
//!
//! Every half second the last ten seconds are heard anew, and their voices are clustered together with those of windows
//! long heard, as a file's are (`people` says which cluster is whom). Labels are given up to shortly before the end,
//! since a network knows least at the edge of what it hears; those of the last two minutes are revised where the windows
//! since say otherwise (`told`). When the stream ends, it is clustered as a file would be. What it heard of each window is
//! what a file of up to five minutes hears; longer ones hear windows in blocks ([`Block`]).

mod people;
mod told;

pub use told::Label;

use std::collections::VecDeque;

use people::People;
use told::Told;

use super::activity::{Activity, frames};
use super::clustering::SpeakerCount;
use super::hearing::{Block, Voice};
use super::pipeline::{Diarized, Diarizer, give_names};
use super::segmentation::Segmentation;
use super::windows::{self, Heard, Window};
use crate::units::{SampleRate, Seconds};

const RATE: SampleRate = SampleRate::ANALYSIS;
/// From one hearing to the next.
const STEP: Seconds = Seconds(0.5);
/// What lies closer to the end is not labelled yet.
const LAG: Seconds = Seconds(0.4);
/// How far back labels are revised.
const REVISED: Seconds = Seconds(120.0);
/// The least that is heard.
const LEAST: Seconds = Seconds(1.0);
/// Of the windows that a file would have, so many of the last are clustered with every new one, and as many at most of
/// those before: a hundred seconds, and some of the rest.
const CLUSTERED: usize = 20;
/// A voice this much in time with a speaker's is taken for theirs, until it is clustered.
const IN_TIME: f32 = 0.5;

/// A stream that is being diarized.
#[derive(Debug)]
pub struct Live<'a> {
    diarizer: &'a Diarizer<'a>,
    /// The last ten seconds, at most.
    held: Vec<f32>,
    received: usize,
    people: People,
    /// The windows that a long file would have.
    kept: Vec<Owned>,
    /// Those that a short file would have beside them.
    between: Vec<Window>,
    /// The windows that reach into the last ten seconds.
    recent: VecDeque<Owned>,
    told: Told,
}

/// A window, and whose its voices are.
#[derive(Debug, Clone)]
struct Owned {
    window: Window,
    owners: Vec<Option<usize>>,
}

impl<'a> Live<'a> {
    /// A stream that has not begun.
    pub fn new(diarizer: &'a Diarizer<'a>) -> Self {
        Self {
            diarizer,
            held: Vec::new(),
            received: 0,
            people: People::default(),
            kept: Vec::new(),
            between: Vec::new(),
            recent: VecDeque::new(),
            told: Told::default(),
        }
    }

    /// Takes samples at 16 kHz and gives what is known since.
    pub fn push(&mut self, mut samples: &[f32]) -> Vec<Label> {
        let (step, window) = (RATE.samples(STEP), RATE.samples(Segmentation::WINDOW));
        let mut labels = Vec::new();
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(step - self.received % step));
            samples = later;
            self.held.extend(now.iter().map(|sample| if sample.is_finite() { *sample } else { 0.0 }));
            self.received += now.len();
            self.held.drain(..self.held.len().saturating_sub(window));
            if self.received.is_multiple_of(step) && self.held.len() >= RATE.samples(LEAST) {
                self.hear(self.received - self.held.len(), self.held.clone());
                self.label(self.end().saturating_sub(frames(LAG)), &mut labels);
            }
        }
        labels
    }

    /// The labels of what is left, and the turns of the whole stream, clustered anew; names stay.
    pub fn finish(mut self, file: &str) -> (Vec<Label>, Diarized) {
        let mut labels = Vec::new();
        let hop = Segmentation::HOP as usize;
        if self.received > self.end() * hop && !self.held.is_empty() {
            let start = (self.received - self.held.len()).next_multiple_of(hop);
            let mut samples = self.held.split_off((start + self.held.len() - self.received).min(self.held.len()));
            samples.resize(samples.len().max(RATE.samples(LEAST)).next_multiple_of(hop), 0.0);
            self.hear(start, samples);
        }
        let end = self.received.div_ceil(hop).min(self.end());
        self.label(end, &mut labels);
        let (windows, owners): (Vec<_>, Vec<_>) =
            self.windows_of_a_file().into_iter().map(|one| (one.window, one.owners)).unzip();
        let speakers = self.diarizer.cluster(&windows, self.diarizer.count);
        let heard = Heard { windows, duration: RATE.duration(self.received) };
        let votes = people::votes(&speakers, &heard.windows, owners.iter().map(Vec::as_slice));
        let votes = votes.into_iter().map(|((speaker, person), frames)| (frames, speaker, self.people.name(person)));
        let mut names = vec![None; speakers.centroids.len()];
        give_names(&mut names, votes.collect());
        (labels, self.diarizer.turns(&heard, &speakers, file, &names))
    }

    /// The frame after the last that was heard.
    fn end(&self) -> usize {
        self.recent.back().map_or(0, |one| one.window.start + one.window.frames)
    }

    fn hear(&mut self, start: usize, samples: Vec<f32>) {
        let hop = Segmentation::HOP as usize;
        let (frames, length) = (samples.len() / hop, samples.len());
        let heard = match windows::is_audible(&samples) {
            true => self.diarizer.hearing.hear(&Block::of_one_window(samples)),
            false => Vec::new(),
        };
        let window = Window { start: start / hop, frames, voices: heard.into_iter().next().unwrap_or_default() };
        let owners = self.in_time(&window);
        let mut current = Owned { window, owners };
        self.cluster(&mut current);
        let whole = length == RATE.samples(Segmentation::WINDOW);
        if self.received > RATE.samples(windows::SHORT) {
            self.between.clear();
        } else if whole && start % RATE.samples(windows::STEP) == RATE.samples(windows::FINE_STEP) {
            self.between.push(current.window.clone());
        }
        if whole && start.is_multiple_of(RATE.samples(windows::STEP)) {
            self.kept.push(current.clone());
        }
        self.recent.push_back(current);
        let oldest = self.end().saturating_sub(RATE.samples(Segmentation::WINDOW) / hop);
        while self.recent.front().is_some_and(|one| one.window.start + one.window.frames <= oldest) {
            self.recent.pop_front();
        }
    }

    /// The windows in which a file as long would have been heard.
    fn windows_of_a_file(&mut self) -> Vec<Owned> {
        let mut all = std::mem::take(&mut self.kept);
        // Nobody has said yet whose the voices of these are.
        let unowned = |window: Window| Owned { owners: vec![None; window.voices.len()], window };
        all.extend(std::mem::take(&mut self.between).into_iter().map(unowned));
        all.sort_by_key(|one| one.window.start);
        let covered = all.last().map_or(0, |one| one.window.start + one.window.frames);
        all.extend(self.recent.back().filter(|last| last.window.start + last.window.frames > covered).cloned());
        all
    }

    /// Who was active when each of a window's voices is.
    fn in_time(&self, window: &Window) -> Vec<Option<usize>> {
        let past = self.activity();
        let of = |voice: &Voice| {
            let shares = (0..self.people.len()).map(|who| (in_time(voice, window.start, &past, who), who));
            shares.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(share, _)| *share > IN_TIME).map(|(_, who)| who)
        };
        window.voices.iter().map(of).collect()
    }

    /// Clusters a new window with those before, and says anew whose the voices of all are.
    fn cluster(&mut self, current: &mut Owned) {
        let mut clustered: Vec<&mut Owned> = remembered(&mut self.kept);
        clustered.push(current);
        let windows: Vec<Window> = clustered.iter().map(|one| one.window.clone()).collect();
        // Not everybody may have spoken yet.
        let count = SpeakerCount { least: 1, ..self.diarizer.count };
        let speakers = self.diarizer.cluster(&windows, count);
        let votes = people::votes(&speakers, &windows, clustered.iter().map(|one| one.owners.as_slice()));
        let (persons, now) = self.people.recognise(&speakers, &votes, self.diarizer);
        for (one, owners) in clustered.into_iter().zip(&speakers.owners) {
            one.owners = owners.iter().map(|owner| owner.map(|cluster| persons[cluster])).collect();
        }
        for one in self.kept.iter_mut().chain(&mut self.recent) {
            let owners = one.owners.iter_mut().flatten();
            owners.for_each(|who| *who = now.get(*who).copied().unwrap_or(*who));
        }
    }

    /// Who speaks in the frames whose labels may be revised, and after them.
    fn activity(&self) -> Activity {
        let end = self.end();
        let from = end.saturating_sub(frames(REVISED));
        let recent = self.recent.front().map_or(end, |one| one.window.start);
        // Those that were kept last are recent as well.
        let kept = self.kept.iter().skip_while(|one| one.window.start < from);
        let kept = kept.take_while(|one| one.window.start < recent);
        let all = kept.chain(&self.recent).map(|one| (&one.window, one.owners.as_slice()));
        Activity::new(all, self.people.len())
    }

    /// Labels what lies before the frame `until`.
    fn label(&mut self, until: usize, labels: &mut Vec<Label>) {
        let activity = self.activity();
        let names = |who: usize| self.people.name(who).to_owned();
        self.told.tell(&activity, self.diarizer.rules, until, names, labels);
    }
}

/// The last windows, and evenly some of those before.
fn remembered(kept: &mut [Owned]) -> Vec<&mut Owned> {
    let (before, last) = kept.split_at_mut(kept.len().saturating_sub(CLUSTERED));
    let every = before.len().div_ceil(CLUSTERED).max(1);
    before.iter_mut().step_by(every).chain(last).collect()
}

/// How much a voice and a speaker are active at the same time, from 0 to 1, in what both were heard in.
fn in_time(voice: &Voice, start: usize, past: &Activity, who: usize) -> f32 {
    let (mut both, mut either) = (0.0, 0.0);
    for (index, &activity) in voice.activity.iter().enumerate() {
        let at = (start + voice.first + index).checked_sub(past.start());
        // Somebody new has no past.
        let Some(before) = at.and_then(|at| past.of(who, at)) else { continue };
        let activity = f32::from(activity) / 255.0;
        both += activity.min(before);
        either += activity.max(before);
    }
    // Less than half a second says nothing.
    if either > 25.0 { both / either } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::diarization::SpeakerCount;
    use crate::diarization::TurnRules;
    use crate::diarization::clustering::{Agglomerative, Clustering};
    use crate::diarization::hearing::{Hearing, tests::one_voice};
    use crate::speaker::Calibration;

    /// Hears who speaks by the value of the samples: 1 is one voice, 2 another, 3 both, 0 nobody.
    #[derive(Debug)]
    struct ByValue;

    impl Hearing for ByValue {
        fn hear(&self, block: &Block) -> Vec<Vec<Voice>> {
            let voice = |window: &[f32], who: u8| {
                let at = |part: &[f32]| 255 * (part[0] as u8 >> who & 1);
                let activity: Vec<u8> = window.chunks(Segmentation::HOP as usize).map(at).collect();
                let frames = activity.iter().filter(|on| **on > 0).count();
                let embedding = if who == 0 { vec![1.0, 0.0] } else { vec![0.0, 1.0] };
                (frames > 0).then_some(Voice { activity, embedding, ..one_voice(usize::from(who), frames) })
            };
            let heard =
                |window: &Range<usize>| (0..2).filter_map(|who| voice(&block.samples[window.clone()], who)).collect();
            block.windows.iter().map(heard).collect()
        }
    }

    pub(super) fn diarizer(clustering: &Agglomerative) -> Diarizer<'_> {
        Diarizer {
            hearing: &ByValue,
            clustering,
            calibration: Calibration::default(),
            count: SpeakerCount::default(),
            known: &[],
            rules: TurnRules::default(),
        }
    }

    /// Two take turns of 3 s with a second of silence between, and at last speak both.
    fn samples() -> Vec<f32> {
        let parts =
            [(1.0, 3), (0.0, 1), (2.0, 3), (0.0, 1), (1.0, 3), (0.0, 1), (2.0, 3), (3.0, 2), (0.0, 2), (1.0, 4)];
        parts.iter().flat_map(|&(value, seconds)| vec![value; seconds * 16_000]).collect()
    }

    #[test]
    fn labels_come_within_a_second_and_are_right() {
        let clustering = Agglomerative::default();
        let diarizer = diarizer(&clustering);
        let mut live = Live::new(&diarizer);
        let (mut now, mut all) = (0, Vec::new());
        for block in samples().chunks(1_000) {
            now += block.len();
            for label in live.push(block) {
                let age = now as f64 / 16_000.0 - label.end.0;
                assert!(label.revised || age < 1.0, "{label:?} came {age} s late");
                all.push(label);
            }
        }
        let (rest, whole) = live.finish("stream");
        all.extend(rest);
        assert!(all.windows(2).all(|pair| pair[0].revised || pair[1].revised || pair[0].end.0 <= pair[1].start.0));
        // Who is said to speak in the middle of each part.
        let at = |time: f64| {
            let there = all.iter().rev().find(|label| label.start.0 <= time && time < label.end.0);
            there.map(|label| label.speakers.join("+")).unwrap_or_default()
        };
        let found: Vec<String> = [2.0, 3.5, 5.5, 7.5, 9.5, 13.5, 16.0, 18.0, 21.0].map(at).to_vec();
        let (one, two) = ("speaker1", "speaker2");
        assert_eq!(found, [one, "", two, "", one, two, "speaker1+speaker2", "", one]);
        assert_eq!(whole.speakers(), [one, two]);
    }

    #[test]
    fn two_may_begin_at_once() {
        let clustering = Agglomerative::default();
        let diarizer = diarizer(&clustering);
        let mut live = Live::new(&diarizer);
        let labels = live.push(&[3.0; 48_000]);
        assert_eq!(labels.last().expect("a label").speakers, ["speaker1", "speaker2"]);
    }

    #[test]
    fn the_end_is_as_that_of_a_file() {
        let clustering = Agglomerative::default();
        let diarizer = diarizer(&clustering);
        // At last one that is short, and one that no longer is.
        let all = samples().repeat(14);
        for length in [16_000 * 23, 16_000 * 23 - 4_321, 7_000, 16_000 * 10, 16_000 * 300, 16_000 * 300 + 1] {
            let samples = &all[..length];
            let mut live = Live::new(&diarizer);
            live.push(samples);
            let (_, whole) = live.finish("a");
            let heard = windows::hear([Ok(samples.to_vec())].into_iter(), &ByValue).expect("windows");
            let speakers = clustering.cluster(&heard.windows, SpeakerCount::default());
            let file = diarizer.turns(&heard, &speakers, "a", &[]);
            assert_eq!(whole.duration, file.duration);
            for (one, other) in whole.turns.iter().zip(&file.turns) {
                assert!((one.start.0 - other.start.0).abs() < 0.021 && (one.end().0 - other.end().0).abs() < 0.021);
            }
            assert_eq!(whole.turns.len(), file.turns.len(), "{length}");
        }
    }
}
