//! The last stage: what the windows say of each speaker, frame by frame, and the turns that follow.

use std::collections::BTreeMap;

use super::segmentation::Segmentation;
use super::windows::Window;
use crate::units::{SampleRate, Seconds};

/// A stretch of one speaker, by number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// When it begins.
    pub start: Seconds,
    /// When it ends.
    pub end: Seconds,
    /// The speaker's number.
    pub speaker: usize,
    /// The mean of the probabilities that this speaker speaks.
    pub activity: f64,
}

/// The probabilities that speakers speak, frame by frame. Of a frame only those are kept who may speak in it: a long
/// recording may have hundreds of speakers.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// The first frame.
    start: usize,
    /// The number of speakers.
    speakers: usize,
    /// Where the entries of each frame end.
    ends: Vec<usize>,
    /// Speakers in ascending order, and how probable they are: more than 0, 1 at most.
    entries: Vec<(u32, f32)>,
}

/// What a turn is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TurnRules {
    /// The most speakers at a time.
    pub at_once: usize,
    /// A speaker's pauses that are shorter are a part of the turn; those in which somebody else speaks end it sooner
    /// ([`TAKEN`]), and always where no more may speak at a time. Transcribers differ in this: the references of some
    /// corpora count a second of silence and more as speech.
    pub min_pause: Seconds,
}

impl Default for TurnRules {
    fn default() -> Self {
        Self { at_once: usize::MAX, min_pause: Seconds(1.0) }
    }
}

/// What the probabilities add up to where one speaks, and where two and three do.
const SPEAKING: [f32; 3] = [0.5, 1.5, 2.5];
/// A pause in which somebody else speaks ends a turn if it is as long as this share of the shortest that does elsewhere.
pub const TAKEN: f64 = 0.75;
/// What is shorter joins nothing.
const BLIP: Seconds = Seconds(0.1);
/// Shorter speech is none.
const SHORTEST_SPEECH: Seconds = Seconds(0.16);

/// How many frames a time is.
pub fn frames(time: Seconds) -> usize {
    (time.0 / frame().0).round() as usize
}

/// How long a frame is.
pub fn frame() -> Seconds {
    SampleRate::ANALYSIS.duration(Segmentation::HOP as usize)
}

impl Activity {
    /// The mean over the windows, which come in order with the owners of their voices, their middle counting most; from the
    /// first window's beginning on. The probabilities of voices that a window holds apart add up.
    pub fn new<'w>(windows: impl Iterator<Item = (&'w Window, &'w [Option<usize>])>, speakers: usize) -> Self {
        let mut windows = windows.peekable();
        let start = windows.peek().map_or(0, |(window, _)| window.start);
        let mut made = Self { start, speakers, ends: Vec::new(), entries: Vec::new() };
        let mut open = Open::default();
        for (window, owners) in windows {
            open.close(window.start.saturating_sub(start + made.frames()), &mut made);
            let half = window.frames as f32 / 2.0;
            let weight = |frame: usize| 1.02 - ((frame as f32 + 0.5 - half) / half).abs();
            add(&mut open.weights, (0..window.frames).map(|frame| (frame, weight(frame))));
            for (voice, owner) in window.voices.iter().zip(owners) {
                let Some(owner) = owner else { continue };
                let share = |(frame, activity): (usize, &u8)| (frame, weight(frame) * f32::from(*activity) / 255.0);
                add(open.sums.entry(*owner).or_default(), (voice.first..).zip(&voice.activity).map(share));
            }
        }
        open.close(open.weights.len(), &mut made);
        made
    }

    /// The number of frames.
    pub fn frames(&self) -> usize {
        self.ends.len()
    }

    /// The first frame.
    pub fn start(&self) -> usize {
        self.start
    }

    /// The probability that a speaker speaks in a frame, counted from the first; none where either is not known.
    pub fn of(&self, speaker: usize, frame: usize) -> Option<f32> {
        let known = speaker < self.speakers && frame < self.frames();
        known.then(|| self.at(frame).iter().find(|(who, _)| *who as usize == speaker).map_or(0.0, |(_, share)| *share))
    }

    /// The entries of a frame.
    fn at(&self, frame: usize) -> &[(u32, f32)] {
        let from = frame.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.entries[from..self.ends[frame]]
    }

    /// The spans of frames in which each speaker speaks: as many at a time as the probabilities add up to, `most` at most,
    /// and those who are the most probable.
    fn spans(&self, most: usize) -> Vec<Vec<(usize, usize)>> {
        let mut spans: Vec<Vec<(usize, usize)>> = vec![Vec::new(); self.speakers];
        for frame in 0..self.frames() {
            let mut entries = self.at(frame).to_vec();
            let total: f32 = entries.iter().map(|(_, share)| share).sum();
            let count = SPEAKING.iter().filter(|&&least| total > least).count().min(most);
            entries.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            for (speaker, _) in entries.into_iter().take(count) {
                match spans[speaker as usize].last_mut() {
                    Some((_, end)) if *end == frame => *end = frame + 1,
                    _ => spans[speaker as usize].push((frame, frame + 1)),
                }
            }
        }
        spans
    }
}

/// What windows that may not be the last say of frames, from the first that is not closed on.
#[derive(Debug, Default)]
struct Open {
    weights: Vec<f32>,
    sums: BTreeMap<usize, Vec<f32>>,
}

impl Open {
    /// Closes the first `count` frames.
    fn close(&mut self, count: usize, activity: &mut Activity) {
        for frame in 0..count {
            let weight = self.weights.get(frame).map_or(f32::MIN_POSITIVE, |weight| weight.max(f32::MIN_POSITIVE));
            let share = |sum: &Vec<f32>| sum.get(frame).map_or(0.0, |sum| (sum / weight).min(1.0));
            let entries = self.sums.iter().map(|(&speaker, sum)| (speaker as u32, share(sum)));
            activity.entries.extend(entries.filter(|(_, share)| *share > 0.0));
            activity.ends.push(activity.entries.len());
        }
        let drop_first = |row: &mut Vec<f32>| drop(row.drain(..count.min(row.len())));
        drop_first(&mut self.weights);
        self.sums.values_mut().for_each(drop_first);
        self.sums.retain(|_, row| !row.is_empty());
    }
}

/// Adds values at their places to a row, which grows where it must.
fn add(row: &mut Vec<f32>, values: impl Iterator<Item = (usize, f32)>) {
    for (place, value) in values {
        if place >= row.len() {
            row.resize(place + 1, 0.0);
        }
        row[place] += value;
    }
}

/// Stretches in the order of time, none after `duration`.
pub fn stretches(activity: &Activity, rules: TurnRules, duration: Seconds) -> Vec<Stretch> {
    let mut spans = activity.spans(rules.at_once);
    spans.iter_mut().for_each(|spans| spans.retain(|(start, end)| end - start >= frames(BLIP)));
    let mut speaking = vec![0; activity.frames()];
    let spoken = spans.iter().flatten().flat_map(|&(start, end)| start..end);
    spoken.for_each(|frame| speaking[frame] += 1);
    let of_one = |(speaker, spans): (usize, Vec<(usize, usize)>)| {
        let turns = turns(&spans, &speaking, rules);
        turns.into_iter().map(move |turn| stretch(speaker, turn, activity, duration))
    };
    let mut all: Vec<Stretch> = spans.into_iter().enumerate().flat_map(of_one).collect();
    all.retain(|one| one.end.0 > one.start.0);
    all.sort_by(|a, b| a.start.0.total_cmp(&b.start.0).then(a.speaker.cmp(&b.speaker)));
    all
}

/// The turns of a speaker who speaks in `spans`; so many are `speaking` in each frame.
fn turns(spans: &[(usize, usize)], speaking: &[usize], rules: TurnRules) -> Vec<(usize, usize)> {
    let [free, taken] = [1.0, TAKEN].map(|share| frames(Seconds(rules.min_pause.0 * share)));
    let mut turns: Vec<(usize, usize)> = Vec::new();
    for &(start, end) in spans {
        let goes_on = |turn: &&mut (usize, usize)| {
            let least = match speaking[turn.1..start].iter().max() {
                None | Some(0) => free,
                Some(&others) if others < rules.at_once => taken,
                Some(_) => 0,
            };
            start - turn.1 < least
        };
        match turns.last_mut().filter(goes_on) {
            Some(turn) => turn.1 = end,
            None => turns.push((start, end)),
        }
    }
    turns.retain(|(start, end)| end - start >= frames(SHORTEST_SPEECH));
    turns
}

fn stretch(speaker: usize, (start, end): (usize, usize), activity: &Activity, duration: Seconds) -> Stretch {
    let time = |at: usize| Seconds((at as f64 * frame().0).min(duration.0));
    let share = |frame: usize| f64::from(activity.of(speaker, frame).unwrap_or(0.0));
    let activity = (start..end).map(share).sum::<f64>() / (end - start) as f64;
    Stretch { start: time(start), end: time(end), speaker, activity }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diarization::hearing::Voice;

    fn voice(activity: &[u8]) -> Voice {
        Voice {
            local: 0,
            first: 0,
            activity: activity.to_vec(),
            embedding: Vec::new(),
            frames: activity.len(),
            level_db: 0.0,
            quiet_db: -90.0,
            voiced: 1.0,
            music: None,
        }
    }

    /// As the rows of speakers say.
    fn activity(rows: &[Vec<f32>]) -> Activity {
        let mut made = Activity { start: 0, speakers: rows.len(), ends: Vec::new(), entries: Vec::new() };
        let sums: BTreeMap<usize, Vec<f32>> = rows.iter().cloned().enumerate().collect();
        Open { weights: vec![1.0; rows[0].len()], sums }.close(rows[0].len(), &mut made);
        made
    }

    #[test]
    fn windows_that_overlap_are_averaged_by_their_middle() {
        let windows = [
            Window { start: 10, frames: 4, voices: vec![voice(&[255, 255, 255, 255])] },
            Window { start: 12, frames: 4, voices: vec![voice(&[0, 0, 0, 0]), voice(&[255, 255, 255, 255])] },
        ];
        let owners: [&[Option<usize>]; 2] = [&[Some(1)], &[Some(1), Some(0)]];
        let found = Activity::new(windows.iter().zip(owners), 2);
        assert_eq!((found.start(), found.frames()), (10, 6));
        let of = |speaker: usize, frame: usize| found.of(speaker, frame).expect("known");
        assert_eq!((of(1, 0), of(1, 1)), (1.0, 1.0));
        // The third frame lies nearer to the first window's middle, the fourth to the second's.
        assert!(of(1, 2) > 0.5 && of(1, 3) < 0.5 && of(1, 4) == 0.0);
        assert!((of(0, 2) + of(1, 2) - 1.0).abs() < 1e-6);
        assert_eq!((found.of(2, 0), found.of(0, 6)), (None, None));
    }

    #[test]
    fn what_is_kept_does_not_grow_with_the_number_of_speakers() {
        // Every window has a speaker of its own, with a gap to the next.
        let windows: Vec<Window> =
            (0..300).map(|index| Window { start: index * 6, frames: 4, voices: vec![voice(&[200; 4])] }).collect();
        let owners: Vec<Option<usize>> = (0..300).map(Some).collect();
        let found = Activity::new(windows.iter().zip(owners.chunks(1)), 300);
        assert_eq!((found.frames(), found.entries.len()), (299 * 6 + 4, 300 * 4));
        assert!((0..300).all(|speaker| found.of(speaker, speaker * 6 + 3).is_some_and(|share| share > 0.7)));
    }

    #[test]
    fn short_pauses_are_bridged_and_blips_dropped() {
        let mut row = vec![0.9f32; 200];
        row[50..60].fill(0.1);
        row[100..130].fill(0.1);
        row[110..114].fill(0.9);
        let found = |rules| stretches(&activity(&[vec![0.0; 200], row.clone()]), rules, Seconds(3.9));
        let times =
            |found: &[Stretch]| -> Vec<_> { found.iter().map(|one| (one.speaker, one.start.0, one.end.0)).collect() };
        let rules = |seconds| TurnRules { min_pause: Seconds(seconds), ..TurnRules::default() };
        let half = found(rules(0.5));
        assert_eq!(times(&half), [(1, 0.0, 2.0), (1, 2.6, 3.9)]);
        assert!((half[0].activity - 0.82).abs() < 0.01);
        assert_eq!(times(&found(rules(0.1))), [(1, 0.0, 1.0), (1, 1.2, 2.0), (1, 2.6, 3.9)]);
        assert_eq!(times(&found(rules(0.7))), [(1, 0.0, 3.9)]);
    }

    #[test]
    fn a_pause_in_which_somebody_else_speaks_ends_a_turn_sooner() {
        // Pauses of 0.9 s: nobody speaks, there is a blip, and somebody speaks for 0.2 s.
        let mut rows = vec![vec![0.9f32; 300], vec![0.0; 300]];
        for pause in [50..95, 120..165, 200..245] {
            rows[0][pause].fill(0.0);
        }
        for other in [130..134, 210..220] {
            rows[1][other].fill(0.9);
        }
        let ends = |seconds| -> Vec<(usize, f64)> {
            let rules = TurnRules { min_pause: Seconds(seconds), ..TurnRules::default() };
            stretches(&activity(&rows), rules, Seconds(6.0)).iter().map(|one| (one.speaker, one.end.0)).collect()
        };
        assert_eq!(ends(1.0), [(0, 4.0), (1, 4.4), (0, 6.0)]);
        assert_eq!(ends(1.25), [(0, 6.0), (1, 4.4)]);
    }

    #[test]
    fn where_one_speaks_at_a_time_no_turn_goes_on_through_anothers() {
        let mut rows = vec![vec![0.9f32; 300], vec![0.0; 300]];
        rows[0][100..120].fill(0.0);
        rows[1][102..112].fill(0.9);
        let found = |at_once| -> Vec<(usize, f64, f64)> {
            let rules = TurnRules { at_once, ..TurnRules::default() };
            let found = stretches(&activity(&rows), rules, Seconds(6.0));
            found.iter().map(|one| (one.speaker, one.start.0, one.end.0)).collect()
        };
        assert_eq!(found(1), [(0, 0.0, 2.0), (1, 2.04, 2.24), (0, 2.4, 6.0)]);
        assert_eq!(found(usize::MAX), [(0, 0.0, 6.0), (1, 2.04, 2.24)]);
    }

    #[test]
    fn as_many_speak_as_the_probabilities_add_up_to() {
        // Surely one of the first two, nobody, both, and a third beside one of them.
        let rows = vec![vec![0.45, 0.2, 0.9, 0.1], vec![0.4, 0.1, 0.8, 0.7], vec![0.0, 0.1, 0.0, 0.8]];
        let at = |most: usize| {
            let spans = activity(&rows).spans(most);
            let on = |who: usize, frame: usize| spans[who].iter().any(|&(start, end)| (start..end).contains(&frame));
            [0, 1, 2, 3].map(|frame| (0..3).filter(|&who| on(who, frame)).collect::<Vec<usize>>())
        };
        assert_eq!(at(usize::MAX), [vec![0], vec![], vec![0, 1], vec![1, 2]]);
        assert_eq!(at(1), [vec![0], vec![], vec![0], vec![2]], "one at a time");
    }
}
