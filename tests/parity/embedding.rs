//! From samples to an embedding by imported weights against SpeechBrain (`scripts/golden/embedding.py`).

use std::path::{Path, PathBuf};

use tch::{Device, Kind, Tensor};
use voice_clone::{
    features::speechbrain::SpeechBrainFbank,
    nn::{
        checkpoint::{Precision, Weights},
        pytorch,
    },
    speaker::{EcapaConfig, SpeakerEncoder, from_speechbrain},
};

use crate::golden::Golden;

fn checkpoint() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden/ecapa.ckpt")
}

fn imported(path: &Path) -> Weights {
    from_speechbrain(pytorch::read_any(path).expect("a checkpoint")).expect("an ECAPA-TDNN")
}

fn embeddings(weights: &Weights) -> Tensor {
    let encoder = SpeakerEncoder::from_weights(weights, Device::Cpu).expect("weights that fit");
    tch::no_grad(|| encoder.forward(&samples(&Golden::read("embedding"))))
}

/// The chirp and its faint reversal: (2, L).
fn samples(golden: &Golden) -> Tensor {
    let signal = golden.get("signal").to_kind(Kind::Float) / 32_768.0;
    Tensor::stack(&[&signal, &(signal.flip([0]) / 1024.0)], 0)
}

/// The least cosine between rows of both.
fn cosine(a: &Tensor, b: &Tensor) -> f64 {
    Tensor::cosine_similarity(a, b, 1, 1e-12).min().double_value(&[])
}

#[test]
fn filterbanks_equal_speechbrain_down_to_both_floors() {
    let golden = Golden::read("embedding");
    let expected = golden.get("features");
    let floor_db = expected.get(0).max().double_value(&[]) - 80.0;
    let at = |row: i64, db: f64| (expected.get(row) - db).abs().lt(1e-4).any().int64_value(&[]) == 1;
    assert!(at(0, floor_db) && at(1, -100.0), "the signal must reach both floors for this test to mean anything");
    golden.assert_close("features", &SpeechBrainFbank::new(Device::Cpu).forward(&samples(&golden)), 1e-3);
}

#[test]
fn an_imported_checkpoint_embeds_as_speechbrain_does() {
    let golden = Golden::read("embedding");
    let weights = imported(&checkpoint());
    let config: EcapaConfig = weights.json(SpeakerEncoder::CONFIG_KEY).expect("sizes");
    let expected = EcapaConfig {
        channels: vec![8, 8, 8, 8, 24],
        kernel_sizes: vec![5, 3, 5, 3, 1],
        attention_channels: 4,
        res2net_scale: 4,
        se_channels: 6,
        embedding: 16,
        ..EcapaConfig::default()
    };
    assert_eq!(config, expected);

    let reference = golden.get("embeddings");
    let found = embeddings(&weights);
    assert!(cosine(&found, reference) > 0.999_999, "{}", cosine(&found, reference));

    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("half.safetensors");
    weights.write(&path, Precision::Half).expect("a writable folder");
    let halved = embeddings(&Weights::read(&path).expect("the file"));
    assert!(cosine(&halved, reference) > 0.9999, "{}", cosine(&halved, reference));

    let mut as_kaldi = weights;
    as_kaldi.metadata.remove(SpeakerEncoder::FEATURES_KEY);
    let other = embeddings(&as_kaldi);
    assert!(cosine(&other, reference) < 0.999, "the features must matter for this test to mean anything");
}

#[test]
fn safetensors_and_checkpoint_give_the_same_encoder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("embedding_model.safetensors");
    let state = pytorch::read_any(&checkpoint()).expect("a checkpoint");
    assert!(state.tensors.contains_key("asp_bn.norm.num_batches_tracked"), "as published");
    state.write(&path, Precision::Full).expect("a writable folder");
    let (a, b) = (imported(&checkpoint()), imported(&path));
    assert_eq!(a.metadata, b.metadata);
    assert!(embeddings(&a).equal(&embeddings(&b)));
}
