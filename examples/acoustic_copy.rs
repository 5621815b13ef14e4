//! Says recordings again with their own durations, pitch and energy, to tell what the acoustic model's decoder loses from
//! what its predictors do. Each recording has its transcript beside it (`.txt`); the voice is a trained voice's folder,
//! or `-` for the mean embedding of the recordings.
//!
//! `cargo run --release --example acoustic_copy -- <models> <voice> <output folder> <recording>...`

use std::path::Path;

use anyhow::{Context, Result};
use tch::{Device, Kind};
use voice_clone::audio::{AudioWriter, OutputFormat};
use voice_clone::dataset::{corpus::CorpusUtterance, prepared::Preparer};
use voice_clone::nn::host::floats;
use voice_clone::synthesis::{Voice, models::Models};
use voice_clone::text::FrontEnd;
use voice_clone::train::{
    acoustic::mean_direction,
    labels::{Labelled, embed_speakers},
    taught::TaughtBatch,
};
use voice_clone::units::SampleRate;
use voice_clone::vocoder::consistency::MelSource;
use voice_clone::vocoder::harmonic::VocoderInput;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [models, voice, output, recordings @ ..] = args.as_slice() else {
        anyhow::bail!("usage: acoustic_copy <models> <voice folder, or -> <output folder> <recording>...");
    };
    let models = Models::new(Path::new(models), Device::Cpu);
    let (aligner, vocoder, front_end) = (models.aligner()?, models.vocoder()?, FrontEnd::new());
    let utterance = |path: &String| -> Result<CorpusUtterance> {
        let path = Path::new(path);
        let text = std::fs::read_to_string(path.with_extension("txt")).context("each recording needs its .txt")?;
        let key = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let (collection, speaker) = ("copy".to_owned(), "speaker".to_owned());
        Ok(CorpusUtterance { key, collection, speaker, path: path.to_path_buf(), text: Some(text) })
    };
    let utterances = recordings.iter().map(utterance).collect::<Result<Vec<_>>>()?;
    let cache = tempfile::tempdir()?;
    let (prepared, _) = Preparer::synthesis(cache.path()).prepare_all(utterances.clone(), || ());
    let (analysed, _) = Preparer::analysis(cache.path()).prepare_all(utterances, || ());
    let own = embed_speakers(&analysed, &models.speaker()?, 40)?.remove("speaker").unwrap_or_default();
    let voice = match voice.as_str() {
        "-" => Voice {
            name: "speaker".into(),
            embedding: mean_direction(&own),
            adapter: None,
            correction: Default::default(),
        },
        folder => Voice::trained(Path::new(folder), &models)?,
    };
    let (_store, acoustic) = models.acoustic(voice.adapter.as_ref())?;
    std::fs::create_dir_all(output)?;
    for item in &prepared {
        let label = Labelled::new(item, &aligner, &front_end)?;
        let batch = TaughtBatch::new(&[&label], &[&voice.embedding], Device::Cpu);
        let made = tch::no_grad(|| {
            let (_, frames, _) = batch.teach(&acoustic);
            let input = VocoderInput {
                f0_hz: frames.f0_hz(),
                mel: frames.mel,
                voicing: frames.voicing.sigmoid(),
                source: MelSource::Model,
            };
            floats(&vocoder.forward_seeded(&input, 0))
        });
        let real = floats(&(item.samples.to_kind(Kind::Float) / f64::from(i16::MAX)));
        for (kind, samples) in [("real", real), ("made", made)] {
            let file = Path::new(output).join(format!("{}.{kind}.wav", item.utterance.key));
            let mut writer = AudioWriter::create(&file, OutputFormat::Wav16, SampleRate::SYNTHESIS, 1)?;
            writer.write(&samples)?;
            writer.finish()?;
        }
    }
    Ok(())
}
