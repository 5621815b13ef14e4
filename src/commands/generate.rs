//! `voice-clone generate`: a text and a voice to audio.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{Session, failure::Usage, paths};
use crate::{
    cli::{AudioFormat, GenerateArgs},
    gpu::selection::GpuSelection,
};

/// More text than anyone means to have spoken in one go (about 20 hours); protects against `--text-file disk.img`.
const TEXT_LIMIT_BYTES: u64 = 1 << 20;

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
            text: read_text(args)?,
        })
    }
}

/// A path (with a separator, or of an existing file) is a recording; anything else is a name.
fn voice_source(typed: &str, voices: PathBuf) -> VoiceSource {
    let path = Path::new(typed);
    if path.is_file() || path.components().count() > 1 || path.is_absolute() {
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

fn read_text(args: &GenerateArgs) -> anyhow::Result<String> {
    match (&args.text, &args.text_file) {
        (Some(text), _) => Ok(text.clone()),
        (None, Some(path)) if path.as_os_str() != "-" => {
            let file = fs::File::open(path).with_context(|| format!("cannot read the text from {}", path.display()))?;
            read_limited(file).with_context(|| format!("cannot read the text from {}", path.display()))
        }
        _ => read_limited(io::stdin()).context("cannot read the text from stdin"),
    }
}

fn read_limited(source: impl Read) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    source.take(TEXT_LIMIT_BYTES + 1).read_to_end(&mut bytes)?;
    anyhow::ensure!(bytes.len() as u64 <= TEXT_LIMIT_BYTES, "more than {TEXT_LIMIT_BYTES} bytes; split the text");
    String::from_utf8(bytes).context("the text is not UTF-8")
}

/// Generates.
///
/// # Errors
/// An unknown voice, an unreadable recording, or an output that can't be written.
pub fn run(args: &GenerateArgs, session: &Session) -> anyhow::Result<()> {
    let job = Job::resolve(args, session)?;
    anyhow::bail!("generating {} characters of speech is not built into this program yet", job.text.chars().count())
}
