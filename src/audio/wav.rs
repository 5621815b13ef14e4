//! WAV bytes: a header by hound, samples by hand, so that one encoder serves files and pipes.

use hound::{SampleFormat, WavSpec};

use super::encoder::{Encode, Patch, quantise};
use super::error::AudioError;
use super::output::OutputFormat;
use crate::units::SampleRate;

/// The largest data chunk: sizes are 32-bit, include the header in one place, and the largest one means "unknown".
const MAX_DATA_BYTES: u64 = u32::MAX as u64 - 1_024;

/// The speaker places that the header can name. Few programs, and not our decoder, read more channels.
pub(super) const MAX_WAV_CHANNELS: usize = 18;

pub(super) struct WavEncoder {
    kind: Kind,
    header: Vec<u8>,
    data_bytes: u64,
}

#[derive(Clone, Copy)]
enum Kind {
    Int16,
    Int24,
    Float32,
}

impl WavEncoder {
    /// `frames`: the length, where it is known in advance. Without it the header says "until the end of the stream".
    pub fn new(format: OutputFormat, rate: SampleRate, channels: u16, frames: Option<u64>) -> Result<Self, AudioError> {
        let (kind, bits_per_sample, sample_format) = match format {
            OutputFormat::Wav24 => (Kind::Int24, 24, SampleFormat::Int),
            OutputFormat::WavFloat => (Kind::Float32, 32, SampleFormat::Float),
            OutputFormat::Wav16 | OutputFormat::Flac | OutputFormat::Opus => (Kind::Int16, 16, SampleFormat::Int),
        };
        let spec = WavSpec { channels, sample_rate: rate.0, bits_per_sample, sample_format };
        let mut header = spec.into_header_for_infinite_file();
        if let Some(frames) = frames {
            let data_bytes = frames.saturating_mul(u64::from(channels) * u64::from(bits_per_sample / 8));
            for (offset, size) in sizes(header.len(), data_bytes)? {
                header[offset..offset + 4].copy_from_slice(&size.to_le_bytes());
            }
        }
        Ok(Self { kind, header, data_bytes: 0 })
    }
}

/// Where the two size fields are, and what they must say of `data_bytes` of samples. The outer one counts the byte
/// that pads chunks to an even length.
fn sizes(header_len: usize, data_bytes: u64) -> Result<[(usize, u32); 2], AudioError> {
    if data_bytes > MAX_DATA_BYTES {
        return Err(AudioError::TooLong { format: "WAV", max: MAX_DATA_BYTES });
    }
    let data = data_bytes as u32;
    Ok([(4, data + data % 2 + header_len as u32 - 8), (header_len - 4, data)])
}

impl Encode for WavEncoder {
    fn header(&mut self) -> Result<Vec<u8>, AudioError> {
        Ok(self.header.clone())
    }

    fn encode(&mut self, samples: &[f32], bytes: &mut Vec<u8>) -> Result<(), AudioError> {
        let before = bytes.len();
        match self.kind {
            Kind::Int16 => bytes.extend(samples.iter().flat_map(|&s| (quantise(s, 16) as i16).to_le_bytes())),
            Kind::Int24 => {
                for &sample in samples {
                    bytes.extend_from_slice(&quantise(sample, 24).to_le_bytes()[..3]);
                }
            }
            Kind::Float32 => bytes.extend(samples.iter().flat_map(|s| s.clamp(-1.0, 1.0).to_le_bytes())),
        }
        self.data_bytes += (bytes.len() - before) as u64;
        sizes(self.header.len(), self.data_bytes).map(|_| ())
    }

    fn finish(&mut self, bytes: &mut Vec<u8>) -> Result<Vec<Patch>, AudioError> {
        if self.data_bytes % 2 == 1 {
            bytes.push(0);
        }
        let fields = sizes(self.header.len(), self.data_bytes)?;
        Ok(fields.map(|(offset, size)| Patch { offset: offset as u64, bytes: size.to_le_bytes().to_vec() }).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_32_bit_sizes_is_refused() {
        assert!(sizes(44, MAX_DATA_BYTES).is_ok());
        assert!(matches!(sizes(44, MAX_DATA_BYTES + 1), Err(AudioError::TooLong { .. })));
        for frames in [u64::MAX, u64::from(u32::MAX)] {
            let encoder = WavEncoder::new(OutputFormat::Wav16, SampleRate(8_000), 1, Some(frames));
            assert!(matches!(encoder, Err(AudioError::TooLong { .. })));
        }
    }

    #[test]
    fn sizes_cover_the_file_and_its_padding() {
        for frames in [0, 1, 2, 3] {
            let mut encoder = WavEncoder::new(OutputFormat::Wav24, SampleRate(8_000), 1, Some(frames)).unwrap();
            let mut file = encoder.header().unwrap();
            let header_len = file.len();
            encoder.encode(&vec![0.5; frames as usize], &mut file).unwrap();
            encoder.finish(&mut file).unwrap();
            let size_at = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
            assert_eq!(size_at(4), file.len() - 8);
            assert_eq!(size_at(header_len - 4), frames as usize * 3);
            assert_eq!(file.len() % 2, 0);
        }
    }
}
