//! The detector on real speech in real noise, mixed so that the truth is known.
//!
//! Needs the corpus that `VOICE_CLONE_CORPUS` names; skipped without it.

use std::path::{Path, PathBuf};

use super::*;
use crate::audio::load_mono;

/// Silence between utterances, in seconds.
const GAP_S: f64 = 1.2;
const FRAME: usize = 160;

fn corpus() -> Option<PathBuf> {
    let corpus = std::env::var_os("VOICE_CLONE_CORPUS").map(PathBuf::from);
    if corpus.is_none() {
        eprintln!("skipped: VOICE_CLONE_CORPUS is not set");
    }
    corpus
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { files_below(&path) } else { vec![path] }
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "opus"))
        .collect();
    found.sort();
    found
}

fn rms(signal: &[f32]) -> f32 {
    (signal.iter().map(|x| x * x).sum::<f32>() / signal.len() as f32).sqrt()
}

/// Clean speech with gaps, and for every 10 ms whether it is speech: within 35 dB of the loudest frame, pauses
/// of up to 200 ms included.
fn clean_speech(corpus: &Path) -> (Vec<f32>, Vec<bool>) {
    let mut signal = Vec::new();
    for path in files_below(&corpus.join("rendered")).iter().step_by(61).take(8) {
        signal.resize(signal.len() + RATE.samples(Seconds(GAP_S)), 0.0);
        let spoken = load_mono(path, RATE).unwrap();
        let gain = 0.05 / rms(&spoken);
        signal.extend(spoken.iter().map(|x| x * gain));
    }
    let levels: Vec<f32> = signal.chunks_exact(FRAME).map(rms).collect();
    let loudest = levels.iter().copied().fold(0.0, f32::max);
    let mut truth: Vec<bool> = levels.iter().map(|&level| level > loudest * 10f32.powf(-35.0 / 20.0)).collect();
    let loud: Vec<usize> = (0..truth.len()).filter(|&i| truth[i]).collect();
    for pair in loud.windows(2).filter(|pair| pair[1] - pair[0] <= 20) {
        truth[pair[0]..pair[1]].fill(true);
    }
    (signal, truth)
}

/// The shares of speech missed and of the rest taken for speech.
fn errors(signal: &[f32], truth: &[bool]) -> (f64, f64) {
    let mut vad = Vad::new(&VadConfig::default());
    vad.push(signal);
    let mut found = vec![false; truth.len()];
    for span in vad.finish().spans {
        let frame = |time: Seconds| (RATE.samples(time) / FRAME).min(truth.len());
        found[frame(span.start)..frame(span.end)].fill(true);
    }
    let count = |t: bool, f: bool| truth.iter().zip(&found).filter(|&(&a, &b)| a == t && b == f).count() as f64;
    (
        count(true, false) / (count(true, false) + count(true, true)),
        count(false, true) / (count(false, true) + count(false, false)),
    )
}

fn with_noise(signal: &[f32], noise: &[f32], snr_db: f32) -> Vec<f32> {
    let gain = 0.05 * 10f32.powf(-snr_db / 20.0) / rms(noise);
    signal.iter().zip(noise.iter().cycle()).map(|(x, n)| x + gain * n).collect()
}

#[test]
fn clean_speech_is_found_to_the_frame() {
    let Some(corpus) = corpus() else { return };
    let (signal, truth) = clean_speech(&corpus);
    let (missed, false_alarms) = errors(&signal, &truth);
    assert!(missed < 0.03 && false_alarms < 0.08, "missed {missed}, false alarms {false_alarms}");
}

#[test]
fn speech_is_found_in_steady_noise() {
    let Some(corpus) = corpus() else { return };
    let (signal, truth) = clean_speech(&corpus);
    for class in ["rain", "sea-waves", "helicopter"] {
        let paths = files_below(&corpus.join("noise").join(class));
        let noise: Vec<f32> = paths.iter().step_by(3).take(6).flat_map(|path| load_mono(path, RATE).unwrap()).collect();
        for (snr_db, most_missed) in [(20.0, 0.05), (10.0, 0.15)] {
            let (missed, false_alarms) = errors(&with_noise(&signal, &noise, snr_db), &truth);
            assert!(
                missed < most_missed && false_alarms < 0.16,
                "{class} at {snr_db} dB: missed {missed}, false alarms {false_alarms}"
            );
        }
    }
}
