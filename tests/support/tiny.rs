//! Tiny models with random weights, and a folder to run the program in with them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::Value;
use tch::{Device, nn};
use voice_clone::acoustic::{AcousticConfig, AcousticModel};
use voice_clone::aligner::network::{AlignerConfig, AlignerNetwork};
use voice_clone::audio::{AudioWriter, OutputFormat};
use voice_clone::denoiser::{Denoiser, DenoiserConfig};
use voice_clone::diarization::segmentation::{Segmentation, SegmentationConfig};
use voice_clone::nn::checkpoint::{Precision, Weights};
use voice_clone::speaker::{EcapaConfig, EcapaTdnn, SpeakerEncoder};
use voice_clone::train::base::Observer;
use voice_clone::train::runner::StepReport;
use voice_clone::units::SampleRate;
use voice_clone::vocoder::harmonic::{HarmonicConfig, HarmonicVocoder};

/// Writes one small model of each kind, always the same: tests side by side share libtorch's generator, so that one at a
/// time may draw from it.
pub fn tiny_models(folder: &Path) {
    static DRAWING: Mutex<()> = Mutex::new(());
    let _drawing = DRAWING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    tch::manual_seed(9);
    let write = |name: &str, store: &nn::VarStore, key: &str, config: Value, extra: &[(&str, Value)]| {
        let mut weights = Weights::from_store(store);
        if name == "acoustic" {
            weights
                .tensors
                .insert("voices.tiny".to_string(), tch::Tensor::full([192], 0.072, (tch::Kind::Float, Device::Cpu)));
        }
        weights.set_json(key, &config).expect("JSON");
        for (key, value) in extra {
            weights.set_json(key, value).expect("JSON");
        }
        weights.write(&folder.join(format!("{name}.safetensors")), Precision::Half).expect("a writable folder");
    };
    let json = |value: Result<Value, serde_json::Error>| value.expect("JSON");

    let config = AcousticConfig {
        channels: 16,
        hidden: 32,
        encoder_blocks: 1,
        variance_blocks: 1,
        decoder_blocks: 1,
        ..Default::default()
    };
    let store = nn::VarStore::new(Device::Cpu);
    AcousticModel::new(store.root(), config.clone());
    // The layers that know the speaker begin at zero; here they are to have learnt something.
    let learnt = |tensor: &mut tch::Tensor| {
        let noise = tensor.randn_like() * 0.2;
        tch::no_grad(|| tensor.copy_(&noise));
    };
    // By name, since the store has no order of its own and each draw depends on those before it.
    let mut layers: BTreeMap<_, _> = store.variables().into_iter().collect();
    layers.iter_mut().filter(|(name, _)| name.contains("speaker")).for_each(|(_, tensor)| learnt(tensor));
    write("acoustic", &store, "model", json(serde_json::to_value(&config)), &[]);

    let config = HarmonicConfig { channels: 16, hidden: 32, blocks: 1, ..Default::default() };
    let store = nn::VarStore::new(Device::Cpu);
    HarmonicVocoder::new(store.root(), config.clone());
    write("vocoder", &store, "model", json(serde_json::to_value(&config)), &[]);

    let config = AlignerConfig { channels: 16, hidden: 32, blocks: 1, ..Default::default() };
    let store = nn::VarStore::new(Device::Cpu);
    AlignerNetwork::new(store.root(), config.clone());
    write(
        "aligner",
        &store,
        "model",
        json(serde_json::to_value(&config)),
        &[("prior_weight", Value::from(0.5)), ("change_cost", Value::from(1.0))],
    );

    let config =
        DenoiserConfig { bands: vec![2, 2], bins: 2, channels: 8, hidden: 16, kernel: 3, dilations: vec![1, 2] };
    let store = nn::VarStore::new(Device::Cpu);
    Denoiser::new(store.root(), config.clone());
    write("denoiser", &store, Denoiser::CONFIG_KEY, json(serde_json::to_value(&config)), &[]);

    let config = EcapaConfig { attention_channels: 8, se_channels: 8, ..EcapaConfig::with_channels(16) };
    let store = nn::VarStore::new(Device::Cpu);
    EcapaTdnn::new(store.root(), &config).expect("a valid configuration");
    write("speaker", &store, SpeakerEncoder::CONFIG_KEY, json(serde_json::to_value(&config)), &[]);

    let encoder = SpeakerEncoder::load(&folder.join("speaker.safetensors"), Device::Cpu).expect("an encoder");
    let config = SegmentationConfig { channels: 8, hidden: 16, kernel: 3, heads: 2, dilations: vec![1] };
    let store = nn::VarStore::new(Device::Cpu);
    Segmentation::new(store.root(), config.clone(), &encoder);
    // Whatever it hears, it is one speaker alone.
    let alone = tch::Tensor::from_slice(&[0f32, 30.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    tch::no_grad(|| store.variables()["output.bias"].shallow_clone().copy_(&alone));
    let fingerprint = json(serde_json::to_value(encoder.fingerprint()));
    let sizes = json(serde_json::to_value(&config));
    write("segmentation", &store, Segmentation::CONFIG_KEY, sizes, &[(Segmentation::ENCODER_KEY, fingerprint)]);
}

/// Something like speech: harmonics whose loudness comes and goes, in words with pauses between.
pub fn speech_like(seconds: f64, pitch_hz: f32) -> Vec<f32> {
    let rate = SampleRate(16_000);
    let sample = |index: usize| {
        let time = index as f32 / 16_000.0;
        let word = (time % 1.6 < 1.2) as u8 as f32;
        let syllable = 0.6 + 0.4 * (time * 25.0).sin();
        let voice: f32 = (1..12).map(|k| (std::f32::consts::TAU * pitch_hz * k as f32 * time).sin() / k as f32).sum();
        0.2 * word * syllable * voice + 1e-4 * ((index * 7919 % 1013) as f32 / 1013.0 - 0.5)
    };
    (0..rate.samples(voice_clone::units::Seconds(seconds))).map(sample).collect()
}

pub fn record(path: &Path, seconds: f64, pitch_hz: f32) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    let mut writer = AudioWriter::create(path, OutputFormat::Wav16, SampleRate(16_000), 1).expect("a writable folder");
    writer.write(&speech_like(seconds, pitch_hz)).expect("samples");
    writer.finish().expect("a file");
}

pub struct Bench {
    place: super::Place,
}

impl Bench {
    pub fn new() -> Self {
        let place = super::Place::new();
        tiny_models(&place.path("models"));
        Self { place }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.place.path(name)
    }

    pub fn program(&self) -> assert_cmd::Command {
        let mut command = self.place.program();
        command.env("VOICE_CLONE_MODELS_DIR", self.path("models")).env("VOICE_CLONE_VOICES_DIR", self.path("voices"));
        command
    }

    pub fn run(&self, args: &[&str]) -> assert_cmd::assert::Assert {
        self.program().args(args).assert()
    }

    pub fn json(&self, args: &[&str]) -> Value {
        let output = self.run(args).success().get_output().stdout.clone();
        serde_json::from_slice(&output).expect("one JSON document")
    }
}

/// Nobody is told.
pub struct Silent;

impl Observer for Silent {
    fn prepared(&self, _done: usize, _total: usize) {}
    fn left_out(&self, key: &str, reason: &str) {
        panic!("left out {key}: {reason}");
    }
    fn notice(&self, _message: &str) {}
    fn step(&self, _report: &StepReport) {}
}

/// A corpus of two collections, one speaker each.
pub fn corpus(bench: &Bench) {
    for (collection, pitch_hz) in [("mine", 150.0), ("other", 110.0)] {
        let mut table = String::new();
        for index in 0..3 {
            record(&bench.path(&format!("corpus/{collection}/{collection}-{index}.wav")), 8.0, pitch_hz);
            table += &format!("{collection}-{index}|{TRANSCRIPT}|{TRANSCRIPT}\n");
        }
        fs::write(bench.path(&format!("corpus/{collection}/metadata.csv")), table).expect("a file");
    }
}

/// Long enough to be embedded, even when each phoneme is but a frame long.
pub const TRANSCRIPT: &str =
    "a man and a plan and a canal, all of them in the middle of a very long and winding valley";
