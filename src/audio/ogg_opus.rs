//! Opus in Ogg (RFC 6716, RFC 7845).

use ogg::writing::{PacketWriteEndInfo, PacketWriter};
use ropus::{Application, Bitrate, Channels, Encoder, Signal};

use super::encoder::{Encode, Patch};
use super::error::AudioError;
use super::opus::OPUS_RATE_HZ;
use crate::units::SampleRate;

pub(super) const MAX_OPUS_CHANNELS: usize = 2;
/// The rates that the encoder takes.
pub(super) const OPUS_RATES_HZ: [u32; 5] = [8_000, 12_000, 16_000, 24_000, 48_000];
/// Speech in full band at this rate is told from the original by few.
const BITS_PER_S_AND_CHANNEL: u32 = 40_000;
const COMPLEXITY: u8 = 9;
/// 20 ms.
const FRAMES_PER_S: u32 = 50;
const MAX_PACKET_BYTES: usize = 1_500;
/// A page holds a second, which is what RFC 7845 asks for at most.
const PACKETS_PER_PAGE: u64 = 50;
const SERIAL: u32 = 0x766f_6963;

fn failed(error: impl std::fmt::Display) -> AudioError {
    AudioError::Internal { library: "ropus", reason: error.to_string() }
}

/// Samples to packets to pages.
pub(super) struct OggOpusEncoder {
    encoder: Encoder,
    pages: PacketWriter<'static, Vec<u8>>,
    channels: usize,
    rate: SampleRate,
    /// Samples that don't fill a packet yet, interleaved.
    waiting: Vec<f32>,
    /// The packet that may be the last.
    held: Option<Vec<u8>>,
    /// Frames that came in.
    frames: u64,
    packets: u64,
}

impl OggOpusEncoder {
    /// # Errors
    /// A rate or a number of channels that Opus has not.
    pub fn new(rate: SampleRate, channels: usize) -> Result<Self, AudioError> {
        if !OPUS_RATES_HZ.contains(&rate.0) {
            return Err(AudioError::OutputRate { actual: rate, format: "Opus" });
        }
        let layout = if channels == 1 { Channels::Mono } else { Channels::Stereo };
        let bits = Bitrate::try_bits(BITS_PER_S_AND_CHANNEL * channels as u32).map_err(failed)?;
        let encoder = Encoder::builder(rate.0, layout, Application::Audio)
            .bitrate(bits)
            .signal(Signal::Voice)
            .complexity(COMPLEXITY)
            .build()
            .map_err(failed)?;
        let pages = PacketWriter::new(Vec::new());
        Ok(Self { encoder, pages, channels, rate, waiting: Vec::new(), held: None, frames: 0, packets: 0 })
    }

    /// Of the encoder, in frames of its rate.
    fn delay(&self) -> u64 {
        u64::from(self.encoder.lookahead())
    }

    /// Times in Ogg Opus are counted at 48 kHz.
    fn at_48_khz(&self, frames: u64) -> u64 {
        frames * u64::from(OPUS_RATE_HZ / self.rate.0)
    }

    fn packet_samples(&self) -> usize {
        (self.rate.0 / FRAMES_PER_S) as usize * self.channels
    }

    /// Encodes a packet's worth of samples; the packet before it is now known not to be the last.
    fn packet(&mut self, samples: &[f32]) -> Result<(), AudioError> {
        let mut packet = vec![0; MAX_PACKET_BYTES];
        let length = self.encoder.encode_float(samples, &mut packet).map_err(failed)?;
        packet.truncate(length);
        if let Some(before) = self.held.replace(packet) {
            self.packets += 1;
            let granule = self.at_48_khz(self.packets * u64::from(self.rate.0 / FRAMES_PER_S));
            let ends_page = self.packets.is_multiple_of(PACKETS_PER_PAGE);
            let end = if ends_page { PacketWriteEndInfo::EndPage } else { PacketWriteEndInfo::NormalPacket };
            self.pages.write_packet(before, SERIAL, end, granule)?;
        }
        Ok(())
    }

    fn take_pages(&mut self, bytes: &mut Vec<u8>) {
        bytes.append(self.pages.inner_mut());
    }
}

impl Encode for OggOpusEncoder {
    fn header(&mut self) -> Result<Vec<u8>, AudioError> {
        let pre_skip = self.at_48_khz(self.delay()) as u16;
        let mut head = b"OpusHead\x01".to_vec();
        head.push(self.channels as u8);
        head.extend(pre_skip.to_le_bytes());
        head.extend(self.rate.0.to_le_bytes());
        // No gain; mono or stereo.
        head.extend([0, 0, 0]);
        let vendor = concat!("voice-clone ", env!("CARGO_PKG_VERSION")).as_bytes();
        let length = (vendor.len() as u32).to_le_bytes();
        let tags = [b"OpusTags".as_slice(), &length, vendor, &[0; 4]].concat();
        for packet in [head, tags] {
            self.pages.write_packet(packet, SERIAL, PacketWriteEndInfo::EndPage, 0)?;
        }
        let mut bytes = Vec::new();
        self.take_pages(&mut bytes);
        Ok(bytes)
    }

    fn encode(&mut self, samples: &[f32], bytes: &mut Vec<u8>) -> Result<(), AudioError> {
        self.frames += (samples.len() / self.channels) as u64;
        self.waiting.extend(samples.iter().map(|sample| sample.clamp(-1.0, 1.0)));
        let size = self.packet_samples();
        let whole = self.waiting.len() / size * size;
        let rest = self.waiting.split_off(whole);
        let ready = std::mem::replace(&mut self.waiting, rest);
        ready.chunks_exact(size).try_for_each(|samples| self.packet(samples))?;
        self.take_pages(bytes);
        Ok(())
    }

    fn finish(&mut self, bytes: &mut Vec<u8>) -> Result<Vec<Patch>, AudioError> {
        let (delay, size) = (self.delay() as usize * self.channels, self.packet_samples());
        let mut last = std::mem::take(&mut self.waiting);
        last.resize((last.len() + delay).max(1).next_multiple_of(size), 0.0);
        last.chunks_exact(size).try_for_each(|samples| self.packet(samples))?;
        // What lies behind the last frame is cut off by the reader.
        let end = self.at_48_khz(self.frames + self.delay());
        if let Some(packet) = self.held.take() {
            self.pages.write_packet(packet, SERIAL, PacketWriteEndInfo::EndStream, end)?;
        }
        self.take_pages(bytes);
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{AudioWriter, Decoder, OutputFormat, load_mono};

    fn tone(frames: usize, rate: f64) -> Vec<f32> {
        (0..frames).map(|i| 0.5 * (std::f64::consts::TAU * 440.0 * i as f64 / rate).sin() as f32).collect()
    }

    /// The decoder is symphonia's and ropus', by the RFCs.
    #[test]
    fn what_is_written_is_read_in_time_and_length() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (rate, frames) in [(24_000, 50_321), (48_000, 960), (16_000, 7), (8_000, 400_000)] {
            let rate = SampleRate(rate);
            let path = folder.path().join("tone.opus");
            let mut writer = AudioWriter::create(&path, OutputFormat::Opus, rate, 1).expect("a file");
            let samples = tone(frames, rate.hz());
            samples.chunks(777).for_each(|chunk| writer.write(chunk).expect("samples"));
            writer.finish().expect("a file");
            let found = load_mono(&path, SampleRate(OPUS_RATE_HZ)).expect("a recording");
            assert_eq!(found.len(), frames * (OPUS_RATE_HZ / rate.0) as usize, "{rate}");
            if frames > 2_000 {
                let expected = tone(found.len(), f64::from(OPUS_RATE_HZ));
                let middle = found.len() / 4..found.len() / 4 * 3;
                let power = |samples: &[f32]| samples.iter().map(|x| f64::from(x * x)).sum::<f64>();
                let error: Vec<f32> =
                    found[middle.clone()].iter().zip(&expected[middle.clone()]).map(|(a, b)| a - b).collect();
                let ratio_db = 10.0 * (power(&expected[middle]) / power(&error)).log10();
                assert!(ratio_db > 15.0, "{rate}: {ratio_db} dB");
            }
        }
    }

    #[test]
    fn stereo_keeps_its_sides_and_other_rates_are_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("left.opus");
        let mut writer = AudioWriter::create(&path, OutputFormat::Opus, SampleRate(48_000), 2).expect("a file");
        let samples: Vec<f32> = tone(48_000, 48_000.0).into_iter().flat_map(|left| [left, 0.0]).collect();
        writer.write(&samples).expect("samples");
        writer.finish().expect("a file");
        let mut decoder = Decoder::open(&path).expect("a recording");
        let (mut left, mut right) = (0.0, 0.0);
        while let Some(block) = decoder.next_block().expect("audio") {
            for frame in block.chunks_exact(2) {
                left += frame[0] * frame[0];
                right += frame[1] * frame[1];
            }
        }
        assert!(left > 1000.0 * right, "{left} {right}");
        let refused =
            AudioWriter::create(&path, OutputFormat::Opus, SampleRate::SYNTHESIS, 1).err().expect("a refusal");
        assert!(refused.to_string().contains("24 or 48 kHz"), "{refused}");
    }
}
