//! Audio in and out. Throughput is in seconds of audio per second ("elem/s"): 300 is 300 times real time.

use std::fs;
use std::hint::black_box;
use std::io::{self, Cursor};
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use voice_clone::audio::{AudioWriter, Decoder, LoudnessMeter, MonoStream, OutputFormat, Resampler};
use voice_clone::units::SampleRate;

/// The length of synthetic signals.
const SECONDS: u64 = 30;
/// How often a golden file is strung together, so that opening it doesn't count.
const COPIES: usize = 20;

/// A mix of tones with noise: neither silence nor what a codec can guess.
fn signal(rate: SampleRate) -> Vec<f32> {
    let mut state = 1_u32;
    (0..rate.0 * SECONDS as u32)
        .map(|n| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
            let t = n as f32 / rate.0 as f32;
            0.3 * (600.0 * t).sin() + 0.1 * (4_000.0 * t).sin() + 0.02 * noise
        })
        .collect()
}

fn written(format: OutputFormat) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let mut writer = AudioWriter::create(&path, format, SampleRate(48_000), 1).unwrap();
    writer.write(&signal(SampleRate(48_000))).unwrap();
    writer.finish().unwrap();
    fs::read(path).unwrap()
}

/// Formats whose files may be strung together without more ado.
fn strung(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/audio").join(name);
    fs::read(path).unwrap().repeat(COPIES)
}

fn mono(bytes: Vec<u8>, rate: SampleRate) -> usize {
    let stream = MonoStream::new(Decoder::from_source(Cursor::new(bytes)).unwrap(), rate).unwrap();
    stream.map(|block| block.unwrap().len()).sum()
}

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode to 16 kHz mono");
    let files = [
        ("wav 48 kHz", written(OutputFormat::Wav16)),
        ("flac 48 kHz", written(OutputFormat::Flac)),
        ("mp3 16 kHz", strung("no-gapless-tag.mp3")),
        ("aac 22 kHz", strung("adts.aac")),
        ("vorbis 44 kHz stereo", strung("vorbis.ogg")),
        ("opus speech", strung("voice.opus")),
        ("opus music stereo", strung("stereo.opus")),
    ];
    for (name, bytes) in files {
        let rate = SampleRate::ANALYSIS;
        let seconds = mono(bytes.clone(), rate) as u64 / u64::from(rate.0);
        group.throughput(Throughput::Elements(seconds));
        group.bench_function(name, |b| b.iter(|| mono(black_box(bytes.clone()), rate)));
    }
    group.finish();
}

fn resample(c: &mut Criterion) {
    let mut group = c.benchmark_group("resample");
    group.throughput(Throughput::Elements(SECONDS));
    for (from, to) in [(48_000, 16_000), (48_000, 22_050), (44_100, 16_000), (22_050, 16_000)] {
        let input = signal(SampleRate(from));
        group.bench_function(BenchmarkId::from_parameter(format!("{from} to {to} Hz")), |b| {
            b.iter(|| {
                let mut resampler = Resampler::new(SampleRate(from), SampleRate(to)).unwrap();
                let blocks = input.chunks(from as usize).map(|block| resampler.process(block).len());
                blocks.sum::<usize>() + resampler.finish().len()
            });
        });
    }
    group.finish();
}

fn write(c: &mut Criterion) {
    let mut group = c.benchmark_group("write");
    group.throughput(Throughput::Elements(SECONDS));
    let rate = SampleRate::SYNTHESIS;
    let samples = signal(rate);
    for format in [OutputFormat::Wav16, OutputFormat::Wav24, OutputFormat::WavFloat, OutputFormat::Flac] {
        group.bench_function(BenchmarkId::from_parameter(format), |b| {
            b.iter(|| {
                let mut writer = AudioWriter::to_stream(Box::new(io::sink()), format, rate, 1, None).unwrap();
                writer.write(black_box(&samples)).unwrap();
                writer.finish().unwrap();
            });
        });
    }
    group.finish();
}

fn loudness(c: &mut Criterion) {
    let mut group = c.benchmark_group("loudness");
    group.throughput(Throughput::Elements(SECONDS));
    let samples = signal(SampleRate(48_000));
    group.bench_function("48 kHz mono", |b| {
        b.iter(|| {
            let mut meter = LoudnessMeter::new(SampleRate(48_000), 1).unwrap();
            samples.chunks(48_000).for_each(|block| meter.push(block));
            meter.integrated_lufs()
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = decode, resample, write, loudness
}
criterion_main!(benches);
