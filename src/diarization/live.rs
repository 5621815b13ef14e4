//! Diarization of a stream: labels within a second, revised once more is known.
//!
//! Every half second the last ten seconds are heard anew. A voice belongs to the speaker who was active where it is
//! active, or whose voice it is like, or else to a new one. Labels are given up to shortly before the end, since a network
//! knows least at the edge of what it hears; those of five seconds ago are revised where the windows since say otherwise.
//! When the stream ends, it is clustered as a file would be.

use std::collections::VecDeque;

use super::activity::{self, Activity};
use super::hearing::Voice;
use super::pipeline::{DiarizationError, Diarized, Diarizer, give_names};
use super::segmentation::Segmentation;
use super::windows::{self, Heard, Window};
use crate::speaker::cosine;
use crate::units::{SampleRate, Seconds};

const RATE: SampleRate = SampleRate::ANALYSIS;
/// From one hearing to the next.
const STEP: Seconds = Seconds(0.5);
/// What lies closer to the end is not labelled yet.
const LAG: Seconds = Seconds(0.4);
/// When labels are revised.
const REVISED_AFTER: Seconds = Seconds(5.0);
/// The least that is heard.
const LEAST: Seconds = Seconds(1.0);
/// Differences that are shorter are not told.
const SHORTEST_REVISION: Seconds = Seconds(0.1);
/// A voice this much in time with a speaker's is theirs, if it is not unlike.
const IN_TIME: f32 = 0.5;
/// A voice this like a speaker's is theirs.
const ALIKE: f32 = 0.5;
/// A voice that is less like anybody's is nobody's while it is too short to found a speaker.
const UNLIKE: f32 = 0.25;
/// Speech that founds a speaker, and the first one.
const FOUNDING: Seconds = Seconds(1.5);
const FOUNDING_THE_FIRST: Seconds = Seconds(0.5);

/// Who speaks in a stretch of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// When it begins.
    pub start: Seconds,
    /// When it ends.
    pub end: Seconds,
    /// Who speaks; several where they speak at once.
    pub speakers: Vec<String>,
    /// Whether it replaces what was said before.
    pub revised: bool,
}

/// Someone in the stream.
#[derive(Debug)]
struct Person {
    name: String,
    /// The sum of embeddings.
    voice: Vec<f32>,
}

/// A stream that is being diarized.
#[derive(Debug)]
pub struct Live<'a> {
    diarizer: &'a Diarizer<'a>,
    /// The last ten seconds, at most.
    held: Vec<f32>,
    received: usize,
    people: Vec<Person>,
    /// The windows that a file would have.
    kept: Vec<Window>,
    /// The windows that reach into the last ten seconds, and whose their voices are.
    recent: VecDeque<(Window, Vec<Option<usize>>)>,
    /// Who was said to speak in each frame that may be revised, and the number of the first.
    said: VecDeque<Vec<usize>>,
    first: usize,
}

impl<'a> Live<'a> {
    /// A stream that has not begun.
    pub fn new(diarizer: &'a Diarizer<'a>) -> Self {
        Self {
            diarizer,
            held: Vec::new(),
            received: 0,
            people: Vec::new(),
            kept: Vec::new(),
            recent: VecDeque::new(),
            said: VecDeque::new(),
            first: 0,
        }
    }

    /// Takes samples at 16 kHz and gives what is known since.
    ///
    /// # Errors
    /// What the speaker encoder refuses.
    pub fn push(&mut self, mut samples: &[f32]) -> Result<Vec<Label>, DiarizationError> {
        let (step, window) = (RATE.samples(STEP), RATE.samples(Segmentation::WINDOW));
        let mut labels = Vec::new();
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(step - self.received % step));
            samples = later;
            self.held.extend(now.iter().map(|sample| if sample.is_finite() { *sample } else { 0.0 }));
            self.received += now.len();
            self.held.drain(..self.held.len().saturating_sub(window));
            if self.received.is_multiple_of(step) && self.held.len() >= RATE.samples(LEAST) {
                self.hear(self.received - self.held.len(), self.held.clone())?;
                let lag = RATE.samples(LAG) / Segmentation::HOP as usize;
                self.label(self.end().saturating_sub(lag), &mut labels);
            }
        }
        Ok(labels)
    }

    /// The labels of what is left, and the turns of the whole stream, clustered anew; names stay.
    ///
    /// # Errors
    /// What the speaker encoder refuses.
    pub fn finish(mut self, file: &str) -> Result<(Vec<Label>, Diarized), DiarizationError> {
        let mut labels = Vec::new();
        let hop = Segmentation::HOP as usize;
        if self.received > self.end() * hop && !self.held.is_empty() {
            let start = (self.received - self.held.len()).next_multiple_of(hop);
            let mut samples = self.held.split_off((start + self.held.len() - self.received).min(self.held.len()));
            samples.resize(samples.len().max(RATE.samples(LEAST)).next_multiple_of(hop), 0.0);
            self.hear(start, samples)?;
        }
        let end = self.received.div_ceil(hop).min(self.end());
        self.label(end, &mut labels);
        let windows = self.windows_of_a_file();
        let speakers = self.diarizer.clustering.cluster(&windows, self.diarizer.count);
        let heard = Heard { windows, duration: RATE.duration(self.received) };
        let mut names = vec![None; speakers.centroids.len()];
        let likeness = speakers.centroids.iter().enumerate().flat_map(|(index, voice)| {
            let alike = move |person: &Person| f64::from(cosine(voice, &person.voice));
            self.people.iter().map(move |person| (alike(person), index, person.name.as_str()))
        });
        give_names(&mut names, likeness.collect());
        Ok((labels, self.diarizer.turns(&heard, &speakers, file, &names)))
    }

    /// The frame after the last that was heard.
    fn end(&self) -> usize {
        self.recent.back().map_or(0, |(window, _)| window.start + window.frames)
    }

    fn hear(&mut self, start: usize, samples: Vec<f32>) -> Result<(), DiarizationError> {
        let hop = Segmentation::HOP as usize;
        let frames = samples.len() / hop;
        let heard = if windows::is_audible(&samples) { self.diarizer.hearing.hear(&[&samples])? } else { Vec::new() };
        let voices = heard.into_iter().next().unwrap_or_default();
        let window = Window { start: start / hop, frames, voices };
        let owners = self.owners(&window);
        for (voice, owner) in window.voices.iter().zip(&owners) {
            if let Some(owner) = owner {
                let weight = voice.frames as f32;
                let sum = &mut self.people[*owner].voice;
                sum.iter_mut().zip(&voice.embedding).for_each(|(sum, value)| *sum += weight * value);
            }
        }
        let whole = samples.len() == RATE.samples(Segmentation::WINDOW);
        if whole && start.is_multiple_of(RATE.samples(windows::STEP)) {
            self.kept.push(window.clone());
        }
        self.recent.push_back((window, owners));
        let oldest = self.end().saturating_sub(RATE.samples(Segmentation::WINDOW) / hop);
        while self.recent.front().is_some_and(|(window, _)| window.start + window.frames <= oldest) {
            self.recent.pop_front();
        }
        Ok(())
    }

    /// The windows in which a file as long would have been heard.
    fn windows_of_a_file(&self) -> Vec<Window> {
        let mut windows = self.kept.clone();
        let covered = windows.last().map_or(0, |window| window.start + window.frames);
        if let Some((last, _)) = self.recent.back().filter(|(last, _)| last.start + last.frames > covered) {
            windows.push(last.clone());
        }
        windows
    }

    /// Whose the voices of a window are; new speakers are added.
    fn owners(&mut self, window: &Window) -> Vec<Option<usize>> {
        let past = self.activity();
        let mut owners = Vec::new();
        for voice in &window.voices {
            let fits = |who: usize| {
                (in_time(voice, window.start, &past, who), cosine(&voice.embedding, &self.people[who].voice))
            };
            let best = (0..self.people.len()).map(|who| (fits(who), who));
            let best = best.max_by(|((a, b), _), ((c, d), _)| (a + b).total_cmp(&(c + d)));
            let needed = if self.people.is_empty() { FOUNDING_THE_FIRST } else { FOUNDING };
            let founds = voice.frames >= RATE.samples(needed) / Segmentation::HOP as usize
                && self.people.len() < self.diarizer.count.most;
            owners.push(match best {
                Some(((together, alike), who)) if alike > ALIKE || together > IN_TIME && alike > UNLIKE => Some(who),
                _ if founds => {
                    let name = self.name(&voice.embedding);
                    self.people.push(Person { name, voice: voice.embedding.clone() });
                    Some(self.people.len() - 1)
                }
                Some(((_, alike), who)) if alike > UNLIKE => Some(who),
                _ => None,
            });
        }
        owners
    }

    /// The known voice that it is, or a new name.
    fn name(&self, embedding: &[f32]) -> String {
        let taken = |name: &str| self.people.iter().any(|person| person.name == name);
        let llr = |known: &[f32]| self.diarizer.calibration.llr(cosine(embedding, known));
        let known = self.diarizer.known.iter().filter(|voice| !taken(&voice.name));
        let best = known.map(|voice| (llr(&voice.embedding), &voice.name)).max_by(|a, b| a.0.total_cmp(&b.0));
        match best {
            Some((llr, name)) if llr > 0.0 => name.clone(),
            _ => (1..).map(|number| format!("speaker{number}")).find(|name| !taken(name)).unwrap_or_default(),
        }
    }

    fn activity(&self) -> Activity {
        Activity::new(self.recent.iter().map(|(window, owners)| (window, owners.as_slice())), self.people.len())
    }

    /// Labels what lies before the frame `until`, and revises what is old enough.
    fn label(&mut self, until: usize, labels: &mut Vec<Label>) {
        let activity = self.activity();
        let total = activity.frames();
        let length = Seconds(total as f64 * activity::frame().0);
        let mut sets: Vec<Vec<usize>> = vec![Vec::new(); total];
        for one in activity::stretches(&activity, self.diarizer.rules, length) {
            let at = |time: Seconds| ((time.0 / activity::frame().0).round() as usize).min(total);
            sets[at(one.start)..at(one.end)].iter_mut().for_each(|set| set.push(one.speaker));
        }
        sets.iter_mut().for_each(|set| set.sort_unstable());
        let now =
            |frame: usize| frame.checked_sub(activity.start()).and_then(|at| sets.get(at)).cloned().unwrap_or_default();
        let known = self.first + self.said.len();
        let fresh: Vec<Vec<usize>> = (known..until.max(known)).map(now).collect();
        self.tell(known, &fresh, false, labels);
        self.said.extend(fresh);
        // What is old enough gets its last word.
        let old = until.saturating_sub(RATE.samples(REVISED_AFTER) / Segmentation::HOP as usize);
        let count = old.saturating_sub(self.first).min(self.said.len());
        let before: Vec<Vec<usize>> = self.said.drain(..count).collect();
        let shortest = (SHORTEST_REVISION.0 / activity::frame().0).round() as usize;
        let mut from = 0;
        while from < before.len() {
            let frame = self.first + from;
            let changed = |at: &usize| before[*at] != now(self.first + at) && now(self.first + at) == now(frame);
            let run = (from..before.len()).take_while(changed).count();
            if run >= shortest {
                self.tell(frame, &vec![now(frame); run], true, labels);
            }
            from += run.max(1);
        }
        self.first += count;
    }

    /// Runs of frames with the same speakers.
    fn tell(&self, first: usize, sets: &[Vec<usize>], revised: bool, labels: &mut Vec<Label>) {
        let mut from = first;
        for run in sets.chunk_by(|a, b| a == b) {
            let to = from + run.len();
            if revised || !run[0].is_empty() {
                let time = |frame: usize| Seconds(frame as f64 * activity::frame().0);
                let speakers = run[0].iter().map(|&who| self.people[who].name.clone()).collect();
                labels.push(Label { start: time(from), end: time(to), speakers, revised });
            }
            from = to;
        }
    }
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
    use super::*;
    use crate::diarization::SpeakerCount;
    use crate::diarization::TurnRules;
    use crate::diarization::clustering::{Agglomerative, Clustering};
    use crate::diarization::hearing::Hearing;
    use crate::speaker::{Calibration, SpeakerError};

    /// Hears who speaks by the value of the samples: 1 is one voice, 2 another, 3 both, 0 nobody.
    #[derive(Debug)]
    struct ByValue;

    impl Hearing for ByValue {
        fn hear(&self, windows: &[&[f32]]) -> Result<Vec<Vec<Voice>>, SpeakerError> {
            let voice = |window: &&[f32], who: u8| {
                let at = |part: &[f32]| 255 * (part[0] as u8 >> who & 1);
                let activity: Vec<u8> = window.chunks(Segmentation::HOP as usize).map(at).collect();
                let frames = activity.iter().filter(|on| **on > 0).count();
                let embedding = if who == 0 { vec![1.0, 0.0] } else { vec![0.0, 1.0] };
                (frames > 0).then_some(Voice { local: usize::from(who), first: 0, activity, embedding, frames })
            };
            Ok(windows.iter().map(|window| (0..2).filter_map(|who| voice(window, who)).collect()).collect())
        }
    }

    fn diarizer<'a>(clustering: &'a Agglomerative) -> Diarizer<'a> {
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
            for label in live.push(block).expect("labels") {
                let age = now as f64 / 16_000.0 - label.end.0;
                assert!(label.revised || age < 1.0, "{label:?} came {age} s late");
                all.push(label);
            }
        }
        let (rest, whole) = live.finish("stream").expect("turns");
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
        let labels = live.push(&[3.0; 48_000]).expect("labels");
        assert_eq!(labels.last().expect("a label").speakers, ["speaker1", "speaker2"]);
    }

    #[test]
    fn the_end_is_as_that_of_a_file() {
        let clustering = Agglomerative::default();
        let diarizer = diarizer(&clustering);
        for length in [16_000 * 23, 16_000 * 23 - 4_321, 7_000, 16_000 * 10] {
            let samples = &samples()[..length];
            let mut live = Live::new(&diarizer);
            live.push(samples).expect("labels");
            let (_, whole) = live.finish("a").expect("turns");
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
