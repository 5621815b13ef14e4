//! Prints when each phoneme of a transcript is said, as Audacity reads labels (start, end, name).
//!
//! `cargo run --release --example alignment -- <models> <recording> <transcript>`

use std::path::Path;

use anyhow::{Context, Result};
use tch::{Device, Tensor};
use voice_clone::audio::load_mono;
use voice_clone::features::mel::{MelConfig, MelSpectrogram};
use voice_clone::synthesis::models::Models;
use voice_clone::text::FrontEnd;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [models, recording, transcript] = args.as_slice() else {
        anyhow::bail!("usage: alignment <models> <recording> <transcript>");
    };
    let aligner = Models::new(Path::new(models), Device::Cpu).aligner()?;
    let config = MelConfig::synthesis();
    let samples = load_mono(Path::new(recording), config.rate)?;
    let mel = MelSpectrogram::new(&config, Device::Cpu).forward(&Tensor::from_slice(&samples).unsqueeze(0));
    let symbols = FrontEnd::new().phonemize(transcript).symbols;
    let alignment = aligner.align(&mel.squeeze_dim(0), &symbols).context("the transcript does not fit")?;
    let mut frame = 0;
    for (symbol, frames) in symbols.iter().zip(&alignment.durations) {
        let seconds = |frame: usize| frame as f64 / config.frame_rate();
        println!("{:.3}\t{:.3}\t{symbol}", seconds(frame), seconds(frame + frames));
        frame += frames;
    }
    let heard: Vec<String> =
        aligner.phones(&mel.squeeze_dim(0)).iter().map(|phone| phone.symbol().to_string()).collect();
    eprintln!("score {:.3}; heard: {}", alignment.score, heard.join(" "));
    Ok(())
}
