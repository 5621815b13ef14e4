//! `voice-clone generate`.

use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, ValueEnum};

use super::gpu::GpuArgs;
use super::values::{factor, positive_number, semitones, volume_db};

/// Say a text with a voice.
///
/// The text comes from --text, from --text-file, or else from stdin; it may be SSML or have *emphasised* words. The
/// voice is one of `voice-clone voices`, a recording whose speaker is imitated at once, or a blend of several.
///
/// With --batch, each line of a file is an utterance: `id|text`, or JSON with "id", "text" and if wanted "voice",
/// "rate", "pitch" and "volume". Several are spoken at once, and each becomes a file of its own in the folder --output.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voice-clone generate --text \"Hello\" --voice anna --output hello.wav
  voice-clone generate --text-file chapter.txt --voice reference.wav --output chapter.opus --subtitles chapter.srt
  voice-clone generate --text \"Really?\" --voice anna:0.7+ben:0.3 --pitch 1 --emphasis 1.5 --output really.flac
  voice-clone generate --batch lines.txt --voice anna --output lines/ --format flac
  echo \"Dinner is ready.\" | voice-clone generate --voice anna --stream --output - | aplay")]
pub struct GenerateArgs {
    /// What to say.
    #[arg(short, long, conflicts_with_all = ["text_file", "batch"], allow_hyphen_values = true)]
    pub text: Option<String>,

    /// A file with what to say, in UTF-8; - is stdin.
    #[arg(long, value_name = "FILE")]
    pub text_file: Option<PathBuf>,

    /// A file with an utterance in each line; - is stdin.
    #[arg(long, value_name = "FILE", conflicts_with = "text_file")]
    pub batch: Option<PathBuf>,

    /// The name of a voice, a recording of the speaker to imitate, or a blend (anna:0.7+ben:0.3).
    /// With --batch it speaks the lines that name no other.
    #[arg(long, value_name = "NAME|FILE", required_unless_present = "batch")]
    pub voice: Option<String>,

    /// The audio file to write (.wav, .flac, .opus); - is WAV on stdout. With --batch a folder.
    #[arg(short, long, value_name = "FILE|DIR")]
    pub output: PathBuf,

    /// The encoding [default: by the file's extension, else setting output.format].
    #[arg(long, value_enum)]
    pub format: Option<AudioFormat>,

    /// The sample rate in Hz [default: setting output.sample_rate; Opus: the next that it has].
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(8_000..=192_000))]
    pub sample_rate: Option<u32>,

    /// How fast to speak: 1 is the voice's own pace, 2 twice as fast.
    #[arg(long, visible_alias = "speed", value_name = "FACTOR", value_parser = positive_number, default_value = "1")]
    #[arg(help_heading = "Manner")]
    pub rate: f64,

    /// How much higher to speak, in semitones.
    #[arg(long, value_name = "SEMITONES", value_parser = semitones, default_value = "0", allow_negative_numbers = true)]
    #[arg(help_heading = "Manner")]
    pub pitch: f64,

    /// How much louder than the setting output.loudness_lufs, in dB.
    #[arg(long, value_name = "DB", value_parser = volume_db, default_value = "0", allow_negative_numbers = true)]
    #[arg(help_heading = "Manner")]
    pub volume: f64,

    /// How lively: 1 is the voice's own way, 0 flat, 2 twice the movement of pitch and energy.
    #[arg(long, value_name = "FACTOR", value_parser = factor, default_value = "1", help_heading = "Manner")]
    pub emphasis: f64,

    /// Take the pace and the movement of pitch and energy from this recording.
    #[arg(long, value_name = "FILE", help_heading = "Manner")]
    pub style_from: Option<PathBuf>,

    /// Begin early: the first sentence is cut at a pause, so that its audio leaves sooner. With --output -.
    #[arg(long)]
    pub stream: bool,

    /// Write subtitles to this file (.srt or .vtt).
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    pub subtitles: Option<PathBuf>,

    /// Write when each word is said to this file, as JSON.
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    pub timings: Option<PathBuf>,

    /// Listen to what was made, make again what does not sound like its text, and report what never did.
    #[arg(long)]
    pub verify: bool,

    /// How many lines of --batch are spoken at once [default: the processors that setting runtime.cpu_limit allows].
    #[arg(long, value_name = "NUMBER", requires = "batch")]
    pub jobs: Option<NonZeroUsize>,

    /// Which GPUs it may use.
    #[command(flatten)]
    pub gpu: GpuArgs,
}

/// How audio is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AudioFormat {
    /// WAV, 16 bits.
    Wav16,
    /// WAV, 24 bits.
    Wav24,
    /// WAV, 32-bit floating point.
    #[value(name = "wavfloat")]
    WavFloat,
    /// FLAC, 16 bits, lossless.
    Flac,
    /// Opus in Ogg, lossy.
    Opus,
}
