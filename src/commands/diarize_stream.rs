//! `voice-clone diarize --stream`: who speaks, while the audio comes in.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use serde::Serialize;

use super::diarize;
use crate::{
    audio::{AudioError, PipeStream},
    cli::DiarizeArgs,
    diarization::{
        Diarizer,
        live::{Label, Live},
    },
    error::FileError,
    units::SampleRate,
};

/// What the files of a pipe are called.
const STREAM: &str = "stream";

/// One line of the output.
#[derive(Debug, Serialize)]
struct Line<'a> {
    start_s: f64,
    end_s: f64,
    /// Empty where a revision finds nobody.
    speakers: &'a [String],
    revised: bool,
    /// How much of the stream had come.
    time_s: f64,
}

/// Diarizes a stream, and with an output writes what a file would get when it has ended.
///
/// # Errors
/// A stream that can't be read, or an output that can't be written.
pub(super) fn run(args: &DiarizeArgs, diarizer: &Diarizer) -> anyhow::Result<()> {
    if let Some(output) = &args.output {
        fs::create_dir_all(output).map_err(FileError::on("create", output))?;
    }
    let mut live = Live::new(diarizer);
    let (mut received, mut slowest) = (0, Duration::ZERO);
    let source = args.input.display().to_string();
    for block in open(args).with_context(|| source.clone())? {
        let block = block.with_context(|| source.clone())?;
        received += block.len();
        let begun = Instant::now();
        let labels = live.push(&block);
        slowest = slowest.max(begun.elapsed());
        print(&labels, received)?;
    }
    let pipe = args.input.as_os_str() == "-";
    let stem = if pipe { STREAM.into() } else { args.input.file_stem().unwrap_or_default().to_string_lossy() };
    let (labels, found) = live.finish(&stem);
    print(&labels, received)?;
    tracing::info!("{} of audio; the slowest block took {} ms", found.duration, slowest.as_millis());
    match &args.output {
        Some(output) => diarize::write(output, &args.input, &stem, &found, args),
        None => Ok(()),
    }
}

fn print(labels: &[Label], received: usize) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    for label in labels {
        let line = Line {
            start_s: label.start.0,
            end_s: label.end.0,
            speakers: &label.speakers,
            revised: label.revised,
            time_s: SampleRate::ANALYSIS.duration(received).0,
        };
        // One write a line, so that a run that is stopped leaves whole lines.
        let text = serde_json::to_string(&line)? + "\n";
        out.write_all(text.as_bytes()).context("cannot write to stdout")?;
    }
    out.flush().context("cannot write to stdout")
}

type Blocks = Box<dyn Iterator<Item = Result<Vec<f32>, AudioError>>>;

fn open(args: &DiarizeArgs) -> Result<Blocks, AudioError> {
    let rate = SampleRate::ANALYSIS;
    Ok(match (args.input.as_os_str() == "-", args.raw) {
        (true, Some(hz)) => Box::new(PipeStream::raw(io::stdin(), SampleRate(hz), rate)?),
        (true, None) => Box::new(PipeStream::wav(io::stdin(), rate)?),
        (false, Some(hz)) => Box::new(PipeStream::raw(Growing::open(&args.input, args.idle)?, SampleRate(hz), rate)?),
        (false, None) => Box::new(PipeStream::wav(Growing::open(&args.input, args.idle)?, rate)?),
    })
}

/// A file that is still written to: its end is the end when nothing has come for a while.
struct Growing {
    file: File,
    idle: Duration,
}

impl Growing {
    /// How often one looks.
    const PAUSE: Duration = Duration::from_millis(50);

    fn open(path: &Path, idle_s: f64) -> Result<Self, FileError> {
        let file = File::open(path).map_err(FileError::on("read", path))?;
        Ok(Self { file, idle: Duration::from_secs_f64(idle_s) })
    }
}

impl Read for Growing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let begun = Instant::now();
        loop {
            let count = self.file.read(buffer)?;
            if count > 0 || buffer.is_empty() || begun.elapsed() > self.idle {
                return Ok(count);
            }
            thread::sleep(Self::PAUSE);
        }
    }
}
