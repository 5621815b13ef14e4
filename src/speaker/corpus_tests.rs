//! Whether one or two people speak, and whether anybody does, on recordings of the corpus.
//!
//! Needs the corpus that `VOICE_CLONE_CORPUS` names; skipped without it. With `--nocapture` the rates are shown.

use std::path::{Path, PathBuf};

use tch::Device;

use super::*;
use crate::{audio::load_mono, clean::config::VadConfig};

fn corpus() -> Option<PathBuf> {
    let corpus = std::env::var_os("VOICE_CLONE_CORPUS").map(PathBuf::from);
    if corpus.is_none() {
        eprintln!("skipped: VOICE_CLONE_CORPUS is not set");
    }
    corpus
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// About `seconds` of the reader in `folder`, from utterance `first` on.
fn reading(folder: &Path, first: usize, seconds: f64) -> Vec<f32> {
    let mut samples = Vec::new();
    for path in entries(folder).iter().cycle().skip(first) {
        samples.extend(load_mono(path, SpeakerEncoder::SAMPLE_RATE).unwrap());
        if samples.len() as f64 > seconds * 16_000.0 {
            break;
        }
    }
    samples
}

#[test]
fn two_readers_are_told_from_one() {
    let Some(corpus) = corpus() else { return };
    let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/speaker.safetensors");
    let encoder = SpeakerEncoder::load(&weights, Device::Cpu).unwrap();
    let calibration = encoder.calibration().unwrap_or_default();
    // More threads would wait for each other where tests run side by side.
    tch::set_num_threads(1);
    let found = |samples: &[f32]| companions::find(&encoder, samples, calibration).unwrap().is_some();
    let readers: Vec<PathBuf> = entries(&corpus.join("librispeech")).into_iter().filter(|path| path.is_dir()).collect();
    let (mut two, mut one, mut trials) = (0, 0, 0);
    for (index, reader) in readers.iter().enumerate() {
        for (turn, seconds) in [(1, 8.0), (7, 15.0)] {
            let other = &readers[(index + turn) % readers.len()];
            two += usize::from(found(&[reading(reader, turn, seconds), reading(other, turn, seconds)].concat()));
            one += usize::from(found(&reading(reader, turn + 3, 4.0 * seconds)));
            trials += 1;
        }
    }
    println!("two readers: {two} of {trials} found; one reader: {one} of {trials} taken for two");
    assert!(two * 10 >= trials * 9 && one * 10 <= trials, "two: {two}, one: {one} of {trials}");
}

#[test]
fn most_noises_are_no_speech() {
    let Some(corpus) = corpus() else { return };
    let (mut refused, mut all) = (0, 0);
    for class in entries(&corpus.join("noise")).into_iter().filter(|path| path.is_dir()) {
        let paths = entries(&class);
        let none = paths.iter().filter(|path| SpokenAudio::read(path, &VadConfig::default()).is_err()).count();
        println!("{}: no speech in {none} of {}", class.file_name().unwrap().display(), paths.len());
        (refused, all) = (refused + none, all + paths.len());
    }
    println!("in all: no speech in {refused} of {all}");
    assert!(refused * 10 >= all * 4, "{refused} of {all}");
}
