//! The formats that can be written, and the names that audio files have.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::error::AudioError;

/// Extensions of audio files, in lower case: of those that [`super::Decoder`] reads, and of others that a user would
/// miss if they were passed over without a word.
const AUDIO_EXTENSIONS: [&str; 32] = [
    "aac", "aif", "aifc", "aiff", "flac", "m4a", "m4b", "mka", "mkv", "mov", "mp1", "mp2", "mp3", "mp4", "mpga", "oga",
    "ogg", "opus", "wav", "wave", "webm", // these are read
    "ac3", "amr", "ape", "au", "caf", "dsf", "mpc", "ra", "snd", "wma", "wv", // and these named as unsupported
];

/// Whether a file calls itself audio, by its extension. For walking folders: whether it can be read shows when it is
/// opened, and what it holds is told by its content.
pub fn is_audio_path(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    extension.is_some_and(|extension| AUDIO_EXTENSIONS.contains(&extension.as_str()))
}

/// A format of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputFormat {
    /// WAV, 16-bit integers.
    Wav16,
    /// WAV, 24-bit integers.
    Wav24,
    /// WAV, 32-bit floating point.
    WavFloat,
    /// FLAC, 16-bit, up to 96 kHz and 8 channels.
    Flac,
}

impl OutputFormat {
    /// The format that a file's extension stands for: `.wav` ([`OutputFormat::Wav16`]) or `.flac`.
    ///
    /// # Errors
    /// [`AudioError::UnknownOutputFormat`] for any other extension, or none.
    pub fn from_path(path: &Path) -> Result<Self, AudioError> {
        let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
        match extension.as_deref() {
            Some("wav" | "wave") => Ok(Self::Wav16),
            Some("flac") => Ok(Self::Flac),
            _ => Err(AudioError::UnknownOutputFormat { found: path.display().to_string() }),
        }
    }

    /// The extension of files of this format, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wav16 | Self::Wav24 | Self::WavFloat => "wav",
            Self::Flac => "flac",
        }
    }
}

impl FromStr for OutputFormat {
    type Err = AudioError;

    /// Reads `wav16` (or `wav`), `wav24`, `wavfloat` or `flac`, in any case.
    fn from_str(name: &str) -> Result<Self, AudioError> {
        match name.to_ascii_lowercase().as_str() {
            "wav" | "wav16" => Ok(Self::Wav16),
            "wav24" => Ok(Self::Wav24),
            "wavfloat" => Ok(Self::WavFloat),
            "flac" => Ok(Self::Flac),
            _ => Err(AudioError::UnknownOutputFormat { found: name.to_owned() }),
        }
    }
}

impl fmt::Display for OutputFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wav16 => "wav16",
            Self::Wav24 => "wav24",
            Self::WavFloat => "wavfloat",
            Self::Flac => "flac",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_formats_are_inverse() {
        for format in [OutputFormat::Wav16, OutputFormat::Wav24, OutputFormat::WavFloat, OutputFormat::Flac] {
            assert_eq!(format.to_string().parse::<OutputFormat>().ok(), Some(format));
        }
    }

    #[test]
    fn extensions_tell_the_format() {
        assert_eq!(OutputFormat::from_path(Path::new("a/b.WAV")).ok(), Some(OutputFormat::Wav16));
        assert_eq!(OutputFormat::from_path(Path::new("b.flac")).ok(), Some(OutputFormat::Flac));
        let error = OutputFormat::from_path(Path::new("song.mp3")).unwrap_err().to_string();
        assert!(error.contains("song.mp3") && error.contains(".flac"), "{error}");
        assert!(OutputFormat::from_path(Path::new("wav")).is_err());
    }

    #[test]
    fn folders_are_walked_by_extension() {
        for name in ["a.wav", "A.FLAC", "x.y.Mp3", "x.opus", "x.m4a", "old.wma"] {
            assert!(is_audio_path(Path::new(name)), "{name}");
        }
        for name in ["a.txt", "wav", ".wav", "a.wav.part", "transcripts.tsv"] {
            assert!(!is_audio_path(Path::new(name)), "{name}");
        }
    }
}
