//! Long recordings stream through.

use std::io::{self, Read, Seek, SeekFrom};

use voice_clone::audio::{Decoder, MonoStream, load_mono};
use voice_clone::units::SampleRate;

use crate::golden::data;

/// A WAV file of `len` bytes that exists nowhere, and how far it has been read.
struct Endless {
    header: Vec<u8>,
    position: u64,
    len: u64,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min((self.len - self.position.min(self.len)) as usize);
        for (n, byte) in buffer[..count].iter_mut().enumerate() {
            let at = self.position as usize + n;
            *byte = self.header.get(at).copied().unwrap_or((at >> 3) as u8 & 0x1f);
        }
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Endless {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[test]
fn an_hour_streams_in_blocks_of_a_second() {
    const HOUR_S: u64 = 3_600;
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let header = spec.into_header_for_infinite_file();
    let len = header.len() as u64 + HOUR_S * 16_000 * 2 * 2;
    let decoder = Decoder::from_source(Endless { header, position: 0, len }).unwrap();
    let stream = MonoStream::new(decoder, SampleRate(8_000)).unwrap();
    let (mut samples, mut largest) = (0, 0);
    for block in stream {
        let block = block.unwrap();
        largest = largest.max(block.len());
        samples += block.len() as u64;
    }
    assert_eq!(samples, HOUR_S * 8_000);
    assert!(largest < 8_000 * 3 / 2, "a block of {largest} samples");
}

#[test]
fn a_stream_of_blocks_is_the_whole_file() {
    let path = data("stereo.opus");
    let whole = load_mono(&path, SampleRate::ANALYSIS).unwrap();
    let blocks: Vec<Vec<f32>> =
        MonoStream::open(&path, SampleRate::ANALYSIS).unwrap().map(|block| block.unwrap()).collect();
    assert!(blocks.len() > 1 && blocks.iter().all(|block| !block.is_empty()));
    assert!(blocks.concat() == whole);
}
