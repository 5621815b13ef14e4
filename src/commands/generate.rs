//! `voice-clone generate`: a text and a voice to audio.

use std::{
    io,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde_json::json;

use super::{Session, failure::Usage, input, markers, paths};
use crate::{
    acoustic::Controls,
    audio::{AudioWriter, OutputFormat, Resampler, is_audio_path},
    cli::{AudioFormat, GenerateArgs},
    gpu::selection::GpuSelection,
    synthesis::{SpeakOptions, Synthesizer, Voice, level::Leveller, models::Models, synthesizer::SpokenWord},
    text::{FrontEnd, Utterance},
    units::{SampleRate, Seconds},
};

/// What `generate` was asked to do, with everything settled.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// What to say.
    pub text: String,
    /// Whose voice.
    pub voice: VoiceSource,
    /// Where to.
    pub output: Output,
    /// The encoding.
    pub format: AudioFormat,
    /// How fast; 1 is the voice's own pace.
    pub speed: f64,
    /// Random seed.
    pub seed: u64,
    /// GPUs.
    pub gpu: GpuSelection,
    /// The folder of the base models.
    pub models: PathBuf,
}

/// Whose voice to speak with.
#[derive(Debug, Clone, PartialEq)]
pub enum VoiceSource {
    /// A voice by its name, in this folder of voices.
    Named {
        /// The name.
        name: String,
        /// The folder of voices.
        voices: PathBuf,
    },
    /// A recording of the speaker to imitate.
    Recording(PathBuf),
}

/// Where the audio goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// To a file, under a temporary name until it is complete.
    File(PathBuf),
    /// To stdout, as WAV.
    Stdout,
}

impl Job {
    /// Settles what was typed with the settings in force, and reads the text.
    ///
    /// # Errors
    /// Contradicting flags, or a text that can't be read.
    pub fn resolve(args: &GenerateArgs, session: &Session) -> anyhow::Result<Self> {
        let config = session.config();
        let output = match args.output.as_os_str() == "-" {
            true => Output::Stdout,
            false => Output::File(args.output.clone()),
        };
        if output == Output::Stdout && session.wants_json() {
            return Err(Usage("--json and --output - both want stdout; write the audio to a file".to_owned()).into());
        }
        Ok(Self {
            format: format_of(args, &output, &config.output.format)?,
            voice: voice_source(&args.voice, paths::voices_dir(config)),
            output,
            speed: args.speed,
            seed: config.runtime.seed,
            gpu: config.runtime.gpu.clone(),
            models: paths::models_dir(config),
            text: input::read_text(args.text.as_deref(), args.text_file.as_deref())?,
        })
    }
}

/// A path (with a separator, an extension of audio, or of an existing file) is a recording; anything else is a name.
fn voice_source(typed: &str, voices: PathBuf) -> VoiceSource {
    let path = Path::new(typed);
    if path.is_file() || path.components().count() > 1 || path.is_absolute() || is_audio_path(path) {
        return VoiceSource::Recording(path.to_path_buf());
    }
    VoiceSource::Named { name: typed.to_owned(), voices }
}

fn format_of(args: &GenerateArgs, output: &Output, setting: &str) -> anyhow::Result<AudioFormat> {
    let extension = match output {
        Output::File(path) => path.extension().map(|extension| extension.to_string_lossy().to_lowercase()),
        Output::Stdout => Some("wav".to_owned()),
    };
    let set = format_named(setting).unwrap_or(AudioFormat::Wav16);
    let format = match (args.format, extension.as_deref()) {
        (Some(chosen), _) => chosen,
        (None, Some("flac")) => AudioFormat::Flac,
        (None, Some("wav")) if set == AudioFormat::Flac => AudioFormat::Wav16,
        (None, Some("wav") | None) => set,
        (None, Some(other)) => {
            return Err(Usage(format!("can't write .{other}; name the output .wav or .flac, or say --format")).into());
        }
    };
    if *output == Output::Stdout && format == AudioFormat::Flac {
        return Err(Usage("--output - writes WAV; choose another --format or a file".to_owned()).into());
    }
    Ok(format)
}

fn format_named(name: &str) -> Option<AudioFormat> {
    <AudioFormat as clap::ValueEnum>::from_str(name, true).ok()
}

/// Generates.
///
/// # Errors
/// An unknown voice, an unreadable recording, or an output that can't be written.
pub fn run(args: &GenerateArgs, session: &Session) -> anyhow::Result<()> {
    let job = Job::resolve(args, session)?;
    FrontEnd::check(&job.text)?;
    let models = Models::new(&job.models, session.device());
    let voice = match &job.voice {
        VoiceSource::Named { name, voices } => Voice::named(name, voices, &models)?,
        VoiceSource::Recording(path) => Voice::imitated(path, &models.speaker()?)?,
    };
    let synthesizer = Synthesizer::load(&models, &voice)?;
    let lexicon = || format!("cannot use the lexicon {:?} of the setting text.lexicon", session.config().text.lexicon);
    let front_end = FrontEnd::configured(&session.config().text).with_context(lexicon)?;
    let unreadable = front_end.unreadable(&job.text);
    for part in &unreadable {
        tracing::warn!(
            "left out \"{}\" at byte {}: it can't be read aloud",
            part.text.escape_debug(),
            part.source.start
        );
    }
    let spoken = speak(&job, &front_end.utterances(&job.text), &synthesizer, session)?;
    if spoken.utterances == 0 {
        anyhow::bail!("there is nothing to say: the text has no words");
    }
    let Output::File(path) = &job.output else { return Ok(()) };
    let document = json!({
        "output": path,
        "voice": voice.name,
        "duration_s": spoken.duration_s,
        "utterances": spoken.utterances,
        "sample_rate": session.config().output.sample_rate,
        "unreadable": unreadable.iter().map(|part| &part.text).collect::<Vec<_>>(),
        "words": spoken.words,
    });
    session.print(&document, || format!("{} of speech in {}", Seconds(spoken.duration_s), path.display()))
}

/// What was said.
#[derive(Default)]
struct Spoken {
    utterances: usize,
    duration_s: f64,
    words: Vec<serde_json::Value>,
}

/// Speaks and writes, an utterance at a time: memory does not grow with the text, but for the word times that
/// `--json` asks for.
fn speak(job: &Job, utterances: &[Utterance], synthesizer: &Synthesizer, session: &Session) -> anyhow::Result<Spoken> {
    let output = &session.config().output;
    let rate = SampleRate(output.sample_rate);
    let controls = Controls { rate: job.speed, ..Controls::default() };
    let mut leveller = Leveller::new(Synthesizer::RATE, output.loudness_lufs, output.true_peak_dbtp)?;
    let mut resampler = Resampler::new(Synthesizer::RATE, rate)?;
    let mut writer: Option<AudioWriter> = None;
    let mut spoken = Spoken::default();
    let task = session.progress.task("speaking", job.text.len() as u64);
    for (index, text) in utterances.iter().enumerate() {
        let controls = markers::controls(text, controls);
        let mut utterance = synthesizer.utterance(text, SpeakOptions { controls, seed: job.seed }, index as u64);
        leveller.apply(&mut utterance.samples)?;
        let pause = Synthesizer::RATE.samples(markers::pause_after(text));
        utterance.samples.resize(utterance.samples.len() + pause, 0.0);
        if session.wants_json() {
            spoken.words.extend(utterance.words.iter().map(|word| timed(word, spoken.duration_s)));
        }
        spoken.utterances += 1;
        spoken.duration_s += Synthesizer::RATE.duration(utterance.samples.len()).0;
        let writer = match &mut writer {
            Some(writer) => writer,
            // Opened with the first audio, so that a text without words leaves no file.
            None => writer.insert(open(job, rate)?),
        };
        writer.write(&resampler.process(&utterance.samples))?;
        let done = utterance.words.last().map_or(0, |word| word.source.end);
        task.set(done as u64, Seconds(spoken.duration_s).to_string());
    }
    if let Some(mut writer) = writer {
        writer.write(&resampler.finish())?;
        writer.finish()?;
    }
    Ok(spoken)
}

fn open(job: &Job, rate: SampleRate) -> anyhow::Result<AudioWriter> {
    let format = match job.format {
        AudioFormat::Wav16 => OutputFormat::Wav16,
        AudioFormat::Wav24 => OutputFormat::Wav24,
        AudioFormat::WavFloat => OutputFormat::WavFloat,
        AudioFormat::Flac => OutputFormat::Flac,
    };
    Ok(match &job.output {
        Output::File(path) => AudioWriter::create(path, format, rate, 1)?,
        Output::Stdout => AudioWriter::to_stream(Box::new(io::stdout()), format, rate, 1, None)?,
    })
}

fn timed(word: &SpokenWord, offset_s: f64) -> serde_json::Value {
    json!({
        "word": word.text,
        "bytes": [word.source.start, word.source.end],
        "start_s": word.start.0 + offset_s,
        "end_s": word.end.0 + offset_s,
    })
}
