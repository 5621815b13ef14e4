//! How sure a turn is: the probability that its speaker speaks in most of it.
//!
//! Fitted by `scripts/diarization_confidence.py` on simulated conversations of people that no network was trained on.

use super::activity::{self, Stretch};
use super::clustering::Speakers;
use super::windows::Window;
use crate::speaker::cosine;

/// What the confidence of a turn is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// The mean of the probabilities that the speaker speaks.
    pub activity: f64,
    /// How much more like the speaker its voices are than like anybody else, as a difference of cosines.
    pub margin: f64,
    /// How long it lasts, in seconds.
    pub duration_s: f64,
}

/// Weights of a logistic regression.
const CONSTANT: f64 = -0.879;
const ACTIVITY: f64 = 1.026;
const MARGIN: f64 = 4.143;
const DURATION: f64 = 0.081;

impl Evidence {
    /// Of a stretch.
    pub fn of(stretch: &Stretch, windows: &[Window], speakers: &Speakers) -> Self {
        let (from, to) = (activity::frames(stretch.start), activity::frames(stretch.end));
        let (mut sum, mut weight) = (0.0, 0.0);
        // Windows are in order; none that begins after the stretch has anything of it.
        let begun = windows.partition_point(|window| window.start < to);
        for (window, owners) in windows[..begun].iter().zip(&speakers.owners).rev() {
            if window.start + window.frames <= from {
                // A window before may be longer only at the very end, which is no window before.
                break;
            }
            for (voice, _) in window.voices.iter().zip(owners).filter(|(_, owner)| **owner == Some(stretch.speaker)) {
                let first = window.start + voice.first;
                let inside = from.saturating_sub(first)..to.saturating_sub(first).min(voice.activity.len());
                let active: f64 = voice.activity.get(inside).unwrap_or_default().iter().map(|&on| f64::from(on)).sum();
                let like = |who: usize| f64::from(cosine(&voice.embedding, &speakers.centroids[who]));
                let others = (0..speakers.centroids.len()).filter(|&who| who != stretch.speaker).map(like);
                let margin = like(stretch.speaker) - others.fold(0.0, f64::max);
                sum += active * margin;
                weight += active;
            }
        }
        let margin = if weight > 0.0 { sum / weight } else { 0.0 };
        Self { activity: stretch.activity, margin, duration_s: stretch.end.0 - stretch.start.0 }
    }

    /// The probability that the speaker speaks in most of the turn.
    pub fn confidence(&self) -> f64 {
        let activity = self.activity.clamp(0.01, 0.99);
        let log_odds = (activity / (1.0 - activity)).ln();
        let sum = CONSTANT + ACTIVITY * log_odds + MARGIN * self.margin + DURATION * self.duration_s.max(0.1).ln();
        1.0 / (1.0 + (-sum).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diarization::hearing::Voice;
    use crate::units::Seconds;

    #[test]
    fn the_margin_is_that_of_the_speakers_voices_in_the_turn() {
        let voice = |embedding: &[f32]| Voice {
            local: 0,
            first: 0,
            activity: vec![255; 500],
            embedding: embedding.to_vec(),
            frames: 500,
            level_db: 0.0,
            quiet_db: -90.0,
            voiced: 1.0,
            music: None,
        };
        let window = |start, embedding: &[f32]| Window { start, frames: 500, voices: vec![voice(embedding)] };
        let windows = [window(0, &[1.0, 0.0]), window(250, &[0.6, 0.8]), window(500, &[0.0, 1.0])];
        let speakers = Speakers {
            centroids: vec![vec![1.0, 0.0], vec![0.0, 1.0]],
            owners: vec![vec![Some(0)], vec![Some(0)], vec![Some(1)]],
        };
        let stretch = |start, end| Stretch { start: Seconds(start), end: Seconds(end), speaker: 0, activity: 0.9 };
        let margin = |start, end| Evidence::of(&stretch(start, end), &windows, &speakers).margin;
        assert!((margin(1.0, 3.0) - 1.0).abs() < 1e-6);
        assert!((margin(6.0, 8.0) - 0.4).abs() < 1e-6, "the mean of 1 and -0.2");
        assert!((margin(11.0, 14.0) + 0.2).abs() < 1e-6);
    }
}
