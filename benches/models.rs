//! Speed of each model's forward pass and of `generate`, in seconds of audio.

use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tch::{Device, Kind, Tensor, nn};
use voice_clone::aligner::network::{AlignerConfig, AlignerNetwork};
use voice_clone::features::fbank::Fbank;
use voice_clone::speaker::{EcapaConfig, EcapaTdnn, SpeakerEncoder};
use voice_clone::synthesis::models::Models;
use voice_clone::synthesis::{SpeakOptions, Synthesizer, Voice};
use voice_clone::vocoder::consistency::MelSource;
use voice_clone::vocoder::harmonic::{HarmonicConfig, HarmonicVocoder, VocoderInput};

/// Length of the audio that each pass makes or reads.
const SECONDS: i64 = 5;
const FRAMES: i64 = SECONDS * 86;

fn forward_passes(criterion: &mut Criterion) {
    tch::set_num_threads(1);
    let floats = (Kind::Float, Device::Cpu);
    let mut group = criterion.benchmark_group("forward, one thread");
    group.throughput(Throughput::Elements(SECONDS as u64)).measurement_time(Duration::from_secs(5)).sample_size(20);

    let mut store = nn::VarStore::new(Device::Cpu);
    let vocoder = HarmonicVocoder::new(store.root(), HarmonicConfig::default());
    store.freeze();
    let input = VocoderInput {
        mel: Tensor::full([1, 80, FRAMES], -5.0, floats),
        f0_hz: Tensor::full([1, FRAMES], 150.0, floats),
        voicing: Tensor::ones([1, FRAMES], floats),
        source: MelSource::Model,
    };
    group.bench_function("vocoder", |bencher| bencher.iter(|| vocoder.forward(&input)));

    let mut store = nn::VarStore::new(Device::Cpu);
    let aligner = AlignerNetwork::new(store.root(), AlignerConfig::default());
    store.freeze();
    let mask = Tensor::ones([1, FRAMES], floats);
    group.bench_function("aligner", |bencher| bencher.iter(|| aligner.forward(&input.mel, &mask)));

    let mut store = nn::VarStore::new(Device::Cpu);
    let Ok(speaker) = EcapaTdnn::new(store.root(), &EcapaConfig::with_channels(256)) else { return };
    store.freeze();
    let samples = Tensor::randn([1, SECONDS * 16_000], floats) * 0.1;
    let fbank = Fbank::new(Device::Cpu);
    group.bench_function("speaker encoder", |bencher| {
        bencher.iter(|| speaker.forward(&SpeakerEncoder::features(&fbank, &samples), None, false));
    });
}

fn generate(criterion: &mut Criterion) {
    tch::set_num_threads(1);
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/models"));
    let models = Models::new(folder, Device::Cpu);
    let Ok(voice) = Voice::named("heart", folder, &models) else { return };
    let Ok(synthesizer) = Synthesizer::load(&models, &voice) else { return };
    let text = "The birch canoe slid on the smooth planks, and nobody on the shore knew whose it was.";
    let samples: usize = synthesizer.speak(text, SpeakOptions::default()).map(|part| part.samples.len()).sum();
    let mut group = criterion.benchmark_group("generate, one thread");
    let milliseconds = (Synthesizer::RATE.duration(samples).0 * 1000.0) as u64;
    group.throughput(Throughput::Elements(milliseconds)).measurement_time(Duration::from_secs(8)).sample_size(10);
    group.bench_function("a sentence, in milliseconds of audio", |bencher| {
        bencher.iter(|| synthesizer.speak(text, SpeakOptions::default()).map(|part| part.samples.len()).sum::<usize>());
    });
}

criterion_group!(benches, forward_passes, generate);
criterion_main!(benches);
