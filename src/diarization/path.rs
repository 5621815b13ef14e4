//! Who speaks at each moment: of the speakers' likeness to the windows around it, the path that changes seldom.

use super::windows::{WINDOW, Window};
use crate::clean::vad::Span;
use crate::speaker::{Calibration, cosine};
use crate::units::Seconds;

/// Moments are this far apart.
const STEP: Seconds = Seconds(0.1);
/// What a change of speaker costs, in nats.
const CHANGE_COST: f64 = 2.0;

/// A stretch of one speaker, by number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// When it begins.
    pub start: Seconds,
    /// When it ends.
    pub end: Seconds,
    /// The speaker's number.
    pub speaker: usize,
    /// How sure that is: the mean probability of the speaker among all.
    pub confidence: f64,
}

/// Stretches in the order of time, each within a span of speech.
pub fn stretches(spans: &[Span], windows: &[Window], speakers: &[Vec<f32>], calibration: Calibration) -> Vec<Stretch> {
    if speakers.is_empty() {
        return Vec::new();
    }
    // A window's evidence is spread over its moments.
    let weight = calibration.scale * STEP.0 / WINDOW.0;
    let likeness: Vec<Vec<f64>> = windows
        .iter()
        .map(|window| speakers.iter().map(|own| f64::from(cosine(&window.embedding, own))).collect())
        .collect();
    let mut found = Vec::new();
    let mut first = 0;
    let mut previous = None;
    for span in spans {
        while first < windows.len() && windows[first].end.0 <= span.start.0 {
            first += 1;
        }
        let count = ((span.end.0 - span.start.0) / STEP.0).ceil().max(1.0) as usize;
        let rows: Vec<Vec<f64>> = (0..count)
            .map(|moment| {
                scores(
                    Seconds(span.start.0 + (moment as f64 + 0.5) * STEP.0),
                    &windows[first..],
                    &likeness[first..],
                    speakers.len(),
                )
            })
            .collect();
        let path = best_path(&rows, weight, previous);
        previous = path.last().copied();
        let time = |moment: usize| Seconds((span.start.0 + moment as f64 * STEP.0).min(span.end.0));
        let mut begin = 0;
        for moment in 1..=count {
            if moment == count || path[moment] != path[begin] {
                let confidence = rows[begin..moment].iter().map(|row| share(row, path[begin], calibration.scale));
                let confidence = confidence.sum::<f64>() / (moment - begin) as f64;
                found.push(Stretch { start: time(begin), end: time(moment), speaker: path[begin], confidence });
                begin = moment;
            }
        }
    }
    found
}

/// Mean likeness of each speaker to the windows around a time; of the nearest window where there is none.
fn scores(time: Seconds, windows: &[Window], likeness: &[Vec<f64>], speakers: usize) -> Vec<f64> {
    let until = windows.iter().take_while(|window| window.start.0 <= time.0).count();
    let around: Vec<usize> = (0..until).filter(|&index| windows[index].end.0 > time.0).collect();
    let nearest = || {
        let distance = |index: &usize| {
            let window = &windows[*index];
            (window.start.0 - time.0).abs().min((window.end.0 - time.0).abs())
        };
        (0..windows.len().min(until + 1)).min_by(|a, b| distance(a).total_cmp(&distance(b)))
    };
    let used = if around.is_empty() { nearest().into_iter().collect() } else { around };
    // A window tells most of its middle.
    let weights: Vec<f64> = used.iter().map(|&index| middle(&windows[index], time)).collect();
    let total: f64 = weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let mean = |speaker: usize| {
        used.iter().zip(&weights).map(|(&index, weight)| weight * likeness[index][speaker]).sum::<f64>() / total
    };
    (0..speakers).map(mean).collect()
}

/// 1 in the middle of a window, falling to almost 0 at its ends and beyond.
fn middle(window: &Window, time: Seconds) -> f64 {
    let half = (window.end.0 - window.start.0) / 2.0;
    (1.0 - (time.0 - window.start.0 - half).abs() / half).max(0.01)
}

/// The probability of one speaker among all, all being as probable before.
fn share(row: &[f64], speaker: usize, scale: f64) -> f64 {
    1.0 / row.iter().map(|other| (scale * (other - row[speaker])).exp()).sum::<f64>()
}

/// Viterbi's path through the speakers; it costs nothing to begin with any but what a change from `previous` does.
fn best_path(rows: &[Vec<f64>], weight: f64, previous: Option<usize>) -> Vec<usize> {
    let count = rows.first().map_or(0, Vec::len);
    let begin = |speaker: usize| if previous.is_none_or(|before| before == speaker) { 0.0 } else { -CHANGE_COST / 4.0 };
    let mut best: Vec<f64> = (0..count).map(begin).collect();
    let mut origins = Vec::with_capacity(rows.len());
    for row in rows {
        let leader = (0..count).max_by(|&a, &b| best[a].total_cmp(&best[b])).unwrap_or(0);
        let entry = best[leader] - CHANGE_COST;
        let origin: Vec<usize> =
            (0..count).map(|speaker| if entry > best[speaker] { leader } else { speaker }).collect();
        best = (0..count).map(|speaker| best[speaker].max(entry) + weight * row[speaker]).collect();
        origins.push(origin);
    }
    let mut speaker = (0..count).max_by(|&a, &b| best[a].total_cmp(&best[b])).unwrap_or(0);
    let mut path = vec![0; rows.len()];
    for moment in (0..rows.len()).rev() {
        path[moment] = speaker;
        speaker = origins[moment][speaker];
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALIBRATION: Calibration = Calibration { scale: 25.0, offset: -12.0 };

    fn window(start: f64, speaker: usize) -> Window {
        let mut embedding = vec![0.0; 2];
        embedding[speaker] = 1.0;
        Window { start: Seconds(start), end: Seconds(start + 1.5), embedding }
    }

    fn span(start: f64, end: f64) -> Span {
        Span { start: Seconds(start), end: Seconds(end), dips: Vec::new() }
    }

    #[test]
    fn a_change_lies_between_the_windows_of_both() {
        let windows =
            [0, 0, 0, 1, 1, 1].iter().enumerate().map(|(i, &who)| window(i as f64 * 0.75, who)).collect::<Vec<_>>();
        let found = stretches(&[span(0.0, 5.25)], &windows, &[vec![1.0, 0.0], vec![0.0, 1.0]], CALIBRATION);
        assert_eq!(found.iter().map(|one| one.speaker).collect::<Vec<_>>(), [0, 1]);
        assert_eq!((found[0].start.0, found[1].end.0, found[0].end), (0.0, 5.25, found[1].start));
        assert!((found[0].end.0 - 2.6).abs() < 0.5, "{found:?}");
        assert!(found.iter().all(|one| one.confidence > 0.9 && one.confidence <= 1.0), "{found:?}");
    }

    #[test]
    fn short_speech_has_the_speaker_of_its_window_and_silence_none() {
        let short = Window { end: Seconds(0.5), ..window(0.0, 1) };
        let spans = [span(0.1, 0.4), span(3.0, 4.0)];
        let found = stretches(&spans, &[short, window(2.8, 0)], &[vec![1.0, 0.0], vec![0.0, 1.0]], CALIBRATION);
        let said: Vec<_> = found.iter().map(|one| (one.start.0, one.end.0, one.speaker)).collect();
        assert_eq!(said, [(0.1, 0.4, 1), (3.0, 4.0, 0)]);
        assert!(stretches(&spans, &[], &[], CALIBRATION).is_empty());
    }
}
