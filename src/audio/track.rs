//! What there is to decode in a file that has been recognised.

use std::io;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::{FormatReader, Track, TrackType};

use super::codec::Codec;
use super::error::AudioError;
use super::tags::Tags;
use crate::units::{SampleRate, Seconds};

/// What a stream holds.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamInfo {
    /// Samples per second and channel, as decoded.
    pub rate: SampleRate,
    /// The number of channels.
    pub channels: usize,
    /// The length as the file states it, if it does. It may be wrong: count samples where it matters.
    pub duration: Option<Seconds>,
    /// The container, such as `wave` or `ogg`.
    pub container: String,
    /// The codec, such as `flac` or `opus`.
    pub codec: String,
    /// The resolution of the stored samples, where the codec has one.
    pub bits_per_sample: Option<u32>,
    /// What it says of its content.
    pub tags: Tags,
}

/// What the failure to find out the format means; `kind` is what the content seems to be.
pub(super) fn probe_error(error: SymphoniaError, kind: String) -> AudioError {
    match error {
        SymphoniaError::Unsupported(reason) if reason.contains("no suitable format reader") => {
            AudioError::Unsupported { found: kind }
        }
        SymphoniaError::Unsupported(reason) => AudioError::Unsupported { found: reason.to_owned() },
        SymphoniaError::IoError(error) if error.kind() != io::ErrorKind::UnexpectedEof => AudioError::Io(error),
        other => AudioError::malformed("audio file", other),
    }
}

/// The track to be decoded, and its decoder.
pub(super) fn open_track(format: &dyn FormatReader) -> Result<(&Track, Codec), AudioError> {
    let track = format.default_track(TrackType::Audio);
    match track.map(|track| (track, &track.codec_params)) {
        Some((track, Some(CodecParameters::Audio(parameters)))) => Ok((track, Codec::new(parameters)?)),
        _ => Err(AudioError::Empty("there is no audio track")),
    }
}

pub(super) fn stream_info(format: &dyn FormatReader, track: &Track, codec: &Codec) -> StreamInfo {
    let parameters = track.codec_params.as_ref().and_then(CodecParameters::audio);
    let frames = track.num_frames.map(|frames| frames.saturating_sub(codec.pre_skip));
    let duration = match (frames, track.duration, track.time_base) {
        (Some(frames), ..) => Some(Seconds(frames as f64 / codec.rate.hz())),
        (None, Some(ticks), Some(base)) => base.calc_duration(ticks).map(|time| Seconds(time.as_secs_f64())),
        _ => None,
    };
    StreamInfo {
        rate: codec.rate,
        channels: codec.channels,
        duration,
        container: format.format_info().short_name.to_owned(),
        codec: codec.name.to_owned(),
        bits_per_sample: parameters.and_then(|known| known.bits_per_coded_sample.or(known.bits_per_sample)),
        tags: Tags::default(),
    }
}
