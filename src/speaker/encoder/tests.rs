use proptest::prelude::*;

use super::*;
use crate::nn::checkpoint::{CheckpointError, Precision};
use crate::speaker::cosine;

fn weights() -> Weights {
    tch::manual_seed(5);
    let config = EcapaConfig { attention_channels: 8, se_channels: 8, ..EcapaConfig::with_channels(16) };
    let store = nn::VarStore::new(Device::Cpu);
    EcapaTdnn::new(store.root(), &config).expect("a valid configuration");
    let mut weights = Weights::from_store(&store);
    weights.set_json(SpeakerEncoder::CONFIG_KEY, &config).expect("a configuration");
    weights
}

pub(crate) fn encoder() -> SpeakerEncoder {
    SpeakerEncoder::from_weights(&weights(), Device::Cpu).expect("weights that fit")
}

pub(in crate::speaker) fn tone(samples: usize, hz: f32) -> Vec<f32> {
    (0..samples).map(|i| 0.3 * (i as f32 * hz * std::f32::consts::TAU / 16_000.0).sin()).collect()
}

#[test]
fn an_embedding_has_unit_length_and_survives_half_precision() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("encoder.safetensors");
    // Made once: tests beside this one draw from the same generator.
    let weights = weights();
    weights.write(&path, Precision::Half).expect("a writable folder");
    let stored = SpeakerEncoder::load(&path, Device::Cpu).expect("the file");
    let whole = SpeakerEncoder::from_weights(&weights, Device::Cpu).expect("weights that fit");
    let (a, b) = (whole.embed(&tone(16_000, 300.0)), stored.embed(&tone(16_000, 300.0)));
    let (a, b) = (a.expect("an embedding"), b.expect("an embedding"));
    assert_eq!(a.len(), 192);
    assert!((a.iter().map(|value| value * value).sum::<f32>() - 1.0).abs() < 1e-5);
    assert!(cosine(&a, &b) > 0.999);
}

#[test]
fn a_long_recording_is_the_mean_of_its_parts_without_the_silent_ones() {
    let encoder = encoder();
    let (low, high) = (tone(128_000, 200.0), tone(128_000, 900.0));
    let whole = encoder.embed(&[low.as_slice(), &vec![0.0; 128_000], &high].concat()).expect("an embedding");
    let (low, high) = (encoder.embed(&low).expect("one part"), encoder.embed(&high).expect("one part"));
    let mean: Vec<f32> = low.iter().zip(&high).map(|(low, high)| low + high).collect();
    assert!(cosine(&whole, &mean) > 0.9999);
    assert!(cosine(&low, &high) < 0.9999, "the parts must differ for this test to mean anything");
}

#[test]
fn parts_have_few_lengths_and_cover_long_recordings() {
    for length in (8_000..700_000).step_by(777) {
        let parts: Vec<_> = parts(length).collect();
        assert!(parts.iter().all(|part| part.len() == parts[0].len() && part.end <= length), "{length}");
        assert!(parts[0].len() % 4_000 == 0 && (8_000..=128_000).contains(&parts[0].len()), "{length}");
        assert!(parts.windows(2).all(|pair| pair[1].start <= pair[0].end), "{length}");
        let lost = parts[0].start + length - parts[parts.len() - 1].end;
        assert!(lost < if parts.len() == 1 { 4_000 } else { 1 }, "{length}: {lost}");
    }
    assert_eq!(parts(9_001).next(), Some(500..8_500));
}

#[test]
fn many_windows_at_once_are_as_one_by_one() {
    let encoder = encoder();
    let tones: Vec<Vec<f32>> = (0..11).map(|i| tone(16_000, 100.0 + 90.0 * i as f32)).collect();
    let windows: Vec<&[f32]> = tones.iter().map(Vec::as_slice).collect();
    let embeddings = encoder.embed_windows(&windows).expect("embeddings");
    assert_eq!(embeddings.len(), 11);
    for (window, embedding) in windows.iter().zip(&embeddings) {
        assert!(cosine(embedding, &encoder.embed(window).expect("an embedding")) > 0.99999);
    }
    assert!(encoder.embed_windows(&[]).expect("nothing to do").is_empty());
    let error = encoder.embed_windows(&[&tones[0], &tones[1][..8_000]]).expect_err("two lengths");
    assert!(matches!(error, SpeakerError::Lengths { expected: 16_000, actual: 8_000 }), "{error}");
}

#[test]
fn weights_may_carry_a_calibration_and_are_known_by_their_values() {
    assert_eq!(encoder().calibration(), None);
    let mut weights = weights();
    let calibration = Calibration { scale: 20.0, offset: -9.5 };
    weights.set_json(Calibration::KEY, &calibration).expect("JSON");
    let calibrated = SpeakerEncoder::from_weights(&weights, Device::Cpu).expect("weights that fit");
    assert_eq!(calibrated.calibration(), Some(calibration));
    weights.set_json(Calibration::KEY, &Calibration { scale: -1.0, ..calibration }).expect("JSON");
    let error = SpeakerEncoder::from_weights(&weights, Device::Cpu).expect_err("a scale below zero");
    assert!(error.to_string().contains("scale must be above zero"), "{error}");

    weights.metadata.remove(Calibration::KEY);
    let same = SpeakerEncoder::from_weights(&weights, Device::Cpu).expect("weights that fit");
    assert_eq!(same.fingerprint(), calibrated.fingerprint());
    if let Some(tensor) = weights.tensors.values_mut().next() {
        *tensor = &*tensor + 1e-3;
    }
    let other = SpeakerEncoder::from_weights(&weights, Device::Cpu).expect("weights that fit");
    assert_ne!(other.fingerprint(), calibrated.fingerprint());
}

#[test]
fn what_cannot_be_embedded_is_named() {
    let encoder = encoder();
    let error = |samples: &[f32]| encoder.embed(samples).expect_err("an error").to_string();
    assert_eq!(
        error(&tone(4_000, 200.0)),
        "a voice needs at least 0.50 s of speech to be recognised, but there is only 0.25 s"
    );
    assert!(matches!(encoder.embed(&[]), Err(SpeakerError::TooShort { .. })));
    assert!(error(&vec![1e-5; 16_000]).starts_with("the recording is silent: its level is -100 dBFS"));
    let mut broken = tone(16_000, 200.0);
    broken[7] = f32::NAN;
    assert_eq!(error(&broken), "sample 7 of the recording is not a finite number");
}

#[test]
fn weights_that_do_not_fit_are_refused() {
    let mut bands = weights();
    bands.set_json("config", &EcapaConfig { bands: 40, ..EcapaConfig::default() }).expect("a configuration");
    let error = SpeakerEncoder::from_weights(&bands, Device::Cpu).expect_err("40 filterbanks");
    assert!(matches!(error, SpeakerError::Bands { expected: 40, actual: 80 }), "{error}");

    let mut far = weights();
    let config = EcapaConfig {
        dilations: vec![1, 2, 3, 16, 1],
        kernel_sizes: vec![5, 3, 3, 7, 1],
        ..weights().json("config").expect("a configuration")
    };
    far.set_json("config", &config).expect("a configuration");
    let error = SpeakerEncoder::from_weights(&far, Device::Cpu).expect_err("a wide view");
    assert!(matches!(error, SpeakerError::Context { needed: 49, available: 48 }), "{error}");

    let mut larger = weights();
    larger.set_json("config", &EcapaConfig::default()).expect("a configuration");
    let error = SpeakerEncoder::from_weights(&larger, Device::Cpu).expect_err("other shapes");
    assert!(matches!(error, SpeakerError::Weights(CheckpointError::Shape { .. })), "{error}");

    let mut anonymous = weights();
    anonymous.metadata.clear();
    assert!(SpeakerEncoder::from_weights(&anonymous, Device::Cpu).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_samples_give_an_error_or_a_finite_unit_vector(
        pattern in prop::collection::vec(prop_oneof![199 => prop::num::f32::NORMAL, 1 => prop::num::f32::ANY], 1..40),
        length in 0usize..20_000,
    ) {
        let samples: Vec<f32> = pattern.into_iter().cycle().take(length).collect();
        if let Ok(embedding) = encoder().embed(&samples) {
            let norm: f32 = embedding.iter().map(|value| value * value).sum();
            prop_assert!((norm - 1.0).abs() < 1e-4, "{norm}");
        }
    }
}
