//! ECAPA-TDNN against SpeechBrain's (`scripts/golden/ecapa.py`).

use tch::{Device, Kind, Tensor, nn};
use voice_clone::speaker::{EcapaConfig, EcapaTdnn};

use crate::{
    formula::{fill, uniform},
    golden::Golden,
};

fn network(channels: i64) -> (nn::VarStore, EcapaTdnn) {
    let store = nn::VarStore::new(Device::Cpu);
    let network = EcapaTdnn::new(store.root(), &EcapaConfig::with_channels(channels)).expect("a valid configuration");
    fill(&store);
    (store, network)
}

fn features() -> Tensor {
    uniform("features", &[3, 61, 80]) * 4.0
}

#[test]
fn embeddings_equal_speechbrain() {
    let golden = Golden::read("ecapa");
    for channels in [512, 1024] {
        let (_store, network) = network(channels);
        let (masked, whole) = tch::no_grad(|| {
            let masked = network.forward(&features(), Some(golden.get("lengths")), false);
            (masked, network.forward(&features(), None, false))
        });
        golden.assert_close(&format!("{channels}.masked"), &masked, 1e-4);
        golden.assert_close(&format!("{channels}.whole"), &whole, 1e-4);
    }
}

#[test]
fn a_training_step_equals_speechbrain() {
    let golden = Golden::read("ecapa");
    let (store, network) = network(64);
    let embeddings = network.forward(&features(), Some(golden.get("lengths")), true);
    golden.assert_close("64.train", &embeddings, 1e-4);

    let variables = store.variables();
    golden.assert_close("64.running_mean", &variables["asp_bn.norm.running_mean"], 1e-5);
    golden.assert_close("64.running_var", &variables["blocks.0.norm.norm.running_var"], 1e-5);

    (&embeddings * uniform("loss", &embeddings.size())).sum(Kind::Float).backward();
    let gradients: Vec<_> = golden.with_prefix("64.gradient.").collect();
    assert_eq!(gradients.len(), store.trainable_variables().len());
    for (name, expected) in gradients {
        let (actual, expected) = (variables[name].grad().norm().double_value(&[]), expected.double_value(&[0]));
        assert!((actual - expected).abs() <= 1e-3 * (1.0 + expected), "gradient of {name}: {actual} not {expected}");
    }
}
