//! HiFi-GAN generators against the published definition (`scripts/golden/hifigan.py`).

use std::path::Path;

use serde_json::{Value, json};
use tch::{Device, nn};
use voice_clone::{
    features::mel::MelConfig,
    nn::checkpoint::Weights,
    vocoder::hifigan::{Generator, HifiGan, HifiGanConfig},
};

use crate::{
    formula::{parameter, uniform},
    golden::Golden,
};

fn config(shape: Value) -> HifiGanConfig {
    let mut config = json!({
        "num_mels": 80, "n_fft": 1024, "hop_size": 256, "win_size": 1024, "sampling_rate": 22050,
        "fmin": 0, "fmax": 8000, "resblock": "1", "upsample_rates": [8, 8, 2, 2],
        "upsample_kernel_sizes": [16, 16, 4, 4], "resblock_kernel_sizes": [3, 7, 11],
        "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
    });
    for (key, value) in shape.as_object().expect("an object") {
        config[key] = value.clone();
    }
    serde_json::from_value(config).expect("a published configuration")
}

/// Weights as they are published: below `generator.`, with weight normalisation not folded.
fn published(config: &HifiGanConfig) -> Weights {
    let store = nn::VarStore::new(Device::Cpu);
    Generator::new(store.root(), config).expect("a valid configuration");
    let mut weights = Weights::default();
    for (name, variable) in store.variables() {
        let shape = variable.size();
        let mut add = |name: &str, shape: &[i64]| {
            weights.tensors.insert(format!("generator.{name}"), parameter(name, shape));
        };
        if name.ends_with(".weight") {
            add(&format!("{name}_g"), &[shape[0], 1, 1]);
            add(&format!("{name}_v"), &shape);
        } else {
            add(&name, &shape);
        }
    }
    weights
}

#[test]
fn waveforms_equal_the_published_generator() {
    let golden = Golden::read("hifigan");
    let mel = uniform("mel", &[2, 80, 9]) * 4.0 - 4.0;
    let v3 = json!({
        "resblock": "2", "upsample_initial_channel": 256, "upsample_rates": [8, 8, 4],
        "upsample_kernel_sizes": [16, 16, 8], "resblock_kernel_sizes": [3, 5, 7],
        "resblock_dilation_sizes": [[1, 2], [2, 6], [3, 12]],
    });
    let wide = json!({ "upsample_initial_channel": 512 });
    let small = json!({ "upsample_initial_channel": 128 });
    for (name, shape) in [("v1", wide), ("v2", small), ("v3", v3)] {
        let config = config(shape);
        let vocoder = HifiGan::from_weights(published(&config), &config, Device::Cpu).expect("weights that fit");
        let samples = tch::no_grad(|| vocoder.forward(&mel));
        golden.assert_close(name, &samples, 1e-3);
    }
}

/// Needs the authors' checkpoint, which is not committed: a folder with `hifigan-lj-v2/{generator_v2,config.json}`.
#[test]
fn the_published_checkpoint_loads_unchanged() {
    let Some(published) = std::env::var_os("VOICE_CLONE_PUBLISHED") else {
        eprintln!("skipped: VOICE_CLONE_PUBLISHED is not set");
        return;
    };
    let folder = Path::new(&published).join("hifigan-lj-v2");
    let vocoder = HifiGan::load(&folder.join("generator_v2"), &folder.join("config.json"), Device::Cpu);
    let vocoder = vocoder.expect("the published files");
    assert_eq!(vocoder.mel(), &MelConfig::synthesis());
    let mel = uniform("mel", &[2, 80, 9]).narrow(0, 0, 1) * 4.0 - 4.0;
    Golden::read("hifigan").assert_close("published", &tch::no_grad(|| vocoder.forward(&mel)), 1e-4);
}

#[test]
fn weights_of_another_generator_are_refused() {
    let small = config(json!({ "upsample_initial_channel": 128 }));
    let wide = config(json!({ "upsample_initial_channel": 256 }));
    let error = HifiGan::from_weights(published(&small), &wide, Device::Cpu).expect_err("other shapes");
    assert!(error.to_string().contains("the model expects"), "{error}");

    let mut incomplete = published(&small);
    incomplete.tensors.remove("generator.conv_post.weight_v");
    let error = HifiGan::from_weights(incomplete, &small, Device::Cpu).expect_err("a missing tensor");
    assert!(error.to_string().contains("conv_post.weight"), "{error}");
}
