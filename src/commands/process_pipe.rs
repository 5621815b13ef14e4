//! `voice-clone process --input - --output -`: a stream is cleaned as it comes.

use std::io::{self, Write};

use anyhow::Context;

use super::{Session, failure::Usage, process};
use crate::{
    audio::{AudioError, AudioWriter, OutputFormat, PipeStream, filter::Filter},
    clean::{autogain::AutoGain, limiter::Limiter},
    cli::ProcessArgs,
    denoiser::Denoising,
    units::SampleRate,
};

/// Cleans stdin onto stdout, at the rate that it comes with.
///
/// # Errors
/// Options that a pipe has no use for, a stream that can't be read, or a stdout that can't be written to.
pub(super) fn run(args: &ProcessArgs, session: &Session) -> anyhow::Result<()> {
    refuse_what_needs_a_folder(args, session)?;
    // What one frame needs is too little to share.
    tch::set_num_threads(1);
    let (stream, rate) = match args.raw {
        Some(rate) => (PipeStream::raw(io::stdin(), SampleRate(rate), SampleRate(rate))?, SampleRate(rate)),
        None => PipeStream::wav_as_it_is(io::stdin()).context("stdin (for samples without a header: --raw)")?,
    };
    let config = &session.config().process;
    let cleaner = process::denoising(session)?.cleaner;
    let mut filters: Vec<Box<dyn Filter>> = Vec::new();
    if let Some(denoiser) = cleaner.denoiser(rate, Denoising::LIVE)? {
        filters.push(denoiser);
    }
    filters.push(Box::new(AutoGain::new(config.loudness_lufs, rate)?));
    filters.push(Box::new(Limiter::new(config.true_peak_dbtp, rate)));
    let output = Output::new(args.raw.is_some(), rate)?;
    let done = cleaned(stream, &mut filters, output);
    match done {
        // Whoever listened has heard enough.
        Err(AudioError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("the stream"),
    }
}

fn refuse_what_needs_a_folder(args: &ProcessArgs, session: &Session) -> Result<(), Usage> {
    let dash = |path: &std::path::Path| path.as_os_str() == "-";
    let refused = [
        (!dash(&args.input), "--output - needs --input -"),
        (!dash(&args.output), "--input - needs --output -"),
        (args.speaker.is_some(), "--speaker is for recordings, not for a stream"),
        (args.dry_run, "--dry-run is for recordings, not for a stream"),
        (!args.include.is_empty() || !args.exclude.is_empty(), "--include and --exclude are for folders"),
        (session.wants_json(), "with --output -, stdout is for the audio: leave out --json"),
    ];
    match refused.iter().find(|(wrong, _)| *wrong) {
        Some((_, reason)) => Err(Usage((*reason).to_owned())),
        None => Ok(()),
    }
}

fn cleaned(
    stream: impl Iterator<Item = Result<Vec<f32>, AudioError>>,
    filters: &mut [Box<dyn Filter>],
    mut output: Output,
) -> Result<(), AudioError> {
    for block in stream {
        let through = filters.iter_mut().fold(block?, |input, filter| {
            let mut passed = Vec::with_capacity(input.len());
            filter.push(&input, &mut passed);
            passed
        });
        output.write(&through)?;
    }
    for index in 0..filters.len() {
        let mut rest = Vec::new();
        filters[index].finish(&mut rest);
        for filter in &mut filters[index + 1..] {
            let mut passed = Vec::new();
            filter.push(&rest, &mut passed);
            rest = passed;
        }
        output.write(&rest)?;
    }
    output.finish()
}

/// Where the cleaned stream goes; every block at once.
enum Output {
    Raw(io::Stdout),
    Wav(Box<AudioWriter>),
}

impl Output {
    fn new(raw: bool, rate: SampleRate) -> Result<Self, AudioError> {
        if raw {
            return Ok(Self::Raw(io::stdout()));
        }
        let stdout = Box::new(io::stdout());
        Ok(Self::Wav(Box::new(AudioWriter::to_stream(stdout, OutputFormat::Wav16, rate, 1, None)?)))
    }

    fn write(&mut self, samples: &[f32]) -> Result<(), AudioError> {
        match self {
            Self::Raw(stdout) => {
                let integer = |sample: &f32| (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round() as i16;
                let bytes: Vec<u8> = samples.iter().flat_map(|sample| integer(sample).to_le_bytes()).collect();
                stdout.write_all(&bytes)?;
            }
            Self::Wav(writer) => writer.write(samples)?,
        }
        Ok(io::stdout().flush()?)
    }

    fn finish(self) -> Result<(), AudioError> {
        match self {
            Self::Raw(mut stdout) => Ok(stdout.flush()?),
            Self::Wav(writer) => writer.finish(),
        }
    }
}
