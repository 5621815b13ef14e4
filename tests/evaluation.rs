//! Measures on whole utterances: made here, and of the corpus where `VOICE_CLONE_CORPUS` names one.

use std::collections::BTreeMap;
use std::f32::consts::TAU;
use std::path::Path;

use voice_clone::audio::load_mono;
use voice_clone::evaluation::compare::{Comparer, Comparison};
use voice_clone::evaluation::report::{EvaluationReport, Measure, Utterance};
use voice_clone::features::pitch::{PitchConfig, PitchTracker};
use voice_clone::units::SampleRate;

const RATE: f32 = 22_050.0;

/// Three vowels with pauses, at a pitch and speed: harmonics under two resonances.
fn utterance(pitch_hz: f32, speed: f32) -> Vec<f32> {
    let mut samples = vec![0.0; 2000];
    for formants in [(700.0, 1100.0), (300.0, 2200.0), (350.0, 800.0)] {
        let length = (0.3 * RATE / speed) as usize;
        let mut phase = 0.0f32;
        for i in 0..length {
            let position = i as f32 / length as f32;
            let hz = pitch_hz * (1.1 - 0.2 * position);
            phase = (phase + hz / RATE).fract();
            let resonance = |at: f32, formant: f32| 1.0 / (1.0 + ((at - formant) / 100.0).powi(2));
            let harmonic = |n: u32| {
                let at = n as f32 * hz;
                let gain = 0.01 + resonance(at, formants.0) + resonance(at, formants.1);
                gain / n as f32 * (TAU * phase * n as f32).sin()
            };
            let envelope = (position * std::f32::consts::PI).sin().sqrt();
            samples.push(0.2 * envelope * (1..=(6000.0 / hz) as u32).map(harmonic).sum::<f32>());
        }
        samples.extend(vec![0.0; (0.1 * RATE / speed) as usize]);
    }
    samples
}

fn cents(comparison: &Comparison) -> f64 {
    comparison.f0.and_then(|f0| f0.rmse_cents).unwrap()
}

#[test]
fn a_recording_equals_itself() {
    let samples = utterance(130.0, 1.0);
    let found = Comparer::default().compare(&samples, &samples);
    assert!(found.mcd_db.unwrap() < 1e-6);
    let f0 = found.f0.unwrap();
    assert_eq!((f0.rmse_hz, f0.gross_share, f0.voicing_error), (Some(0.0), Some(0.0), 0.0));
    assert!((f0.correlation.unwrap() - 1.0).abs() < 1e-9);
    assert!(f0.voiced_pairs > 50);
}

#[test]
fn speed_matters_little_and_pitch_is_measured() {
    let comparer = Comparer::default();
    let reference = utterance(130.0, 1.0);
    let slower = comparer.compare(&reference, &utterance(130.0, 0.8));
    let higher = comparer.compare(&reference, &utterance(195.0, 1.0));
    assert!(slower.mcd_db.unwrap() < 1.5, "{slower:?}");
    assert!(cents(&slower) < 60.0, "{slower:?}");
    // A fifth: 1200 * log2(1.5) = 702 cents.
    assert!((cents(&higher) - 702.0).abs() < 40.0, "{higher:?}");
    assert!(higher.f0.unwrap().voicing_error < 0.1, "{higher:?}");
}

#[test]
fn other_words_are_further_than_another_pitch() {
    let comparer = Comparer::default();
    let reference = utterance(130.0, 1.0);
    let same_words = comparer.compare(&reference, &utterance(150.0, 0.9)).mcd_db.unwrap();
    let mut backwards = utterance(130.0, 1.0);
    backwards.reverse();
    let other_words = comparer.compare(&reference, &backwards).mcd_db.unwrap();
    assert!(other_words > 1.5 * same_words, "{other_words} dB, {same_words} dB");
}

#[test]
fn nothing_can_be_compared_with_nothing() {
    let comparer = Comparer::default();
    let speech = utterance(130.0, 1.0);
    for (a, b) in [(&[][..], &speech[..]), (&speech, &[]), (&[0.1], &[f32::NAN]), (&[], &[])] {
        assert_eq!(comparer.compare(a, b), Comparison { mcd_db: None, f0: None });
    }
}

#[test]
fn comparisons_reach_the_report() {
    let speech = utterance(130.0, 1.0);
    let comparison = Some(Comparer::default().compare(&speech, &utterance(195.0, 1.0)));
    let rows = vec![Utterance { id: "one".to_owned(), duration_s: 1.2, comparison, ..Utterance::default() }];
    let report = EvaluationReport::new("anna", "test", rows, Vec::new());
    assert!((report.statistic(Measure::F0RmseCents).unwrap().mean - 702.0).abs() < 40.0);
    assert!(report.to_string().contains("MCD dB"));
}

/// Median pitch of the readers of LibriSpeech: men and women lie where phonetics says, and nobody is an octave off.
#[test]
fn readers_have_the_pitch_of_their_sex() {
    let Some(corpus) = std::env::var_os("VOICE_CLONE_CORPUS") else {
        eprintln!("skipped: VOICE_CLONE_CORPUS is not set");
        return;
    };
    let folder = Path::new(&corpus).join("librispeech");
    let table = std::fs::read_to_string(folder.join("utterances.tsv")).unwrap();
    let mut readers: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for line in table.lines().skip(1) {
        let mut fields = line.split('\t');
        let (id, speaker, sex) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        readers.entry(speaker).or_insert((id, sex));
    }
    let tracker = PitchTracker::new(PitchConfig::default());
    for (speaker, (id, sex)) in readers {
        let samples = load_mono(&folder.join(speaker).join(format!("{id}.opus")), SampleRate::SYNTHESIS).unwrap();
        let mut voiced: Vec<f32> = tracker.track(&samples).f0_hz.into_iter().filter(|&hz| hz > 0.0).collect();
        voiced.sort_by(f32::total_cmp);
        let median = voiced.get(voiced.len() / 2).copied().unwrap_or(0.0);
        let usual = if sex.eq_ignore_ascii_case("m") { 75.0..175.0 } else { 140.0..290.0 };
        assert!(usual.contains(&median), "{speaker} ({sex}): {median} Hz");
        // Between long pauses a clip can be voiced for less than a quarter.
        let share = voiced.len() as f32 / (samples.len() / 256) as f32;
        assert!((0.15..0.75).contains(&share), "{speaker}: {share} of the frames are voiced");
    }
}
