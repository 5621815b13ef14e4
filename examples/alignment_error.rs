//! How far off the aligner's times are: speech whose times are known, because this program made it, is aligned.
//!
//!     cargo run --release --example alignment_error -- models sentences.txt heart adam emma george
//!
//! The acoustic model has learnt its durations from the aligner on other voices and texts, so a way in which the aligner
//! is always wrong on real speech too would not show here.

use std::path::Path;

use anyhow::Context;
use tch::Device;
use voice_clone::features::mel::{MelConfig, MelSpectrogram};
use voice_clone::synthesis::{SpeakOptions, Synthesizer, Voice, models::Models};
use voice_clone::text::FrontEnd;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().context("the folder of models comes first")?;
    let sentences = std::fs::read_to_string(args.next().context("then a file with a sentence in each line")?)?;
    let models = Models::new(Path::new(&folder), Device::Cpu);
    let (aligner, front_end, config) = (models.aligner()?, FrontEnd::new(), MelConfig::synthesis());
    let mel = MelSpectrogram::new(&config, Device::Cpu);
    let mut errors_ms = Vec::new();
    for name in args {
        let voice = Synthesizer::load(&models, &Voice::named(&name, Path::new("."), &models)?)?;
        for line in sentences.lines() {
            let utterance = front_end.phonemize(line);
            let spoken = voice.utterance(&utterance, SpeakOptions::default(), 0);
            let mel = mel.of(&spoken.samples);
            let found = aligner.align(&mel, &utterance.symbols).context("the text does not fit")?.durations;
            let (mut truth, mut heard) = (0, 0);
            for (index, symbol) in utterance.symbols.iter().enumerate() {
                // Where a pause begins in the silence around it is nobody's truth; a phoneme's beginning is.
                if symbol.is_phoneme() {
                    errors_ms.push((heard as f64 - truth as f64) / config.frame_rate() * 1000.0);
                }
                truth += spoken.durations[index];
                heard += found[index];
            }
        }
    }
    let count = errors_ms.len() as f64;
    let mean = errors_ms.iter().map(|error| error.abs()).sum::<f64>() / count;
    let bias = errors_ms.iter().sum::<f64>() / count;
    println!("{} phonemes: {mean:.1} ms off on average, bias {bias:+.1} ms", errors_ms.len());
    for limit in [10.0, 20.0, 50.0, 100.0] {
        let within = errors_ms.iter().filter(|error| error.abs() <= limit).count() as f64 / count;
        println!("{:5.1} % within {limit} ms", 100.0 * within);
    }
    Ok(())
}
