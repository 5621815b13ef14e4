//! The formats that can be written, and the names that audio files have.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::error::AudioError;
use super::ogg_opus::OPUS_RATES_HZ;
use super::opus::OPUS_RATE_HZ;
use crate::units::SampleRate;

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
    /// Opus in Ogg, lossy, at 8, 12, 16, 24 or 48 kHz, mono or stereo.
    Opus,
}

impl OutputFormat {
    /// The format that a file's extension stands for: `.wav` ([`OutputFormat::Wav16`]), `.flac`, `.opus` or `.ogg`.
    ///
    /// # Errors
    /// [`AudioError::UnknownOutputFormat`] for any other extension, or none.
    pub fn from_path(path: &Path) -> Result<Self, AudioError> {
        let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
        match extension.as_deref() {
            Some("wav" | "wave") => Ok(Self::Wav16),
            Some("flac") => Ok(Self::Flac),
            Some("opus" | "ogg" | "oga") => Ok(Self::Opus),
            _ => Err(AudioError::UnknownOutputFormat { found: path.display().to_string() }),
        }
    }

    /// The extension of files of this format, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wav16 | Self::Wav24 | Self::WavFloat => "wav",
            Self::Flac => "flac",
            Self::Opus => "opus",
        }
    }

    /// The lowest rate that the format can hold and that keeps all of `wanted`, or else its highest.
    pub fn rate_for(self, wanted: SampleRate) -> SampleRate {
        match self {
            Self::Opus => {
                let enough = OPUS_RATES_HZ.into_iter().find(|&rate| rate >= wanted.0);
                SampleRate(enough.unwrap_or(OPUS_RATE_HZ))
            }
            Self::Wav16 | Self::Wav24 | Self::WavFloat | Self::Flac => wanted,
        }
    }
}

impl FromStr for OutputFormat {
    type Err = AudioError;

    /// Reads `wav16` (or `wav`), `wav24`, `wavfloat`, `flac` or `opus`, in any case.
    fn from_str(name: &str) -> Result<Self, AudioError> {
        match name.to_ascii_lowercase().as_str() {
            "wav" | "wav16" => Ok(Self::Wav16),
            "wav24" => Ok(Self::Wav24),
            "wavfloat" => Ok(Self::WavFloat),
            "flac" => Ok(Self::Flac),
            "opus" => Ok(Self::Opus),
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
            Self::Opus => "opus",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_formats_are_inverse() {
        use OutputFormat::{Flac, Opus, Wav16, Wav24, WavFloat};
        for format in [Wav16, Wav24, WavFloat, Flac, Opus] {
            assert_eq!(format.to_string().parse::<OutputFormat>().ok(), Some(format));
        }
    }

    #[test]
    fn extensions_tell_the_format() {
        assert_eq!(OutputFormat::from_path(Path::new("a/b.WAV")).ok(), Some(OutputFormat::Wav16));
        assert_eq!(OutputFormat::from_path(Path::new("b.flac")).ok(), Some(OutputFormat::Flac));
        assert_eq!(OutputFormat::from_path(Path::new("b.ogg")).ok(), Some(OutputFormat::Opus));
        let error = OutputFormat::from_path(Path::new("song.mp3")).unwrap_err().to_string();
        assert!(error.contains("song.mp3") && error.contains(".flac"), "{error}");
        assert!(OutputFormat::from_path(Path::new("wav")).is_err());
    }

    #[test]
    fn opus_keeps_what_it_can() {
        let rates = [7_000, 22_050, 48_000, 96_000].map(|rate| OutputFormat::Opus.rate_for(SampleRate(rate)).0);
        assert_eq!(rates, [8_000, 24_000, 48_000, 48_000]);
        assert_eq!(OutputFormat::Flac.rate_for(SampleRate::SYNTHESIS), SampleRate::SYNTHESIS);
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
