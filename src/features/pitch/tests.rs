//! Accuracy on signals whose pitch is known exactly.

use std::f32::consts::TAU;

use proptest::prelude::*;
use rand::{Rng, SeedableRng};

use super::*;

const RATE: f32 = 22_050.0;

/// A vowel: harmonics of a moving pitch, falling by 1/n and shaped by four formants.
fn vowel(seconds: f32, pitch_hz: impl Fn(f32) -> f32) -> Vec<f32> {
    let formants = [(600.0, 80.0), (1200.0, 100.0), (2500.0, 150.0), (3500.0, 200.0)];
    let mut phase = 0.0f32;
    (0..(seconds * RATE) as usize)
        .map(|i| {
            let hz = pitch_hz(i as f32 / RATE);
            phase = (phase + hz / RATE).fract();
            (1..=(4500.0 / hz) as usize)
                .map(|n| {
                    let at = n as f32 * hz;
                    let resonance: f32 = formants.iter().map(|(f, b)| 1.0 / (1.0 + ((at - f) / b).powi(2))).sum();
                    (0.02 + resonance) / n as f32 * (TAU * phase * n as f32).sin()
                })
                .sum::<f32>()
                * 0.1
        })
        .collect()
}

fn noise(length: usize, amplitude: f32, seed: u64) -> Vec<f32> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    (0..length).map(|_| amplitude * rng.random_range(-1.0..1.0)).collect()
}

struct Errors {
    /// Share of voiced frames more than 20 % off, or called unvoiced.
    gross: f32,
    /// Mean relative deviation of the others.
    fine: f32,
}

/// Compares with the true pitch at the frames' centres, leaving out the frames that the ends of the signal cut.
fn errors(samples: &[f32], pitch_hz: impl Fn(f32) -> f32) -> Errors {
    let track = PitchTracker::new(PitchConfig::default()).track(samples);
    let inner = 4..track.f0_hz.len() - 4;
    let deviations: Vec<f32> = inner
        .map(|t| {
            let truth = pitch_hz((t as f32 * 256.0 + 128.0) / RATE);
            (track.f0_hz[t] / truth - 1.0).abs()
        })
        .collect();
    let good: Vec<f32> = deviations.iter().copied().filter(|&d| d < 0.2).collect();
    Errors {
        gross: 1.0 - good.len() as f32 / deviations.len() as f32,
        fine: good.iter().sum::<f32>() / good.len().max(1) as f32,
    }
}

fn assert_accurate(name: &str, pitch_hz: impl Fn(f32) -> f32 + Copy, noise_amplitude: f32) {
    let mut samples = vowel(1.5, pitch_hz);
    for (x, n) in samples.iter_mut().zip(noise(33_075, noise_amplitude, 7)) {
        *x += n;
    }
    let Errors { gross, fine } = errors(&samples, pitch_hz);
    assert!(gross < 0.02 && fine < 0.01, "{name}: gross {gross}, fine {fine}");
}

#[test]
fn steady_pitches_of_all_voices() {
    for hz in [60.0, 85.0, 110.0, 150.0, 207.3, 261.0, 333.0, 420.0, 530.0] {
        assert_accurate(&format!("{hz} Hz"), |_| hz, 0.0);
    }
}

#[test]
fn glides_and_vibrato() {
    assert_accurate("glide up", |t| 90.0 * (1.0 + t), 0.0);
    assert_accurate("glide down", |t| 400.0 * 0.5f32.powf(t / 1.5), 0.0);
    assert_accurate("vibrato", |t| 220.0 * (1.0 + 0.05 * (TAU * 5.5 * t).sin()), 0.0);
}

#[test]
fn moderate_noise() {
    // The vowel has an RMS of about 0.04, this noise one of 0.013: 10 dB.
    for hz in [70.0, 120.0, 230.0, 400.0] {
        assert_accurate(&format!("{hz} Hz in noise"), |_| hz, 0.022);
    }
}

#[test]
fn noise_and_silence_are_unvoiced() {
    let tracker = PitchTracker::new(PitchConfig::default());
    let track = tracker.track(&noise(44_100, 0.3, 1));
    let voiced = track.f0_hz.iter().filter(|&&hz| hz > 0.0).count();
    assert!(voiced * 50 < track.f0_hz.len(), "{voiced} of {} frames of noise are voiced", track.f0_hz.len());
    let silence = tracker.track(&[0.0; 22_050]);
    assert!(silence.f0_hz.iter().chain(&silence.voicing).all(|&x| x == 0.0));
}

#[test]
fn voiced_and_unvoiced_stretches_are_told_apart() {
    let mut samples = noise(11_025, 0.1, 2);
    samples.extend(vowel(0.5, |_| 180.0));
    samples.extend(noise(11_025, 0.1, 3));
    samples.extend(vec![0.0; 11_025]);
    let track = PitchTracker::new(PitchConfig::default()).track(&samples);
    let wrong = (0..track.f0_hz.len())
        .filter(|t| {
            let centre = t * 256 + 128;
            let away_from_edges = centre.abs_diff(11_025).min(centre.abs_diff(22_050)) > 512;
            away_from_edges && (track.f0_hz[*t] > 0.0) != (11_025..22_050).contains(&centre)
        })
        .count();
    assert!(wrong <= 3, "{wrong} frames of {}", track.f0_hz.len());
}

#[test]
fn a_missing_fundamental_is_still_heard() {
    let samples: Vec<f32> = (0..22_050)
        .map(|i| (3..12).map(|n| 0.05 * (TAU * (n as f32 * 120.0 * i as f32 / RATE).fract()).sin()).sum())
        .collect();
    let Errors { gross, fine } = errors(&samples, |_| 120.0);
    assert!(gross == 0.0 && fine < 0.005, "gross {gross}, fine {fine}");
}

#[test]
fn other_rates_and_hops() {
    for (rate, hop) in [(16_000, 160), (48_000, 480), (8_000, 80), (44_100, 512)] {
        let config = PitchConfig { rate: SampleRate(rate), hop, ..PitchConfig::default() };
        let samples: Vec<f32> = (0..rate)
            .map(|i| (1..8).map(|n| 0.05 * (TAU * (n as f32 * 140.0 * i as f32 / rate as f32).fract()).sin()).sum())
            .collect();
        let track = PitchTracker::new(config).track(&samples);
        assert_eq!(track.f0_hz.len(), samples.len() / hop);
        let middle = track.f0_hz[track.f0_hz.len() / 2];
        assert!((middle / 140.0 - 1.0).abs() < 0.005, "{middle} at {rate}");
    }
}

#[test]
fn senseless_configurations_find_nothing() {
    let default = PitchConfig::default;
    for config in [
        PitchConfig { min_hz: 500.0, max_hz: 100.0, ..default() },
        PitchConfig { min_hz: 0.0, ..default() },
        PitchConfig { max_hz: f32::NAN, ..default() },
        PitchConfig { rate: SampleRate(0), ..default() },
        PitchConfig { hop: 0, ..default() },
    ] {
        let track = PitchTracker::new(config).track(&vowel(0.2, |_| 120.0));
        assert!(track.f0_hz.iter().all(|&hz| hz == 0.0));
    }
}

#[test]
fn unvoiced_stretches_are_bridged_in_log_frequency() {
    let filled = interpolate_unvoiced(&[0.0, 100.0, 0.0, 400.0, 0.0, f32::NAN]);
    let expected = [100.0, 100.0, 200.0, 400.0, 400.0, 400.0];
    assert!(filled.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.01), "{filled:?}");
    assert_eq!(interpolate_unvoiced(&[0.0, 0.0]), [0.0, 0.0]);
    assert!(interpolate_unvoiced(&[]).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_samples_give_finite_tracks(samples in prop::collection::vec(any::<f32>(), 0..3000)) {
        let track = PitchTracker::new(PitchConfig::default()).track(&samples);
        prop_assert_eq!(track.f0_hz.len(), samples.len() / 256);
        prop_assert!(track.f0_hz.iter().all(|&hz| hz == 0.0 || (55.0..=550.0).contains(&hz)));
        prop_assert!(track.voicing.iter().all(|v| (0.0..=1.0).contains(v)));
    }
}
