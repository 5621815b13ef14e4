//! The detector against signals whose speech is known exactly.

use std::f64::consts::TAU;

use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

const SECOND: usize = RATE.0 as usize;

/// White noise of the given root mean square.
fn noise(samples: usize, rms: f32, seed: u64) -> Vec<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    // Uniform noise from -a to a has a root mean square of a / √3.
    let limit = rms * 3f32.sqrt();
    (0..samples).map(|_| random.random_range(-limit..=limit)).collect()
}

/// Something like a voice: harmonics of a gliding pitch below 3.5 kHz, four syllables a second.
fn voice(samples: usize, rms: f32) -> Vec<f32> {
    let mut phase = 0.0;
    let mut signal: Vec<f32> = (0..samples)
        .map(|i| {
            let time = i as f64 / RATE.hz();
            let pitch = 130.0 + 20.0 * (TAU * 0.7 * time).sin();
            phase += pitch / RATE.hz();
            let syllable = 0.65 - 0.35 * (TAU * 4.0 * time).cos();
            let harmonics = 1..(3500.0 / pitch) as usize;
            let sum: f64 = harmonics.map(|h| (TAU * phase * h as f64).sin() / h as f64).sum();
            (syllable * sum) as f32
        })
        .collect();
    let power = signal.iter().map(|x| x * x).sum::<f32>() / samples as f32;
    signal.iter_mut().for_each(|x| *x *= rms / power.sqrt());
    signal
}

/// `seconds` of noise with a voice in the given stretches.
fn scene(seconds: f64, noise_rms: f32, voice_rms: f32, stretches: &[(f64, f64)]) -> Vec<f32> {
    let at = |time: f64| RATE.samples(Seconds(time));
    let mut signal = noise(at(seconds), noise_rms, 7);
    for &(start, end) in stretches {
        let spoken = voice(at(end) - at(start), voice_rms);
        signal[at(start)..at(end)].iter_mut().zip(spoken).for_each(|(sum, x)| *sum += x);
    }
    signal
}

fn detect(signal: &[f32]) -> Speech {
    detect_in(signal, 4_000)
}

fn detect_in(signal: &[f32], block: usize) -> Speech {
    let mut vad = Vad::new(&VadConfig::default());
    signal.chunks(block).for_each(|chunk| vad.push(chunk));
    vad.finish()
}

fn assert_spans(speech: &Speech, expected: &[(f64, f64)], tolerance_s: f64) {
    let found: Vec<_> = speech.spans.iter().map(|span| (span.start.0, span.end.0)).collect();
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        let off = (found.0 - expected.0).abs().max((found.1 - expected.1).abs());
        assert!(off <= tolerance_s, "{found:?} instead of {expected:?}");
    }
}

#[test]
fn a_voice_is_found_in_noise() {
    let stretches = [(1.0, 2.6), (3.2, 6.0), (8.0, 9.5)];
    for snr_db in [40, 20, 10] {
        let rms = 0.1 * 10f32.powf(-snr_db as f32 / 20.0);
        assert_spans(&detect(&scene(11.0, rms, 0.1, &stretches)), &stretches, 0.08);
    }
}

#[test]
fn a_voice_from_the_first_sample_to_the_last_is_found() {
    assert_spans(&detect(&scene(4.0, 1e-4, 0.05, &[(0.0, 4.0)])), &[(0.0, 4.0)], 0.05);
    assert_spans(&detect(&scene(40.0, 1e-3, 0.05, &[(0.0, 40.0)])), &[(0.0, 40.0)], 0.05);
}

#[test]
fn level_does_not_matter() {
    let signal = scene(6.0, 0.003, 0.1, &[(2.0, 4.0)]);
    for gain in [1e-3, 1.0, 20.0] {
        let scaled: Vec<_> = signal.iter().map(|x| x * gain).collect();
        assert_spans(&detect(&scaled), &[(2.0, 4.0)], 0.08);
    }
}

#[test]
fn noise_hum_and_silence_are_not_speech() {
    let hum: Vec<_> = (0..8 * SECOND).map(|i| (0.2 * (TAU * 50.0 * i as f64 / RATE.hz()).sin()) as f32).collect();
    let mut clicks = noise(8 * SECOND, 1e-3, 1);
    clicks.iter_mut().step_by(SECOND / 2).for_each(|x| *x = 0.9);
    let mut bursts = noise(8 * SECOND, 1e-3, 2);
    bursts[2 * SECOND..3 * SECOND].copy_from_slice(&noise(SECOND, 0.1, 3));
    for (name, signal) in [
        ("noise", noise(8 * SECOND, 0.1, 4)),
        ("hum", hum),
        ("clicks", clicks),
        ("a burst of noise", bursts),
        ("silence", vec![0.0; 8 * SECOND]),
        ("nothing", Vec::new()),
    ] {
        let speech = detect(&signal);
        assert_eq!(speech.spans, [], "{name}");
        assert_eq!(speech.share(), 0.0);
        assert_eq!(speech.snr_db, None, "{name}");
    }
}

#[test]
fn noise_that_grows_is_followed() {
    let mut signal = scene(30.0, 1e-3, 0.1, &[(3.0, 5.0), (24.0, 26.0)]);
    let louder = noise(15 * SECOND, 0.02, 9);
    signal[15 * SECOND..].iter_mut().zip(louder).for_each(|(sum, x)| *sum += x);
    assert_spans(&detect(&signal), &[(3.0, 5.0), (24.0, 26.0)], 0.1);
}

#[test]
fn the_ratio_of_signal_to_noise_is_measured() {
    for snr_db in [30.0, 20.0, 10.0] {
        let rms = 0.1 * 10f32.powf(-snr_db / 20.0);
        let found = detect(&scene(20.0, rms, 0.1, &[(2.0, 9.0), (12.0, 18.0)])).snr_db.unwrap();
        assert!((found - f64::from(snr_db)).abs() < 1.5, "{found} instead of {snr_db}");
    }
}

#[test]
fn every_second_of_speech_has_a_dip() {
    let speech = detect(&scene(12.0, 1e-4, 0.1, &[(1.0, 11.0)]));
    let dips = &speech.spans[0].dips;
    assert!((9..=11).contains(&dips.len()), "{}", dips.len());
    assert!(dips.windows(2).all(|pair| pair[0].time < pair[1].time));
}

#[test]
fn blocks_make_no_difference() {
    let signal = scene(9.0, 0.003, 0.1, &[(1.0, 3.0), (4.0, 7.5)]);
    let whole = detect_in(&signal, signal.len());
    for block in [1, 160, 12_345] {
        let speech = detect_in(&signal, block);
        assert_eq!(speech.spans.len(), whole.spans.len());
        for (a, b) in speech.spans.iter().zip(&whole.spans) {
            assert_eq!((a.start, a.end), (b.start, b.end), "{block}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn nothing_makes_it_panic(
        signal in prop::collection::vec(prop_oneof![any::<f32>(), -1.0f32..1.0, Just(0.0)], 0..4000),
        repeat in 1usize..6,
    ) {
        let speech = detect(&signal.repeat(repeat));
        prop_assert!(speech.spans.iter().all(|span| span.start < span.end && span.end <= speech.duration));
        prop_assert!(speech.spans.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }
}
