//! Uncompressed audio from a pipe, as soon as it comes: what can't be sought in and may never end.

use std::io::{self, Read};

use super::{
    codec::tamed,
    error::{AudioError, check_rate},
    resample::Resampler,
};
use crate::units::SampleRate;

/// The most that is taken from the pipe at once; what is there already, not what may come.
const CHUNK_BYTES: usize = 1 << 14;
/// A header with more than this before its samples is no audio.
const MAX_HEADER_BYTES: u64 = 1 << 20;

/// How samples are stored, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Unsigned8,
    Int16,
    Int24,
    Int32,
    Float32,
}

impl Encoding {
    fn bytes(self) -> usize {
        match self {
            Self::Unsigned8 => 1,
            Self::Int16 => 2,
            Self::Int24 => 3,
            Self::Int32 | Self::Float32 => 4,
        }
    }

    /// The sample in exactly as many bytes as it has, in [-1, 1]; what is not a number becomes 0.
    fn sample(self, bytes: &[u8]) -> f32 {
        match (self, bytes) {
            (Self::Unsigned8, &[a]) => (f32::from(a) - 128.0) / 128.0,
            (Self::Int16, &[a, b]) => f32::from(i16::from_le_bytes([a, b])) / 32_768.0,
            (Self::Int24, &[a, b, c]) => (i32::from_le_bytes([0, a, b, c]) as f64 / 2_147_483_648.0) as f32,
            (Self::Int32, &[a, b, c, d]) => (f64::from(i32::from_le_bytes([a, b, c, d])) / 2_147_483_648.0) as f32,
            (Self::Float32, &[a, b, c, d]) => tamed(f32::from_le_bytes([a, b, c, d])),
            _ => 0.0,
        }
    }
}

/// Samples of a pipe as mono blocks at a chosen rate. Blocks are never empty. After an error the stream ends.
pub struct PipeStream<R> {
    source: R,
    encoding: Encoding,
    channels: usize,
    /// `None` once the input has ended.
    resampler: Option<Resampler>,
    /// Bytes of a frame that has not come whole.
    pending: Vec<u8>,
}

impl<R: Read> PipeStream<R> {
    /// Reads the header of a WAV stream. What it says of the length is not believed: pipes state what they like.
    ///
    /// # Errors
    /// A stream that is not WAV, holds no PCM or floating-point samples, or has a rate out of range.
    pub fn wav(mut source: R, rate: SampleRate) -> Result<Self, AudioError> {
        let (encoding, channels, from) = read_header(&mut source)?;
        let resampler = Some(Resampler::new(from, rate)?);
        Ok(Self { source, encoding, channels, resampler, pending: Vec::new() })
    }

    /// The same at the rate that the header states.
    ///
    /// # Errors
    /// As [`PipeStream::wav`].
    pub fn wav_as_it_is(mut source: R) -> Result<(Self, SampleRate), AudioError> {
        let (encoding, channels, rate) = read_header(&mut source)?;
        let resampler = Some(Resampler::new(rate, rate)?);
        Ok((Self { source, encoding, channels, resampler, pending: Vec::new() }, rate))
    }

    /// Takes the stream as samples without a header: 16-bit little-endian mono at the rate `from`.
    ///
    /// # Errors
    /// A rate out of range.
    pub fn raw(source: R, from: SampleRate, rate: SampleRate) -> Result<Self, AudioError> {
        let resampler = Some(Resampler::new(from, rate)?);
        Ok(Self { source, encoding: Encoding::Int16, channels: 1, resampler, pending: Vec::new() })
    }

    fn next_block(&mut self) -> Result<Option<Vec<f32>>, AudioError> {
        while let Some(mut resampler) = self.resampler.take() {
            let before = self.pending.len();
            self.pending.resize(before + CHUNK_BYTES, 0);
            let read = read_some(&mut self.source, &mut self.pending[before..])?;
            self.pending.truncate(before + read);
            if read == 0 {
                return Ok(Some(resampler.finish()).filter(|block| !block.is_empty()));
            }
            let mono = self.take_frames();
            let block = resampler.process(&mono);
            self.resampler = Some(resampler);
            if !block.is_empty() {
                return Ok(Some(block));
            }
        }
        Ok(None)
    }

    /// The whole frames in `pending`, as the mean of their channels.
    fn take_frames(&mut self) -> Vec<f32> {
        let (size, encoding) = (self.encoding.bytes(), self.encoding);
        let frames = self.pending.chunks_exact(size * self.channels);
        let rest = frames.remainder().len();
        let mean = |frame: &[u8]| frame.chunks_exact(size).map(|bytes| encoding.sample(bytes)).sum::<f32>();
        let mono = frames.map(|frame| mean(frame) / self.channels as f32).collect();
        self.pending.drain(..self.pending.len() - rest);
        mono
    }
}

impl<R: Read> Iterator for PipeStream<R> {
    type Item = Result<Vec<f32>, AudioError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_block().transpose()
    }
}

/// What is there, at least one byte unless the stream has ended.
fn read_some(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Reads up to the first sample: the encoding, the channels, the rate.
fn read_header(source: &mut impl Read) -> Result<(Encoding, usize, SampleRate), AudioError> {
    let mut riff = [0; 12];
    let length = fill(source, &mut riff)?;
    if length == 0 {
        return Err(AudioError::Empty("the stream has no bytes"));
    }
    if length < 12 || &riff[..4] != b"RIFF" || &riff[8..] != b"WAVE" {
        return Err(AudioError::Unsupported { found: "a stream that is not WAV".to_owned() });
    }
    let mut format = None;
    loop {
        let mut head = [0; 8];
        if fill(source, &mut head)? < 8 {
            return Err(AudioError::malformed("WAV", "the stream ends before its samples"));
        }
        let size = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
        if &head[..4] == b"data" {
            return format.ok_or_else(|| AudioError::malformed("WAV", "its format is not said before its samples"));
        }
        if size > MAX_HEADER_BYTES {
            return Err(AudioError::malformed("WAV", format!("a part of its header has {size} bytes")));
        }
        // Parts have an even length.
        let mut body = vec![0; size as usize];
        let filled = fill(source, &mut body)?;
        io::copy(&mut source.by_ref().take(size % 2), &mut io::sink())?;
        if &head[..4] == b"fmt " {
            format = Some(parse_format(&body[..filled])?);
        }
    }
}

/// Reads until `buffer` is full or the stream ends.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match read_some(source, &mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

fn parse_format(body: &[u8]) -> Result<(Encoding, usize, SampleRate), AudioError> {
    /// The tag stands later, where there is more to say than the form has room for.
    const EXTENSIBLE: u16 = 0xFFFE;
    const MAX_CHANNELS: usize = 64;
    let short = |at: usize| body.get(at..at + 2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    let (Some(tag), Some(channels), Some(bits)) = (short(0), short(2), short(14)) else {
        return Err(AudioError::malformed("WAV", "its format is cut short"));
    };
    let tag = if tag == EXTENSIBLE { short(24).unwrap_or(tag) } else { tag };
    let encoding = match (tag, bits) {
        (1, 8) => Encoding::Unsigned8,
        (1, 16) => Encoding::Int16,
        (1, 24) => Encoding::Int24,
        (1, 32) => Encoding::Int32,
        (3, 32) => Encoding::Float32,
        _ => return Err(AudioError::Unsupported { found: format!("WAV with {bits}-bit samples of kind {tag}") }),
    };
    let rate = check_rate(SampleRate(u32::from_le_bytes([body[4], body[5], body[6], body[7]])))?;
    match usize::from(channels) {
        actual @ 1..=MAX_CHANNELS => Ok((encoding, actual, rate)),
        actual => Err(AudioError::Channels { actual, max: MAX_CHANNELS, format: "a WAV stream" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipe that gives a few bytes at a time, and now and then is interrupted.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            if self.1.is_multiple_of(5) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let count = self.0.len().min(buffer.len()).min(1 + self.1 % 7);
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn wav(channels: u16, bits: u16, float: bool, rate: u32, data: &[u8]) -> Vec<u8> {
        let (bits_per_sample, sample_rate) = (bits, rate);
        let sample_format = if float { hound::SampleFormat::Float } else { hound::SampleFormat::Int };
        let spec = hound::WavSpec { channels, sample_rate, bits_per_sample, sample_format };
        [spec.into_header_for_infinite_file().as_slice(), data].concat()
    }

    fn samples(bytes: &[u8], rate: u32) -> Result<Vec<f32>, AudioError> {
        let stream = PipeStream::wav(Trickle(bytes, 0), SampleRate(rate))?;
        stream.collect::<Result<Vec<_>, _>>().map(|blocks| blocks.concat())
    }

    #[test]
    fn every_encoding_is_read_as_it_trickles_in() {
        let int16 = wav(1, 16, false, 16_000, &[0, 0x40, 0, 0xC0, 7]);
        assert_eq!(samples(&int16, 16_000).unwrap(), [0.5, -0.5]);
        let stereo = wav(2, 16, false, 16_000, &[0, 0x40, 0, 0, 0, 0xC0, 0, 0xC0]);
        assert_eq!(samples(&stereo, 16_000).unwrap(), [0.25, -0.5]);
        assert_eq!(samples(&wav(1, 24, false, 16_000, &[0, 0, 0x20]), 16_000).unwrap(), [0.25]);
        assert_eq!(samples(&wav(1, 8, false, 16_000, &[192]), 16_000).unwrap(), [0.5]);
        let float = [0.75f32.to_le_bytes(), f32::NAN.to_le_bytes()].concat();
        assert_eq!(samples(&wav(1, 32, true, 16_000, &float), 16_000).unwrap(), [0.75, 0.0]);
        let raw = PipeStream::raw(Trickle(&[0, 0x40, 0, 0xC0], 0), SampleRate(16_000), SampleRate(16_000)).unwrap();
        assert_eq!(raw.map(|block| block.unwrap()).collect::<Vec<_>>().concat(), [0.5, -0.5]);
    }

    #[test]
    fn other_rates_are_resampled_to_the_end() {
        let bytes = wav(1, 16, false, 48_000, &[0, 0x40].repeat(48_000));
        let found = samples(&bytes, 16_000).unwrap();
        assert_eq!(found.len(), 16_000);
        assert!((found[8_000] - 0.5).abs() < 1e-3);
    }

    #[test]
    fn what_is_no_wav_is_named() {
        let message = |bytes: &[u8]| samples(bytes, 16_000).unwrap_err().to_string();
        assert_eq!(message(b""), "no audio in it: the stream has no bytes");
        assert!(message(b"OggS0123456789").contains("a stream that is not WAV"));
        assert!(message(b"RIFF\0\0\0\0WAVE").contains("ends before its samples"));
        assert!(message(b"RIFF\0\0\0\0WAVEdata\0\0\0\0").contains("format is not said"));
        assert!(message(b"RIFF\0\0\0\0WAVEfmt \x04\0\0\0\x01\0\x01\0data\0\0\0\0").contains("cut short"));
        assert!(message(b"RIFF\0\0\0\0WAVELIST\xff\xff\xff\xff").contains("4294967295 bytes"));
        assert!(message(&wav(1, 16, false, 4_000, &[])).contains("4000 Hz"));
        let odd = wav(1, 16, false, 16_000, &[]);
        let other: Vec<u8> = odd.iter().enumerate().map(|(i, &byte)| if i == 20 { 6 } else { byte }).collect();
        assert!(message(&other).contains("16-bit samples of kind 6"), "{}", message(&other));
        let none: Vec<u8> = odd.iter().enumerate().map(|(i, &byte)| if i == 22 { 0 } else { byte }).collect();
        assert!(message(&none).contains("0 channels"), "{}", message(&none));
    }
}
