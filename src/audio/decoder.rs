//! Any supported file to samples, block by block.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::TimeBase;

use super::codec::{Codec, trim};
use super::error::AudioError;
use super::guard::guarded;
use super::mp4::{Edit, sound_edit};
use super::source::Source;
use super::tags::Tags;
use super::track::{StreamInfo, open_track, probe_error, stream_info};
use crate::error::FileError;
use crate::units::Seconds;

/// So many damaged packets in a row end a stream: what follows is not audio.
const MAX_FAILURES_IN_A_ROW: u64 = 256;
/// So many packets in a row without a sample for us are no recording, but an attempt to keep us busy.
const MAX_IDLE_PACKETS: u64 = 1_000_000;

/// Decodes the first (or default) audio track of a file. The format is told by the content, not by the name.
///
/// A damaged packet becomes silence of its length, so that what follows stays at its time, and is counted. Delay and
/// padding of encoders are left out where the file states them. Memory does not grow with the length of the file.
pub struct Decoder {
    format: Box<dyn FormatReader>,
    track_id: u32,
    time_base: Option<TimeBase>,
    codec: Codec,
    info: StreamInfo,
    block: Vec<f32>,
    /// Frames to leave out before the next block.
    skip_left: u64,
    /// Frames until the stated end, if there is one.
    frames_left: Option<u64>,
    /// Whether any block has been returned.
    delivered: bool,
    decoded_packets: u64,
    skipped_packets: u64,
    /// Frames of silence in place of damaged packets, and frames returned altogether.
    silent_frames: u64,
    returned_frames: u64,
    /// Whether the stream ended where it should.
    broken_off: bool,
    failures_in_a_row: u64,
    ended: bool,
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
            return Err(FileError::on("read", path)(io::ErrorKind::IsADirectory.into()).into());
        }
        Self::from_source(file)
    }

    /// Decodes what `source` holds, from its start.
    ///
    /// # Errors
    /// As [`Decoder::open`].
    pub fn from_source(source: impl Read + Seek + Send + Sync + 'static) -> Result<Self, AudioError> {
        let mut source = Source::new(source)?;
        let len = source.len();
        if len == 0 {
            return Err(AudioError::Empty("it has no bytes"));
        }
        let kind = source.kind()?;
        let edit = sound_edit(&mut source, len);
        source.seek(SeekFrom::Start(0))?;
        let wav_tags = Tags::of_wav(&mut source);
        source.seek(SeekFrom::Start(0))?;
        let stream = MediaSourceStream::new(Box::new(source), Default::default());
        let probe = symphonia::default::get_probe();
        let probed = guarded("audio file", || {
            probe.probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        })?;
        let mut decoder = Self::from_format(probed.map_err(|error| probe_error(error, kind))?, edit)?;
        if decoder.info.tags.is_empty() {
            decoder.info.tags = wav_tags;
        }
        Ok(decoder)
    }

    fn from_format(format: Box<dyn FormatReader>, edit: Option<Edit>) -> Result<Self, AudioError> {
        let (track, codec) = open_track(format.as_ref())?;
        let mut decoder = Self {
            track_id: track.id,
            time_base: track.time_base,
            info: stream_info(format.as_ref(), track, &codec),
            skip_left: codec.pre_skip,
            codec,
            format,
            block: Vec::new(),
            frames_left: None,
            delivered: false,
            decoded_packets: 0,
            skipped_packets: 0,
            silent_frames: 0,
            returned_frames: 0,
            broken_off: false,
            failures_in_a_row: 0,
            ended: false,
        };
        decoder.info.tags = Tags::of(decoder.format.as_mut());
        if let Some(edit) = edit {
            decoder.apply(edit);
        }
        Ok(decoder)
    }

    fn apply(&mut self, edit: Edit) {
        let frames = |time| self.info.rate.samples(time) as u64;
        // Opus states its delay in its own header; the list only repeats it.
        self.skip_left = self.skip_left.max(frames(edit.start));
        self.frames_left = edit.duration.map(frames);
        self.info.duration = edit.duration.or(self.info.duration);
    }

    /// What the stream holds.
    pub fn info(&self) -> &StreamInfo {
        &self.info
    }

    /// How many packets have been left out so far, because they were damaged or because the file is cut short.
    pub fn skipped_packets(&self) -> u64 {
        self.skipped_packets
    }

    /// How much has been lost so far: damaged packets, for which silence stands, and what a file that is cut short says
    /// that it should hold.
    pub fn lost(&self) -> Seconds {
        let stated = self.info.duration.map_or(0, |stated| self.info.rate.samples(stated) as u64);
        let missing = if self.ended && self.falls_short() { stated.saturating_sub(self.returned_frames) } else { 0 };
        self.info.rate.duration((self.silent_frames + missing) as usize)
    }

    /// Whether the end is missing: the stream broke off, or is shorter than a container that knows its length says.
    /// What MP3 and AAC streams state is an estimate.
    fn falls_short(&self) -> bool {
        let estimated = matches!(self.info.container.as_str(), "mp1" | "mp2" | "mp3" | "aac" | "adts");
        self.broken_off || !estimated
    }

    /// The next samples, interleaved, or `None` at the end. Blocks differ in length; none is empty. More than two
    /// channels come in the order of WAV files. What is not a number becomes 0, and nothing is more than 80 dB above full
    /// scale: damaged floating-point files hold anything.
    ///
    /// # Errors
    /// A system failure, damage beyond recovery, or a stream that ends without one sample. Afterwards the stream has
    /// ended.
    pub fn next_block(&mut self) -> Result<Option<&[f32]>, AudioError> {
        let mut idle_packets = 0;
        while !self.ended {
            if let Err(error) = self.read_packet() {
                self.ended = true;
                return Err(error);
            }
            if !self.block.is_empty() {
                self.delivered = true;
                self.returned_frames += (self.block.len() / self.info.channels) as u64;
                return Ok(Some(&self.block));
            }
            idle_packets += 1;
            if idle_packets > MAX_IDLE_PACKETS {
                self.ended = true;
                return Err(AudioError::malformed(&self.info.container, "packets without samples follow each other"));
            }
        }
        Ok(None)
    }

    /// Reads one packet, and decodes it into `block` if it is one of ours.
    fn read_packet(&mut self) -> Result<(), AudioError> {
        self.block.clear();
        match guarded(&self.info.container, || self.format.next_packet())? {
            Ok(Some(packet)) if packet.track_id == self.track_id => {
                self.decode(&packet)?;
                self.cut();
                Ok(())
            }
            Ok(Some(_)) => Ok(()),
            Ok(None) => self.end(),
            Err(SymphoniaError::ResetRequired) => self.next_chained_stream(),
            Err(SymphoniaError::IoError(error)) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error.into()),
            // A stream that was written to a pipe doesn't know its length, and ends where the file ends.
            Err(SymphoniaError::IoError(_)) if self.info.duration.is_none() => self.end(),
            // The reader can't go on. What has been read so far is sound, and more than nothing.
            Err(error) => {
                tracing::debug!(%error, "the stream breaks off");
                self.skipped_packets += 1;
                self.broken_off = true;
                self.end()
            }
        }
    }

    fn decode(&mut self, packet: &Packet) -> Result<(), AudioError> {
        let Err(reason) = self.codec.decode(packet, &mut self.block) else {
            self.decoded_packets += 1;
            self.failures_in_a_row = 0;
            return Ok(());
        };
        tracing::debug!(reason, "skipped a damaged packet");
        self.skipped_packets += 1;
        self.failures_in_a_row += 1;
        if self.failures_in_a_row > MAX_FAILURES_IN_A_ROW {
            return Err(AudioError::malformed(&self.info.codec, reason));
        }
        self.block.clear();
        if self.decoded_packets > 0 {
            let silent = self.stated_frames(packet);
            self.silent_frames += silent as u64;
            self.block.resize(silent * self.info.channels, 0.0);
        }
        Ok(())
    }

    /// How many frames `packet` says it has. More than a second is no packet, but damage in what it says.
    fn stated_frames(&self, packet: &Packet) -> usize {
        let time = self.time_base.and_then(|base| base.calc_duration(packet.dur));
        let frames = time.map_or(0, |time| self.info.rate.samples(Seconds(time.as_secs_f64())));
        if frames <= self.info.rate.0 as usize { frames } else { 0 }
    }

    /// Takes from `block` what lies before the stated start or after the stated end.
    fn cut(&mut self) {
        let frames = (self.block.len() / self.info.channels) as u64;
        let start = self.skip_left.min(frames);
        self.skip_left -= start;
        let mut end = 0;
        if let Some(left) = &mut self.frames_left {
            end = (frames - start).saturating_sub(*left);
            *left -= frames - start - end;
            self.ended = *left == 0;
        }
        trim(&mut self.block, self.info.channels, start, end);
    }

    fn end(&mut self) -> Result<(), AudioError> {
        self.ended = true;
        let (decoded, skipped) = (self.decoded_packets, self.skipped_packets);
        if skipped > decoded {
            let reason = format!("only {decoded} of {} packets could be decoded", decoded + skipped);
            return Err(AudioError::malformed(&self.info.codec, reason));
        }
        if self.delivered { Ok(()) } else { Err(AudioError::Empty("the track has no samples")) }
    }

    /// Ogg files may be chained: another stream follows, with headers of its own.
    fn next_chained_stream(&mut self) -> Result<(), AudioError> {
        let (track, codec) = open_track(self.format.as_ref())?;
        let (before, after) = ((self.info.rate, self.info.channels), (codec.rate, codec.channels));
        if before != after {
            let reason = format!("{} x {} becomes {} x {} on the way", before.1, before.0, after.1, after.0);
            return Err(AudioError::malformed(&self.info.container, reason));
        }
        self.track_id = track.id;
        self.time_base = track.time_base;
        self.skip_left = codec.pre_skip;
        self.codec = codec;
        Ok(())
    }
}
