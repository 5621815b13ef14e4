//! `voice-clone speaker embed --stream`: who is speaking, while the audio comes in.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

use anyhow::Context;
use serde::Serialize;

use super::{
    hearing::without_path,
    identify::{Line, UNKNOWN},
    listener,
};
use crate::{
    audio::{AudioError, MonoStream, PipeStream},
    cli::EmbedArgs,
    commands::{Session, failure::Usage},
    error::FileError,
    evaluation::{statistic::Statistic, timing::ThreadTimer},
    speaker::{SpeakerEncoder, SpeakerStream, StreamConfig, Update},
    units::Seconds,
};

/// One line of the output.
#[derive(Debug, Serialize)]
struct Reading<'a> {
    /// From the start of the stream.
    time_s: f64,
    /// How much speech the embedding is of.
    speech_s: f64,
    /// Whether somebody spoke in the last half second.
    speaking: bool,
    /// The known speaker or "unknown"; null where there is too little speech, absent without `--identify`.
    #[serde(skip_serializing_if = "Option::is_none")]
    speaker: Option<Option<&'a str>>,
    /// That it is the known speaker who fits best, named or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    /// Processor time that the update took.
    cpu_ms: f64,
    embedding: Option<&'a [f32]>,
    mean: &'a [f32],
}

/// Embeds a stream, a line an update.
///
/// # Errors
/// A stream that can't be read, nobody known to identify, or a stdout that can't be written to.
pub(super) fn run(args: &EmbedArgs, session: &Session) -> anyhow::Result<()> {
    if !args.identify && (args.decision.prior.is_some() || args.decision.threshold.is_some()) {
        return Err(Usage("--prior and --threshold need --identify".to_owned()).into());
    }
    // One update is too little work to share.
    tch::set_num_threads(1);
    let listener = listener(session)?;
    let line = args.identify.then(|| Line::up(&listener, args.decision, session)).transpose()?;
    let config = StreamConfig { window: Seconds(args.window), ..StreamConfig::default() };
    let mut stream = SpeakerStream::new(&listener.encoder, &listener.vad, config);
    let source = args.input.display().to_string();
    let mut times = Vec::new();
    let failed = |error: AudioError| without_path(error).context(source.clone());
    for block in open(&args.input, args.raw).map_err(failed)? {
        let block = block.map_err(failed)?;
        let mut rest = block.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(stream.wanted()));
            rest = later;
            let timer = ThreadTimer::start();
            if let Some(update) = stream.push(now)? {
                times.push(print(&update, line.as_ref(), timer)?);
            }
        }
    }
    let Some(cpu_ms) = Statistic::of(times.iter().copied()) else {
        anyhow::bail!("{source}: too short: an update needs {} of audio", config.hop);
    };
    let most = times.iter().copied().fold(0.0, f64::max);
    tracing::info!("{} updates; processor time of each: {:.0} ms, at most {most:.0} ms", cpu_ms.count, cpu_ms.mean);
    Ok(())
}

/// Prints an update and gives the processor time that it took, in milliseconds.
fn print(update: &Update, line: Option<&Line>, timer: ThreadTimer) -> anyhow::Result<f64> {
    let candidates = line.zip(update.embedding.as_ref()).map(|(line, embedding)| line.candidates(embedding));
    let accepted = line.zip(candidates.as_ref()).map(|(line, candidates)| line.accepted(candidates).unwrap_or(UNKNOWN));
    let cpu_ms = 1e3 * timer.stop();
    let reading = Reading {
        time_s: update.time.0,
        speech_s: update.speech.0,
        speaking: update.speaking,
        speaker: line.map(|_| accepted),
        probability: candidates.as_ref().and_then(|candidates| candidates.first()).map(|best| best.probability),
        cpu_ms: (cpu_ms * 10.0).round() / 10.0,
        embedding: update.embedding.as_deref(),
        mean: &update.mean,
    };
    // One write a line, so that a run that is stopped leaves whole lines.
    let text = serde_json::to_string(&reading)? + "\n";
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write to stdout")?;
    Ok(cpu_ms)
}

type Blocks = Box<dyn Iterator<Item = Result<Vec<f32>, AudioError>>>;

fn open(input: &Path, raw: bool) -> Result<Blocks, AudioError> {
    let rate = SpeakerEncoder::SAMPLE_RATE;
    Ok(match (input.as_os_str() == "-", raw) {
        (true, true) => Box::new(PipeStream::raw(io::stdin(), rate, rate)?),
        (true, false) => Box::new(PipeStream::wav(io::stdin(), rate)?),
        (false, true) => {
            let file = File::open(input).map_err(FileError::on("read", input))?;
            Box::new(PipeStream::raw(file, rate, rate)?)
        }
        (false, false) => Box::new(MonoStream::open(input, rate)?),
    })
}
