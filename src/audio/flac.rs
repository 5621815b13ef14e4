//! FLAC bytes by flacenc, block by block.

use flacenc::bitsink::ByteSink;
use flacenc::component::{BitRepr, Stream, StreamInfo};
use flacenc::error::{Verified, Verify};
use flacenc::source::{Context, Fill, FrameBuf};

use super::encoder::{Encode, Patch, quantise};
use super::error::{AudioError, MIN_RATE};
use crate::units::SampleRate;

/// Frames in a block, the encoder's usual size.
const BLOCK: usize = 4_096;
const BITS: u32 = 16;
/// The limit of flacenc.
const MAX_FLAC_RATE: SampleRate = SampleRate(96_000);
pub(super) const MAX_FLAC_CHANNELS: usize = 8;

pub(super) struct FlacEncoder {
    config: Verified<flacenc::config::Encoder>,
    info: StreamInfo,
    buffer: FrameBuf,
    /// Counts blocks and hashes samples.
    context: Context,
    /// Interleaved samples that do not fill a block yet.
    pending: Vec<i32>,
    channels: usize,
}

impl FlacEncoder {
    pub fn new(rate: SampleRate, channels: usize) -> Result<Self, AudioError> {
        if rate > MAX_FLAC_RATE || !rate_fits_frame_header(rate) {
            return Err(AudioError::RateOutOfRange { actual: rate, min: MIN_RATE, max: MAX_FLAC_RATE });
        }
        let config = flacenc::config::Encoder::default().into_verified().map_err(|(_, error)| internal(error))?;
        let mut info = StreamInfo::new(rate.0 as usize, channels, BITS as usize).map_err(internal)?;
        info.set_block_sizes(BLOCK, BLOCK).map_err(internal)?;
        info.set_frame_sizes(0, 0).map_err(internal)?;
        let buffer = FrameBuf::with_size(channels, BLOCK).map_err(internal)?;
        let context = Context::new(BITS as usize, channels);
        Ok(Self { config, info, buffer, context, pending: Vec::new(), channels })
    }

    /// Encodes the first `samples` of `pending`, a block or the end of the last one.
    fn encode_block(&mut self, samples: usize, bytes: &mut Vec<u8>) -> Result<(), AudioError> {
        let block = &self.pending[..samples];
        self.buffer.fill_interleaved(block).map_err(internal)?;
        self.context.fill_interleaved(block).map_err(internal)?;
        let number = self.context.current_frame_number().unwrap_or(0);
        let frame = flacenc::encode_fixed_size_frame(&self.config, &self.buffer, number, &self.info);
        append(&frame.map_err(internal)?, bytes)?;
        self.pending.drain(..samples);
        Ok(())
    }
}

/// Frame headers hold the rate in kHz or in tens of Hz or, below 65,536 Hz, in Hz.
fn rate_fits_frame_header(rate: SampleRate) -> bool {
    rate.0 <= u32::from(u16::MAX) || rate.0.is_multiple_of(10)
}

fn append(part: &impl BitRepr, bytes: &mut Vec<u8>) -> Result<(), AudioError> {
    let mut sink = ByteSink::new();
    part.write(&mut sink).map_err(internal)?;
    bytes.extend_from_slice(sink.as_slice());
    Ok(())
}

fn internal(error: impl std::fmt::Display) -> AudioError {
    AudioError::Internal { library: "flacenc", reason: error.to_string() }
}

impl Encode for FlacEncoder {
    /// The marker and STREAMINFO, which leaves the length open until [`Encode::finish`].
    fn header(&mut self) -> Result<Vec<u8>, AudioError> {
        let mut bytes = Vec::new();
        append(&Stream::with_stream_info(self.info.clone()), &mut bytes)?;
        Ok(bytes)
    }

    fn encode(&mut self, samples: &[f32], bytes: &mut Vec<u8>) -> Result<(), AudioError> {
        let block = BLOCK * self.channels;
        for piece in samples.chunks(block) {
            self.pending.extend(piece.iter().map(|&sample| quantise(sample, BITS)));
            if self.pending.len() >= block {
                self.encode_block(block, bytes)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, bytes: &mut Vec<u8>) -> Result<Vec<Patch>, AudioError> {
        if !self.pending.is_empty() {
            self.encode_block(self.pending.len(), bytes)?;
        }
        self.info.set_total_samples(self.context.total_samples());
        self.info.set_md5_digest(&self.context.md5_digest());
        Ok(vec![Patch { offset: 0, bytes: self.header()? }])
    }
}
