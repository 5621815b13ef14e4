//! What is music rather than speech. Instruments have pitches, partials and pauses as voices have, and the segmentation
//! network, which hears who it is rather than what, takes some of them for speech. The speaker encoder's embeddings tell
//! them apart: a logistic regression. The longer a voice is heard, the less it takes to call it music; and where there is
//! music, there is more of it.

use std::{ops::Range, path::Path};

use tch::Kind;

use super::{activity, hearing::Voice, windows::Window};
use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::nn::host::floats;
use crate::units::Seconds;

/// The regression.
#[derive(Debug, Clone, PartialEq)]
pub struct Music {
    weight: Vec<f32>,
    bias: f32,
    octave: f32,
}

impl Music {
    /// Where a weights file keeps the fingerprint of the encoder that it was fitted to.
    const ENCODER_KEY: &str = "encoder";
    /// And the constant term, for a voice of one second.
    const BIAS_KEY: &str = "bias";
    /// And what twice the length adds to it.
    const OCTAVE_KEY: &str = "octave";

    /// Reads a regression; none where it was fitted to another encoder than the one with this fingerprint.
    ///
    /// # Errors
    /// A file that is broken.
    pub fn load(path: &Path, encoder: &str) -> Result<Option<Self>, CheckpointError> {
        let weights = Weights::read(path)?;
        if weights.json::<String>(Self::ENCODER_KEY)? != encoder {
            return Ok(None);
        }
        let name = "weight";
        let missing = || CheckpointError::Missing { name: name.to_owned(), missing: 1, total: 1 };
        let weight = floats(&weights.tensors.get(name).ok_or_else(missing)?.to_kind(Kind::Float));
        Ok(Some(Self { weight, bias: weights.json(Self::BIAS_KEY)?, octave: weights.json(Self::OCTAVE_KEY)? }))
    }

    /// How likely it is that the embedding of so much sound is of music, as a logarithm of odds: above zero it is, where
    /// there is as much music as speech.
    pub fn log_odds(&self, embedding: &[f32], heard: Seconds) -> f32 {
        let evidence: f32 = self.weight.iter().zip(embedding).map(|(weight, value)| weight * value).sum();
        self.bias + self.octave * heard.0.log2() as f32 + evidence
    }
}

/// Something that may be music.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Where it is in the recording, or where the window begins that it was heard in.
    pub at: Seconds,
    /// How much of it was heard.
    pub heard: Seconds,
    /// How likely it is that it is music (see [`Music::log_odds`]); zero if nothing tells.
    pub log_odds: f32,
}

/// Sounds that are no further away tell how much music there is.
const AROUND: Seconds = Seconds(20.0);
/// Until more than this is heard, half of it is expected.
const EXPECTED: Seconds = Seconds(4.0);
/// Estimates of the shares, at most; and by how much the last of them still differ.
const ROUNDS: usize = 30;
const SETTLED: f64 = 1e-3;

/// Which sounds, which are in order, are music.
///
/// What a classifier says holds for as much music as speech. How much there is around each sound is estimated from what
/// it says there, in turns with what it then says (Saerens, Latinne and Decaestecker 2002, "Adjusting the outputs of a
/// classifier to new a priori probabilities").
pub fn among(sounds: &[Candidate]) -> Vec<bool> {
    let around: Vec<Range<usize>> = sounds.iter().map(|sound| neighbours(sound, sounds)).collect();
    let mut shares = vec![0.5; sounds.len()];
    for _ in 0..ROUNDS {
        let estimates = estimates(sounds, &shares, &around);
        let moved = shares.iter().zip(&estimates).map(|(share, estimate)| (share - estimate).abs()).fold(0.0, f64::max);
        shares = estimates;
        if moved < SETTLED {
            break;
        }
    }
    sounds.iter().zip(&shares).map(|(sound, share)| probability(sound, *share) > 0.5).collect()
}

/// The same for the voices of windows.
pub(super) fn among_voices(windows: &[Window]) -> Vec<Vec<bool>> {
    let Seconds(frame) = activity::frame();
    let sound = |window: &Window, voice: &Voice| Candidate {
        at: Seconds(frame * window.start as f64),
        heard: Seconds(frame * voice.frames as f64),
        log_odds: voice.music.unwrap_or(f32::NEG_INFINITY),
    };
    let sounds = windows.iter().flat_map(|window| window.voices.iter().map(move |voice| sound(window, voice)));
    let mut music = among(&sounds.collect::<Vec<_>>()).into_iter();
    windows.iter().map(|window| music.by_ref().take(window.voices.len()).collect()).collect()
}

fn neighbours(sound: &Candidate, sounds: &[Candidate]) -> Range<usize> {
    let first = sounds.partition_point(|other| other.at.0 + AROUND.0 < sound.at.0);
    first..sounds.partition_point(|other| other.at.0 <= sound.at.0 + AROUND.0)
}

/// The share of music around each sound, by what all are if it is as it was thought to be.
fn estimates(sounds: &[Candidate], shares: &[f64], around: &[Range<usize>]) -> Vec<f64> {
    // How much there is of music, and of all, before each sound.
    let mut before = vec![(0.0, 0.0)];
    for (sound, share) in sounds.iter().zip(shares) {
        let (music, all) = before[before.len() - 1];
        before.push((music + probability(sound, *share) * sound.heard.0, all + sound.heard.0));
    }
    let estimate = |range: &Range<usize>| {
        let (from, to) = (before[range.start], before[range.end]);
        (to.0 - from.0 + 0.5 * EXPECTED.0) / (to.1 - from.1 + EXPECTED.0)
    };
    around.iter().map(estimate).collect()
}

/// How likely it is that a sound is music, where so large a share is.
fn probability(sound: &Candidate, share: f64) -> f64 {
    let odds = f64::from(sound.log_odds).exp() * share / (1.0 - share);
    1.0 - 1.0 / (1.0 + odds)
}

#[cfg(test)]
mod tests {
    use tch::Tensor;

    use super::*;
    use crate::nn::checkpoint::Precision;

    #[test]
    fn odds_are_those_of_the_file_for_its_encoder() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("music.safetensors");
        let mut weights = Weights::default();
        weights.tensors.insert("weight".into(), Tensor::from_slice(&[2.0f32, -1.0]));
        weights.set_json(Music::ENCODER_KEY, &"mine").expect("JSON");
        weights.set_json(Music::BIAS_KEY, &-0.5).expect("JSON");
        weights.set_json(Music::OCTAVE_KEY, &2.0).expect("JSON");
        weights.write(&path, Precision::Half).expect("a file");
        let music = Music::load(&path, "mine").expect("a file").expect("a regression");
        let odds = |heard| [[1.0, 0.0], [0.0, 1.0]].map(|embedding| music.log_odds(&embedding, Seconds(heard)));
        assert_eq!(odds(1.0), [1.5, -1.5]);
        assert_eq!(odds(0.5), [-0.5, -3.5]);
        assert_eq!(odds(4.0), [5.5, 2.5]);
        assert_eq!(Music::load(&path, "another").expect("a file"), None);
        weights.tensors.clear();
        weights.write(&path, Precision::Half).expect("a file");
        assert!(matches!(Music::load(&path, "mine"), Err(CheckpointError::Missing { .. })));
    }

    fn sound(at: f64, log_odds: f32) -> Candidate {
        Candidate { at: Seconds(at), heard: Seconds(2.0), log_odds }
    }

    #[test]
    fn a_sound_is_judged_with_what_is_around_it() {
        assert_eq!([among(&[sound(0.0, 0.1)]), among(&[sound(0.0, -0.1)])], [[true], [false]]);
        assert!(among(&[]).is_empty());
        // A minute of music, a pause, and a minute of speech, with something between in both.
        let part = |from: f64, sure: f32, unsure: f32| {
            (0..20).map(move |index| sound(from + 3.0 * f64::from(index), if index % 6 == 3 { unsure } else { sure }))
        };
        let music = among(&part(0.0, 6.0, -1.0).chain(part(100.0, -9.0, 1.0)).collect::<Vec<_>>());
        assert_eq!(music, [[true; 20], [false; 20]].concat());
    }

    #[test]
    fn the_share_is_the_mean_of_what_it_makes_likely() {
        // With a share p, sounds of even odds are music with a probability of p: half of it stays half.
        let sounds = [sound(0.0, 0.0), sound(0.0, 0.0)];
        assert_eq!(estimates(&sounds, &[0.5; 2], &[0..2, 0..2]), [0.5; 2]);
        // Two seconds are music for sure, two are with a quarter's probability, and half of four is expected.
        let sounds = [sound(0.0, f32::INFINITY), sound(20.0, 0.0), sound(20.5, f32::NEG_INFINITY)];
        let around: Vec<_> = sounds.iter().map(|one| neighbours(one, &sounds)).collect();
        assert_eq!(around, [0..2, 0..3, 1..3]);
        let expected = [4.5 / 8.0, 4.5 / 10.0, 2.5 / 8.0];
        let found = estimates(&sounds, &[0.25; 3], &around);
        assert!(found.iter().zip(expected).all(|(share, expected)| (share - expected).abs() < 1e-12), "{found:?}");
    }

    #[test]
    fn voices_are_judged_by_windows_and_what_nobody_asked_is_none() {
        let voice = |music| Voice {
            local: 0,
            first: 0,
            activity: vec![255; 100],
            embedding: vec![1.0],
            frames: 100,
            level_db: -20.0,
            quiet_db: -70.0,
            voiced: 0.9,
            music,
        };
        let window = |voices| Window { start: 0, frames: 500, voices };
        let windows = [window(vec![voice(Some(3.0)), voice(None)]), window(vec![]), window(vec![voice(Some(-3.0))])];
        assert_eq!(among_voices(&windows), [vec![true, false], vec![], vec![false]]);
    }
}
