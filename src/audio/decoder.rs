//! Any supported file to samples, block by block.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

use super::error::{AudioError, check_rate};
use super::opus::{OPUS_RATE_HZ, OpusDecoder, OpusHead};
use crate::error::FileError;
use crate::units::{SampleRate, Seconds};

/// So many damaged packets in a row end a stream: what follows is not audio.
const MAX_FAILURES_IN_A_ROW: u64 = 256;

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
}

/// Decodes the first (or default) audio track of a file, whatever its format; the format is told by the content.
///
/// Damaged packets are skipped and counted. Memory does not grow with the length of the file.
pub struct Decoder {
    format: Box<dyn FormatReader>,
    track_id: u32,
    codec: Codec,
    info: StreamInfo,
    block: Vec<f32>,
    skipped_packets: u64,
    failures_in_a_row: u64,
    frames: u64,
    ended: bool,
}

enum Codec {
    Symphonia(Box<dyn AudioDecoder>),
    Opus(Box<OpusDecoder>),
}

/// A reader that can seek, with the length that symphonia wants to know.
struct Source<R> {
    reader: R,
    len: u64,
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buf)
    }
}

impl<R: Seek> Seek for Source<R> {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        self.reader.seek(pos)
    }
}

impl<R: Read + Seek + Send + Sync> MediaSource for Source<R> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.len)
    }
}

impl Decoder {
    /// Opens a file.
    ///
    /// # Errors
    /// A file that can't be read, holds no audio, or holds audio of a kind that is not supported.
    pub fn open(path: &Path) -> Result<Self, AudioError> {
        let file = File::open(path).map_err(FileError::on("read", path))?;
        let metadata = file.metadata().map_err(FileError::on("read", path))?;
        if metadata.is_dir() {
            let is_a_folder = io::Error::new(io::ErrorKind::IsADirectory, "it is a folder");
            return Err(FileError::on("read", path)(is_a_folder).into());
        }
        Self::from_source(file)
    }

    /// Decodes what `source` holds, from its start.
    ///
    /// # Errors
    /// As [`Decoder::open`].
    pub fn from_source(mut source: impl Read + Seek + Send + Sync + 'static) -> Result<Self, AudioError> {
        let len = source.seek(SeekFrom::End(0))?;
        if len == 0 {
            return Err(AudioError::Empty("the file has no bytes"));
        }
        source.seek(SeekFrom::Start(0))?;
        let stream = MediaSourceStream::new(Box::new(Source { reader: source, len }), Default::default());
        let format = guarded("probe", || {
            let probe = symphonia::default::get_probe();
            probe.probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        })?
        .map_err(probe_error)?;
        Self::from_format(format)
    }

    fn from_format(format: Box<dyn FormatReader>) -> Result<Self, AudioError> {
        let container = format.format_info().short_name.to_owned();
        let track = audio_track(format.as_ref())?;
        let track_id = track.id;
        let (codec, info) = open_track(track, container)?;
        Ok(Self {
            format,
            track_id,
            codec,
            info,
            block: Vec::new(),
            skipped_packets: 0,
            failures_in_a_row: 0,
            frames: 0,
            ended: false,
        })
    }

    /// What the stream holds.
    pub fn info(&self) -> &StreamInfo {
        &self.info
    }

    /// How many damaged packets have been left out so far.
    pub fn skipped_packets(&self) -> u64 {
        self.skipped_packets
    }

    /// The next samples, interleaved, or `None` at the end. Blocks differ in length; no block is empty. What is not a
    /// number becomes 0.
    ///
    /// # Errors
    /// A system failure, damage beyond recovery, or a stream that ends without one sample.
    pub fn next_block(&mut self) -> Result<Option<&[f32]>, AudioError> {
        while !self.ended {
            match self.read_block() {
                Ok(true) => {
                    self.failures_in_a_row = 0;
                    self.frames += (self.block.len() / self.info.channels) as u64;
                    return Ok(Some(&self.block));
                }
                Ok(false) => {}
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
            }
        }
        Ok(None)
    }

    /// Reads one packet into `block`: true if that gave samples.
    fn read_block(&mut self) -> Result<bool, AudioError> {
        let packet = match guarded(&self.info.container, || self.format.next_packet())? {
            Ok(Some(packet)) => packet,
            Ok(None) => return self.end().map(|()| false),
            Err(SymphoniaError::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return self.end().map(|()| false);
            }
            Err(SymphoniaError::IoError(error)) => return Err(error.into()),
            Err(SymphoniaError::ResetRequired) => return self.next_chained_stream().map(|()| false),
            Err(error) => return self.skip(error.to_string()).map(|()| false),
        };
        if packet.track_id != self.track_id {
            return Ok(false);
        }
        match self.decode(&packet)? {
            Ok(()) => Ok(!self.block.is_empty()),
            Err(reason) => self.skip(reason).map(|()| false),
        }
    }

    /// Decodes `packet` into `block`. The inner error is a packet to be skipped.
    fn decode(&mut self, packet: &Packet) -> Result<Result<(), String>, AudioError> {
        let (codec, block, info) = (&mut self.codec, &mut self.block, &self.info);
        block.clear();
        guarded(&info.codec, move || match codec {
            Codec::Opus(decoder) => match decoder.decode(&packet.data, packet.trim_end.get()) {
                Ok(samples) => {
                    block.extend_from_slice(samples);
                    Ok(())
                }
                Err(error) => Err(error.to_string()),
            },
            Codec::Symphonia(decoder) => match decoder.decode(packet) {
                Ok(buffer) if buffer.spec().channels().count() != info.channels => {
                    Err(format!("a packet of {} channels", buffer.spec().channels().count()))
                }
                Ok(buffer) if buffer.spec().rate() != info.rate.0 => {
                    Err(format!("a packet of {} Hz", buffer.spec().rate()))
                }
                Ok(buffer) => {
                    buffer.copy_to_vec_interleaved(block);
                    block.iter_mut().for_each(|sample| *sample = if sample.is_finite() { *sample } else { 0.0 });
                    Ok(())
                }
                Err(error) => Err(error.to_string()),
            },
        })
    }

    fn skip(&mut self, reason: String) -> Result<(), AudioError> {
        self.skipped_packets += 1;
        self.failures_in_a_row += 1;
        if self.failures_in_a_row > MAX_FAILURES_IN_A_ROW {
            return Err(AudioError::malformed(&self.info.codec, reason));
        }
        tracing::debug!(reason, "skipped a damaged packet");
        Ok(())
    }

    fn end(&mut self) -> Result<(), AudioError> {
        self.ended = true;
        match (self.frames, self.skipped_packets) {
            (0, 0) => Err(AudioError::Empty("the track has no samples")),
            (0, _) => Err(AudioError::malformed(&self.info.codec, "not one packet could be decoded")),
            _ => Ok(()),
        }
    }

    /// Ogg files may be chained: another stream follows, with headers of its own.
    fn next_chained_stream(&mut self) -> Result<(), AudioError> {
        let track = audio_track(self.format.as_ref())?;
        let track_id = track.id;
        let (codec, info) = open_track(track, self.info.container.clone())?;
        if (info.rate, info.channels) != (self.info.rate, self.info.channels) {
            let reason = format!(
                "it changes from {} and {} channels to {} and {} channels on the way",
                self.info.rate, self.info.channels, info.rate, info.channels
            );
            return Err(AudioError::malformed(&self.info.container, reason));
        }
        self.track_id = track_id;
        self.codec = codec;
        Ok(())
    }
}

/// Runs a piece of a third-party parser. The parsers aim never to panic, but they read untrusted bytes, and a panic in
/// one file must not end the work on all others.
fn guarded<T>(what: &str, parse: impl FnOnce() -> T) -> Result<T, AudioError> {
    catch_unwind(AssertUnwindSafe(parse)).map_err(|_| AudioError::malformed(what, "the parser gave up on it"))
}

fn probe_error(error: SymphoniaError) -> AudioError {
    match error {
        SymphoniaError::Unsupported(reason) if reason.contains("no suitable format reader") => {
            AudioError::Unsupported { found: "no known audio format".to_owned() }
        }
        SymphoniaError::Unsupported(reason) => AudioError::Unsupported { found: reason.to_owned() },
        SymphoniaError::IoError(error) if error.kind() != io::ErrorKind::UnexpectedEof => AudioError::Io(error),
        other => AudioError::malformed("audio file", other),
    }
}

fn audio_track(format: &dyn FormatReader) -> Result<&Track, AudioError> {
    format.default_track(TrackType::Audio).ok_or(AudioError::Empty("there is no audio track"))
}

fn open_track(track: &Track, container: String) -> Result<(Codec, StreamInfo), AudioError> {
    let Some(CodecParameters::Audio(parameters)) = &track.codec_params else {
        return Err(AudioError::Empty("there is no audio track"));
    };
    let (codec, name, rate_hz, channels) = if parameters.codec == CODEC_ID_OPUS {
        let head = OpusHead::parse(parameters.extra_data.as_deref().unwrap_or_default())?;
        (Codec::Opus(Box::new(OpusDecoder::new(&head)?)), "opus", Some(OPUS_RATE_HZ), head.channels)
    } else {
        let decoder = symphonia_decoder(parameters)?;
        let name = decoder.codec_info().short_name;
        let decoded = decoder.codec_params();
        let rate_hz = decoded.sample_rate.or(parameters.sample_rate);
        let channels = decoded.channels.as_ref().or(parameters.channels.as_ref()).map_or(0, |c| c.count());
        (Codec::Symphonia(decoder), name, rate_hz, channels)
    };
    let Some(rate_hz) = rate_hz else { return Err(AudioError::malformed(container, "it states no sample rate")) };
    if channels == 0 {
        return Err(AudioError::malformed(container, "it states no channels"));
    }
    let rate = check_rate(SampleRate(rate_hz))?;
    let info = StreamInfo {
        rate,
        channels,
        duration: stated_duration(track, rate),
        container,
        codec: name.to_owned(),
        bits_per_sample: parameters.bits_per_coded_sample.or(parameters.bits_per_sample),
    };
    Ok((codec, info))
}

fn symphonia_decoder(parameters: &AudioCodecParameters) -> Result<Box<dyn AudioDecoder>, AudioError> {
    let made = guarded("codec header", || {
        symphonia::default::get_codecs().make_audio_decoder(parameters, &AudioDecoderOptions::default())
    })?;
    made.map_err(|error| match error {
        SymphoniaError::Unsupported(_) => {
            AudioError::Unsupported { found: format!("a codec that is not known ({})", parameters.codec) }
        }
        other => AudioError::malformed("codec header", other),
    })
}

fn stated_duration(track: &Track, rate: SampleRate) -> Option<Seconds> {
    match (track.num_frames, track.duration, track.time_base) {
        (Some(frames), _, _) => Some(Seconds(frames as f64 / rate.hz())),
        (None, Some(duration), Some(base)) => base.calc_duration(duration).map(|time| Seconds(time.as_secs_f64())),
        _ => None,
    }
}
