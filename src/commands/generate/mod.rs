//! `voice-clone generate`: a text and a voice to audio.

mod batch;
mod cast;
mod job;
mod narrator;
mod studio;
mod subtitles;

use std::{io, path::Path};

use serde::Serialize;
use serde_json::json;
use tch::Device;

use self::{
    cast::Cast,
    job::{Job, Output},
    narrator::{Narrator, Passage, Speech},
    subtitles::{SubtitleFormat, subtitles},
};
use super::{Session, failure::Usage, input, interrupt, paths};
use crate::{
    audio::{AudioWriter, Resampler},
    cli::GenerateArgs,
    files::{write_atomically, write_json},
    synthesis::{Synthesizer, models::Models, synthesizer::SpokenWord},
    text::FrontEnd,
    units::Seconds,
};

/// Generates.
///
/// # Errors
/// An unknown voice, an unreadable recording, or an output that can't be written.
pub fn run(args: &GenerateArgs, session: &Session) -> anyhow::Result<()> {
    let job = Job::resolve(args, session)?;
    interrupt::watch();
    match &job.output {
        Output::Folder(folder) => batch::run(args, &job, folder, session),
        Output::File(_) | Output::Stdout => single(args, &job, session),
    }
}

fn single(args: &GenerateArgs, job: &Job, session: &Session) -> anyhow::Result<()> {
    let subtitle_format = args.subtitles.as_deref().map(subtitle_format).transpose()?;
    let text = input::read_text(args.text.as_deref(), args.text_file.as_deref())?;
    FrontEnd::check(&text)?;
    let Some(voice) = &args.voice else { return Err(Usage("--voice says who speaks".to_owned()).into()) };
    let (style, device) = (narrator::style(args, session)?, session.device()?);
    let narrator = Narrator::load(args, style, device, Box::new(cast(device, session)?), session)?;
    narrator.find(voice)?;
    let unreadable = narrator.unreadable(&text);
    for part in &unreadable {
        tracing::warn!(
            "left out \"{}\" at byte {}: it can't be read aloud",
            part.text.escape_debug(),
            part.source.start
        );
    }
    let keep_words = session.wants_json() || args.timings.is_some() || args.subtitles.is_some();
    let mut recording = Recording::new(job, keep_words)?;
    let task = session.progress.task("speaking", text.len() as u64);
    narrator.say(&Speech::new(&text, voice, job), |passage| {
        let done = passage.words.last().map_or(0, |word| word.source.end);
        recording.add(passage)?;
        task.set(done as u64, Seconds(recording.spoken.duration_s).to_string());
        Ok(())
    })?;
    let spoken = recording.finish()?;
    if spoken.utterances == 0 {
        anyhow::bail!("there is nothing to say: the text has no words");
    }
    spoken.warn();
    if let (Some(path), Some(format)) = (&args.subtitles, subtitle_format) {
        write_atomically(path, subtitles(&text, &spoken.said, format).as_bytes())?;
    }
    if let Some(path) = &args.timings {
        write_json(path, &json!({ "text": text, "words": spoken.words }))?;
    }
    let Output::File(path) = &job.output else { return Ok(()) };
    let document = json!({
        "output": path,
        "voice": voice,
        "duration_s": spoken.duration_s,
        "utterances": spoken.utterances,
        "sample_rate": job.rate,
        "unreadable": unreadable.iter().map(|part| &part.text).collect::<Vec<_>>(),
        "words": spoken.words,
        "misheard": spoken.misheard,
    });
    session.print(&document, || format!("{} of speech in {}", Seconds(spoken.duration_s), path.display()))
}

/// The voices, on a device.
fn cast(device: Device, session: &Session) -> anyhow::Result<Cast> {
    Ok(Cast::new(models(device, session), paths::voices_dir(session.config()))?)
}

/// The base models, on a device.
fn models(device: Device, session: &Session) -> Models {
    Models::new(&paths::models_dir(session.config()), device)
}

fn subtitle_format(path: &Path) -> Result<SubtitleFormat, Usage> {
    let refusal = || Usage(format!("can't write subtitles to {}; name them .srt or .vtt", path.display()));
    SubtitleFormat::of(path).ok_or_else(refusal)
}

/// What was said.
#[derive(Default)]
struct Spoken {
    utterances: usize,
    duration_s: f64,
    /// Only where someone asks for them: all else is of a fixed size.
    said: Vec<SpokenWord>,
    words: Vec<TimedWord>,
    misheard: Vec<Misheard>,
}

/// A word with its time.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct TimedWord {
    word: String,
    /// Of the text.
    bytes: [usize; 2],
    start_s: f64,
    end_s: f64,
}

/// An utterance that does not sound like its text.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Misheard {
    start_s: f64,
    text: String,
    /// The word that fits worst.
    word: Option<String>,
    /// In nats per frame; none where nothing could be heard.
    doubt: Option<f64>,
}

impl Spoken {
    fn warn(&self) {
        for Misheard { start_s, text, word, .. } in &self.misheard {
            let word = word.as_deref().unwrap_or("all of it");
            tracing::warn!("at {} it does not sound like \"{text}\" (least of all: {word})", Seconds(*start_s));
        }
    }
}

/// Audio on its way to a file or stdout.
struct Recording<'a> {
    job: &'a Job,
    resampler: Resampler,
    /// Opened with the first audio, so that a text without words leaves no file.
    writer: Option<AudioWriter>,
    keep_words: bool,
    spoken: Spoken,
}

impl<'a> Recording<'a> {
    fn new(job: &'a Job, keep_words: bool) -> anyhow::Result<Self> {
        let resampler = Resampler::new(Synthesizer::RATE, job.rate)?;
        Ok(Self { job, resampler, writer: None, keep_words, spoken: Spoken::default() })
    }

    fn add(&mut self, passage: Passage) -> anyhow::Result<()> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self.writer.insert(open(self.job)?),
        };
        writer.write(&self.resampler.process(&passage.samples))?;
        if let Some(hearing) = passage.misheard {
            let text = passage.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
            let word = hearing.worst.map(|(word, _)| word);
            let start_s = self.spoken.duration_s;
            let doubt = hearing.doubt.is_finite().then_some(hearing.doubt);
            self.spoken.misheard.push(Misheard { start_s, text, word, doubt });
        }
        self.spoken.utterances += 1;
        self.spoken.duration_s += Synthesizer::RATE.duration(passage.samples.len()).0;
        if self.keep_words {
            self.spoken.words.extend(passage.words.iter().map(timed));
            self.spoken.said.extend(passage.words);
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<Spoken> {
        if let Some(mut writer) = self.writer {
            writer.write(&self.resampler.finish())?;
            writer.finish()?;
        }
        Ok(self.spoken)
    }
}

fn open(job: &Job) -> anyhow::Result<AudioWriter> {
    Ok(match &job.output {
        Output::File(path) => AudioWriter::create(path, job.format, job.rate, 1)?,
        Output::Stdout | Output::Folder(_) => {
            AudioWriter::to_stream(Box::new(io::stdout()), job.format, job.rate, 1, None)?
        }
    })
}

fn timed(word: &SpokenWord) -> TimedWord {
    TimedWord {
        word: word.text.clone(),
        bytes: [word.source.start, word.source.end],
        start_s: word.start.0,
        end_s: word.end.0,
    }
}
