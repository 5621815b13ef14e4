//! What `generate` was asked to do, with everything settled.

use std::path::{Path, PathBuf};

use super::super::{Session, failure::Usage};
use crate::{
    audio::OutputFormat,
    cli::{AudioFormat, GenerateArgs},
    synthesis::manner::Manner,
    units::SampleRate,
};

/// Where the audio goes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Output {
    /// To a file, under a temporary name until it is complete.
    File(PathBuf),
    /// To stdout.
    Stdout,
    /// To a file for each line of a batch.
    Folder(PathBuf),
}

/// What all texts of a run have in common.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Job {
    pub output: Output,
    pub format: OutputFormat,
    pub rate: SampleRate,
    pub manner: Manner,
    /// On top of the setting's loudness, in dB.
    pub volume_db: f64,
    pub seed: u64,
    /// Whether the first utterance is cut short.
    pub early: bool,
}

impl Job {
    /// Settles what was typed with the settings in force.
    ///
    /// # Errors
    /// Contradicting flags.
    pub fn resolve(args: &GenerateArgs, session: &Session) -> Result<Self, Usage> {
        let config = session.config();
        let output = match (args.batch.is_some(), args.output.as_os_str() == "-") {
            (true, true) => return Err(Usage("--batch needs a folder as --output".to_owned())),
            (true, false) => Output::Folder(args.output.clone()),
            (false, true) => Output::Stdout,
            (false, false) => Output::File(args.output.clone()),
        };
        if output == Output::Stdout && session.wants_json() {
            return Err(Usage("--json and --output - both want stdout; write the audio to a file".to_owned()));
        }
        if args.stream && output != Output::Stdout {
            return Err(Usage("--stream is for --output -; a file is complete only at its end".to_owned()));
        }
        let format = format_of(args.format, &output, &config.output.format)?;
        let rate = match args.sample_rate {
            Some(hz) if format.rate_for(SampleRate(hz)).0 != hz => {
                return Err(Usage(format!("{format} can't hold {hz} Hz; it takes 8000, 12000, 16000, 24000 or 48000")));
            }
            Some(hz) => SampleRate(hz),
            None => format.rate_for(SampleRate(config.output.sample_rate)),
        };
        let manner =
            Manner { rate: args.rate, pitch_semitones: args.pitch, emphasis: args.emphasis, ..Manner::default() };
        Ok(Self { output, format, rate, manner, volume_db: args.volume, seed: config.runtime.seed, early: args.stream })
    }
}

fn format_of(chosen: Option<AudioFormat>, output: &Output, setting: &str) -> Result<OutputFormat, Usage> {
    let set = setting.parse().unwrap_or(OutputFormat::Wav16);
    let wav = |format| matches!(format, OutputFormat::Wav16 | OutputFormat::Wav24 | OutputFormat::WavFloat);
    let format = match (chosen.map(named), output) {
        (Some(chosen), _) => chosen,
        (None, Output::Folder(_)) => set,
        (None, Output::Stdout) if wav(set) => set,
        (None, Output::Stdout) => OutputFormat::Wav16,
        (None, Output::File(path)) if path.extension().is_none() => set,
        (None, Output::File(path)) => match OutputFormat::from_path(path) {
            Ok(format) if wav(format) && wav(set) => set,
            Ok(format) => format,
            Err(_) => return Err(Usage(cannot_write(path))),
        },
    };
    if *output == Output::Stdout && format == OutputFormat::Flac {
        return Err(Usage("--output - writes WAV or Opus; choose another --format or a file".to_owned()));
    }
    Ok(format)
}

fn cannot_write(path: &Path) -> String {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    format!("can't write .{extension}; name the output .wav, .flac or .opus, or say --format")
}

fn named(format: AudioFormat) -> OutputFormat {
    match format {
        AudioFormat::Wav16 => OutputFormat::Wav16,
        AudioFormat::Wav24 => OutputFormat::Wav24,
        AudioFormat::WavFloat => OutputFormat::WavFloat,
        AudioFormat::Flac => OutputFormat::Flac,
        AudioFormat::Opus => OutputFormat::Opus,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_format_and_the_flag_overrules_it() {
        let file = |name: &str| Output::File(PathBuf::from(name));
        let found = |chosen, output: &Output, set| format_of(chosen, output, set).ok();
        assert_eq!(found(None, &file("a.wav"), "wav24"), Some(OutputFormat::Wav24));
        assert_eq!(found(None, &file("a.wav"), "opus"), Some(OutputFormat::Wav16));
        assert_eq!(found(None, &file("a.OPUS"), "wav24"), Some(OutputFormat::Opus));
        assert_eq!(found(None, &file("a"), "flac"), Some(OutputFormat::Flac));
        assert_eq!(found(Some(AudioFormat::Flac), &file("a.wav"), "wav16"), Some(OutputFormat::Flac));
        assert_eq!(found(None, &Output::Stdout, "flac"), Some(OutputFormat::Wav16));
        assert_eq!(found(Some(AudioFormat::Opus), &Output::Stdout, "wav16"), Some(OutputFormat::Opus));
        assert_eq!(found(None, &Output::Folder("lines".into()), "opus"), Some(OutputFormat::Opus));
        assert_eq!(found(Some(AudioFormat::Flac), &Output::Stdout, "wav16"), None);
        assert_eq!(found(None, &file("a.mp3"), "wav16"), None);
    }
}
