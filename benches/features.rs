//! Features of ten seconds of speech-like sound, in seconds of audio per second.

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tch::{Device, Tensor};
use voice_clone::evaluation::cepstrum::{CepstrumAnalyser, CepstrumConfig, align};
use voice_clone::features::fbank::Fbank;
use voice_clone::features::mel::{MelConfig, MelSpectrogram};
use voice_clone::features::pitch::{PitchConfig, PitchTracker};
use voice_clone::features::stft::Stft;
use voice_clone::units::SampleRate;

const SECONDS: u64 = 10;

/// Twenty harmonics of a gliding pitch, in syllables.
fn speech_like(rate: SampleRate) -> Vec<f32> {
    let mut phase = 0.0f64;
    (0..rate.0 * SECONDS as u32)
        .map(|i| {
            let time = f64::from(i) / rate.hz();
            phase += (120.0 + 30.0 * (time * 2.0).sin()) / rate.hz();
            let envelope = (time * 4.0 * std::f64::consts::PI).sin().max(0.0);
            let harmonic = |n: u32| (std::f64::consts::TAU * phase * f64::from(n)).sin() / f64::from(n);
            (0.2 * envelope * (1..=20).map(harmonic).sum::<f64>()) as f32
        })
        .collect()
}

fn features(criterion: &mut Criterion) {
    // One thread, as in the workers that prepare a corpus.
    tch::set_num_threads(1);
    let mut group = criterion.benchmark_group("features");
    // An element is a second of audio.
    group.throughput(Throughput::Elements(SECONDS)).sample_size(20).measurement_time(Duration::from_secs(3));
    let samples = speech_like(SampleRate::SYNTHESIS);
    let batch = Tensor::from_slice(&samples).unsqueeze(0);
    let config = MelConfig::synthesis();

    let tracker = PitchTracker::new(PitchConfig::default());
    group.bench_function("pitch", |bencher| bencher.iter(|| tracker.track(black_box(&samples))));
    let stft = Stft::new(config.stft(), Device::Cpu);
    group.bench_function("stft", |bencher| bencher.iter(|| stft.magnitude(black_box(&batch))));
    let mel = MelSpectrogram::new(&config, Device::Cpu);
    group.bench_function("mel", |bencher| bencher.iter(|| mel.forward(black_box(&batch))));
    let fbank = Fbank::new(Device::Cpu);
    let analysis = Tensor::from_slice(&speech_like(SampleRate::ANALYSIS)).unsqueeze(0);
    group.bench_function("fbank", |bencher| bencher.iter(|| fbank.forward(black_box(&analysis))));
    let analyser = CepstrumAnalyser::new(CepstrumConfig::default());
    group.bench_function("cepstrum", |bencher| bencher.iter(|| analyser.analyse(black_box(&samples))));
    let cepstrum = analyser.analyse(&samples);
    group.bench_function("cepstrum alignment", |bencher| bencher.iter(|| align(&cepstrum, black_box(&cepstrum))));
    group.finish();
}

criterion_group!(benches, features);
criterion_main!(benches);
