//! The last stage: what the windows say of each speaker, frame by frame, and the turns that follow.

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

/// The probabilities that speakers speak, from some frame on.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// The first frame.
    pub start: usize,
    /// A row for each speaker.
    pub rows: Vec<Vec<f32>>,
}

/// What a turn is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TurnRules {
    /// The most speakers at a time.
    pub at_once: usize,
    /// A speaker's pauses that are shorter are a part of the turn. Transcribers differ in this: the references of some
    /// corpora count a second of silence and more as speech.
    pub min_pause: Seconds,
}

impl Default for TurnRules {
    fn default() -> Self {
        Self { at_once: usize::MAX, min_pause: Seconds(0.5) }
    }
}

/// What the probabilities add up to where one speaks, and where two and three do.
const SPEAKING: [f32; 3] = [0.5, 1.4, 2.4];
/// What is shorter joins nothing.
const BLIP: Seconds = Seconds(0.1);
/// Shorter speech is none.
const SHORTEST_SPEECH: Seconds = Seconds(0.16);

/// How long a frame is.
pub fn frame() -> Seconds {
    SampleRate::ANALYSIS.duration(Segmentation::HOP as usize)
}

/// The probability that each of `speakers` speaks in each frame: the mean over the windows, their middle counting most.
/// `owners` says whose each window's voices are; the probabilities of voices that a window holds apart add up.
pub fn probabilities(windows: &[Window], owners: &[Vec<Option<usize>>], speakers: usize) -> Vec<Vec<f32>> {
    let total = windows.iter().map(|window| window.start + window.frames).max().unwrap_or(0);
    let mut sums = vec![vec![0f32; total]; speakers];
    let mut weights = vec![0f32; total];
    for (window, owners) in windows.iter().zip(owners) {
        let half = window.frames as f32 / 2.0;
        let weight = |frame: usize| 1.02 - ((frame as f32 + 0.5 - half) / half).abs();
        (0..window.frames).for_each(|frame| weights[window.start + frame] += weight(frame));
        for (voice, owner) in window.voices.iter().zip(owners) {
            let Some(owner) = owner else { continue };
            for (frame, &activity) in (voice.first..).zip(&voice.activity) {
                sums[*owner][window.start + frame] += weight(frame) * f32::from(activity) / 255.0;
            }
        }
    }
    for sum in &mut sums {
        let share = |sum: f32, weight: f32| (sum / weight.max(f32::MIN_POSITIVE)).min(1.0);
        sum.iter_mut().zip(&weights).for_each(|(sum, weight)| *sum = share(*sum, *weight));
    }
    sums
}

/// In which frames each speaker speaks: as many at a time as the probabilities add up to, `most` at most, and those who
/// are the most probable.
fn speaking(probabilities: &[Vec<f32>], most: usize) -> Vec<Vec<bool>> {
    let frames = probabilities.first().map_or(0, Vec::len);
    let mut on = vec![vec![false; frames]; probabilities.len()];
    let mut order: Vec<usize> = Vec::new();
    for frame in 0..frames {
        let total: f32 = probabilities.iter().map(|row| row[frame]).sum();
        let count = SPEAKING.iter().filter(|&&least| total > least).count().min(most);
        if count > 0 {
            order.clear();
            order.extend((0..probabilities.len()).filter(|&speaker| probabilities[speaker][frame] > 0.0));
            order.sort_by(|&a, &b| probabilities[b][frame].total_cmp(&probabilities[a][frame]).then(a.cmp(&b)));
            order.iter().take(count).for_each(|&speaker| on[speaker][frame] = true);
        }
    }
    on
}

/// Stretches in the order of time, none after `duration`.
pub fn stretches(probabilities: &[Vec<f32>], rules: TurnRules, duration: Seconds) -> Vec<Stretch> {
    let on = speaking(probabilities, rules.at_once);
    let rows = probabilities.iter().zip(&on).enumerate();
    let mut all: Vec<Stretch> =
        rows.flat_map(|(speaker, (row, on))| of_speaker(speaker, row, on, rules.min_pause, duration)).collect();
    all.sort_by(|a, b| a.start.0.total_cmp(&b.start.0).then(a.speaker.cmp(&b.speaker)));
    all
}

fn of_speaker(speaker: usize, row: &[f32], on: &[bool], min_pause: Seconds, duration: Seconds) -> Vec<Stretch> {
    let count = |time: Seconds| (time.0 / frame().0).round() as usize;
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for (at, _) in on.iter().enumerate().filter(|(_, on)| **on) {
        match spans.last_mut() {
            Some((_, end)) if *end == at => *end = at + 1,
            _ => spans.push((at, at + 1)),
        }
    }
    spans.retain(|(start, end)| end - start >= count(BLIP));
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.0 - last.1 < count(min_pause) => last.1 = span.1,
            _ => joined.push(span),
        }
    }
    joined.retain(|(start, end)| end - start >= count(SHORTEST_SPEECH));
    let time = |at: usize| Seconds((at as f64 * frame().0).min(duration.0));
    let stretch = |(start, end): (usize, usize)| Stretch {
        start: time(start),
        end: time(end),
        speaker,
        activity: row[start..end].iter().map(|&share| f64::from(share)).sum::<f64>() / (end - start) as f64,
    };
    joined.into_iter().map(stretch).filter(|one| one.end.0 > one.start.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diarization::hearing::Voice;

    fn voice(activity: &[u8]) -> Voice {
        Voice { first: 0, activity: activity.to_vec(), embedding: Vec::new(), frames: activity.len() }
    }

    #[test]
    fn windows_that_overlap_are_averaged_by_their_middle() {
        let windows = [
            Window { start: 0, frames: 4, voices: vec![voice(&[255, 255, 255, 255])] },
            Window { start: 2, frames: 4, voices: vec![voice(&[0, 0, 0, 0]), voice(&[255, 255, 255, 255])] },
        ];
        let found = probabilities(&windows, &[vec![Some(1)], vec![Some(1), Some(0)]], 2);
        assert_eq!(found[1][..2], [1.0, 1.0]);
        // The third frame lies nearer to the first window's middle, the fourth to the second's.
        assert!(found[1][2] > 0.5 && found[1][3] < 0.5 && found[1][4] == 0.0);
        assert!((found[0][2] + found[1][2] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn short_pauses_are_bridged_and_blips_dropped() {
        let mut row = vec![0.9f32; 200];
        row[50..60].fill(0.1);
        row[100..130].fill(0.1);
        row[110..114].fill(0.9);
        let found = |rules| stretches(&[vec![0.0; 200], row.clone()], rules, Seconds(3.9));
        let times =
            |found: &[Stretch]| -> Vec<_> { found.iter().map(|one| (one.speaker, one.start.0, one.end.0)).collect() };
        let usual = found(TurnRules::default());
        assert_eq!(times(&usual), [(1, 0.0, 2.0), (1, 2.6, 3.9)]);
        assert!((usual[0].activity - 0.82).abs() < 0.01);
        let rules = |seconds| TurnRules { min_pause: Seconds(seconds), ..TurnRules::default() };
        assert_eq!(times(&found(rules(0.1))), [(1, 0.0, 1.0), (1, 1.2, 2.0), (1, 2.6, 3.9)]);
        assert_eq!(times(&found(rules(0.7))), [(1, 0.0, 3.9)]);
    }

    #[test]
    fn as_many_speak_as_the_probabilities_add_up_to() {
        // Surely one of the first two, nobody, both, and a third beside one of them.
        let rows = vec![vec![0.45, 0.2, 0.9, 0.1], vec![0.4, 0.1, 0.8, 0.7], vec![0.0, 0.1, 0.0, 0.8]];
        let at = |most: usize| {
            let on = speaking(&rows, most);
            [0, 1, 2, 3].map(|frame| (0..3).filter(|&who| on[who][frame]).collect::<Vec<usize>>())
        };
        assert_eq!(at(usize::MAX), [vec![0], vec![], vec![0, 1], vec![1, 2]]);
        assert_eq!(at(1), [vec![0], vec![], vec![0], vec![2]], "one at a time");
    }
}
