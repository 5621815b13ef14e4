//! What can go wrong with audio.

use std::io;

use crate::error::FileError;
use crate::units::SampleRate;

/// What the decoder reads, for messages.
pub const SUPPORTED_INPUT: &str =
    "WAV, AIFF, FLAC, MP3, Ogg (Vorbis, Opus, FLAC), M4A/MP4 (AAC, ALAC, Opus), ADTS AAC, Matroska/WebM";

/// The lowest sample rate that is read or written.
pub const MIN_RATE: SampleRate = SampleRate(8_000);
/// The highest sample rate that is read or written.
pub const MAX_RATE: SampleRate = SampleRate(192_000);

/// An audio file or stream that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// The file could not be opened, created or renamed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file was opened, but the system failed to read or write its content.
    #[error("input/output failed: {0}")]
    Io(#[from] io::Error),
    /// There is no audio: no bytes, no track, or not one sample.
    #[error("no audio in it: {0}")]
    Empty(&'static str),
    /// The content is not audio, or of a kind that is not read.
    #[error("unsupported audio: found {found}; supported are {SUPPORTED_INPUT}")]
    Unsupported {
        /// What was found, as far as it could be told.
        found: String,
    },
    /// The content is of a supported kind, but damaged beyond use.
    #[error("damaged {format}: {reason}")]
    Malformed {
        /// The container or codec that was being read.
        format: String,
        /// What was wrong.
        reason: String,
    },
    /// The sample rate can't be used.
    #[error("sample rate of {actual} is out of range; it must be from {min} to {max}")]
    RateOutOfRange {
        /// The rate that was found or asked for.
        actual: SampleRate,
        /// The lowest rate that can be used.
        min: SampleRate,
        /// The highest rate that can be used.
        max: SampleRate,
    },
    /// The format can't hold this sample rate.
    #[error("{format} can't hold {actual}; it takes 8, 12, 16, 24 or 48 kHz")]
    OutputRate {
        /// The rate that was asked for.
        actual: SampleRate,
        /// The format.
        format: &'static str,
    },
    /// The number of channels can't be used.
    #[error("{actual} channels; {format} takes 1 to {max}")]
    Channels {
        /// The number that was found or asked for.
        actual: usize,
        /// The largest number that fits.
        max: usize,
        /// The format that limits it.
        format: &'static str,
    },
    /// Interleaved samples that end in the middle of a frame.
    #[error("{samples} samples are not a whole number of frames of {channels} channels")]
    PartialFrame {
        /// The number of samples.
        samples: usize,
        /// The number of channels.
        channels: usize,
    },
    /// The name of an output file or format doesn't say a format that can be written.
    #[error("cannot write {found:?}; use .wav, .flac or .opus (formats: wav16, wav24, wavfloat, flac, opus)")]
    UnknownOutputFormat {
        /// What was asked for.
        found: String,
    },
    /// The output has become longer than its format can hold.
    #[error("the output is longer than {format} can hold ({max} bytes of samples)")]
    TooLong {
        /// The format being written.
        format: &'static str,
        /// Its limit.
        max: u64,
    },
    /// A library failed in a way that valid use should not cause.
    #[error("{library} failed: {reason}")]
    Internal {
        /// The library.
        library: &'static str,
        /// What it said.
        reason: String,
    },
}

impl AudioError {
    pub(super) fn malformed(format: impl Into<String>, reason: impl ToString) -> Self {
        Self::Malformed { format: format.into(), reason: reason.to_string() }
    }
}

/// `rate` if it lies between [`MIN_RATE`] and [`MAX_RATE`].
pub(super) fn check_rate(rate: SampleRate) -> Result<SampleRate, AudioError> {
    let (min, max) = (MIN_RATE, MAX_RATE);
    if (min..=max).contains(&rate) { Ok(rate) } else { Err(AudioError::RateOutOfRange { actual: rate, min, max }) }
}
