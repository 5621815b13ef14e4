//! Takes recordings apart into mel, F0 and voicing and lets the vocoder say them again.
//!
//! `cargo run --release --example copy_synthesis -- <models> <output folder> <recording>...`
//!
//! Writes `<name>.real.wav`, levelled as the models see it, and `<name>.made.wav`, for `scripts/judges.py`.

use std::path::Path;

use anyhow::Result;
use tch::{Device, Kind, Tensor};
use voice_clone::audio::{AudioWriter, OutputFormat, load_mono};
use voice_clone::dataset::prepared::level;
use voice_clone::features::mel::{MelConfig, MelSpectrogram};
use voice_clone::features::pitch::{PitchConfig, PitchTracker, interpolate_unvoiced};
use voice_clone::nn::host::floats;
use voice_clone::synthesis::models::Models;
use voice_clone::vocoder::consistency::MelSource;
use voice_clone::vocoder::harmonic::VocoderInput;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [models, output, recordings @ ..] = args.as_slice() else {
        anyhow::bail!("usage: copy_synthesis <models> <output folder> <recording>...");
    };
    let vocoder = Models::new(Path::new(models), Device::Cpu).vocoder()?;
    let config = MelConfig::synthesis();
    let analysis = MelSpectrogram::new(&config, Device::Cpu);
    let pitch = PitchConfig { rate: config.rate, hop: config.hop as usize, ..PitchConfig::default() };
    let tracker = PitchTracker::new(pitch);
    std::fs::create_dir_all(output)?;
    for recording in recordings {
        let path = Path::new(recording);
        let mut samples = load_mono(path, config.rate)?;
        level(&mut samples, config.rate);
        samples.truncate(samples.len() / config.hop as usize * config.hop as usize);
        let track = tracker.track(&samples);
        let input = VocoderInput {
            mel: analysis.forward(&Tensor::from_slice(&samples).unsqueeze(0)),
            f0_hz: Tensor::from_slice(&interpolate_unvoiced(&track.f0_hz)).unsqueeze(0),
            voicing: Tensor::from_slice(&track.f0_hz).gt(0.0).to_kind(Kind::Float).unsqueeze(0),
            source: MelSource::Recording,
        };
        tch::manual_seed(0);
        let made = floats(&tch::no_grad(|| vocoder.forward(&input)));
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        for (kind, samples) in [("real", &samples), ("made", &made)] {
            let file = Path::new(output).join(format!("{name}.{kind}.wav"));
            let mut writer = AudioWriter::create(&file, OutputFormat::Wav16, config.rate, 1)?;
            writer.write(samples)?;
            writer.finish()?;
        }
    }
    Ok(())
}
