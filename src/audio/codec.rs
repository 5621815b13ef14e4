//! One codec out of several: packets to interleaved samples.

use symphonia::core::codecs::audio::well_known::{CODEC_ID_OPUS, CODEC_ID_VORBIS};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::packet::Packet;

use super::error::{AudioError, check_rate};
use super::guard::guarded;
use super::opus::{OPUS_RATE_HZ, OpusDecoder, OpusHead};
use super::vorbis::VorbisDecoder;
use crate::units::SampleRate;

/// The decoder of one track.
pub(super) struct Codec {
    kind: Kind,
    pub name: &'static str,
    pub rate: SampleRate,
    pub channels: usize,
    /// Frames to leave out at the start, beyond what packets say of themselves.
    pub pre_skip: u64,
}

enum Kind {
    Symphonia(Box<dyn AudioDecoder>),
    Opus(Box<OpusDecoder>),
    Vorbis(Box<VorbisDecoder>),
}

impl Codec {
    pub fn new(parameters: &AudioCodecParameters) -> Result<Self, AudioError> {
        let headers = parameters.extra_data.as_deref().unwrap_or_default();
        let channels = parameters.channels.as_ref().map_or(0, |channels| channels.count());
        match parameters.codec {
            CODEC_ID_OPUS => Self::opus(headers),
            CODEC_ID_VORBIS if channels > 2 => Self::vorbis(headers),
            _ => Self::symphonia(parameters),
        }
    }

    fn opus(headers: &[u8]) -> Result<Self, AudioError> {
        let head = OpusHead::parse(headers)?;
        let kind = Kind::Opus(Box::new(OpusDecoder::new(&head)?));
        Ok(Self {
            kind,
            name: "opus",
            rate: SampleRate(OPUS_RATE_HZ),
            channels: head.channels,
            pre_skip: head.pre_skip,
        })
    }

    fn vorbis(headers: &[u8]) -> Result<Self, AudioError> {
        let decoder = guarded("Vorbis header", || VorbisDecoder::new(headers))??;
        let (rate, channels) = (check_rate(SampleRate(decoder.rate_hz()))?, decoder.channels());
        Ok(Self { kind: Kind::Vorbis(Box::new(decoder)), name: "vorbis", rate, channels, pre_skip: 0 })
    }

    fn symphonia(parameters: &AudioCodecParameters) -> Result<Self, AudioError> {
        let codecs = symphonia::default::get_codecs();
        let made = guarded("codec header", || codecs.make_audio_decoder(parameters, &AudioDecoderOptions::default()))?;
        let decoder = made.map_err(|error| match error {
            SymphoniaError::Unsupported(reason) => {
                AudioError::Unsupported { found: format!("codec {} ({reason})", parameters.codec) }
            }
            other => AudioError::malformed("codec header", other),
        })?;
        let name = decoder.codec_info().short_name;
        let known = decoder.codec_params();
        let rate_hz = known.sample_rate.or(parameters.sample_rate);
        let rate_hz = rate_hz.ok_or_else(|| AudioError::malformed(name, "it states no sample rate"))?;
        let channels = known.channels.as_ref().or(parameters.channels.as_ref()).map_or(0, |all| all.count());
        if channels == 0 {
            return Err(AudioError::malformed(name, "it states no channels"));
        }
        let rate = check_rate(SampleRate(rate_hz))?;
        Ok(Self { kind: Kind::Symphonia(decoder), name, rate, channels, pre_skip: 0 })
    }

    /// Replaces `samples` by the frames of `packet`, interleaved, without those that the packet wants trimmed. The
    /// inner error says what is wrong with the packet.
    pub fn decode(&mut self, packet: &Packet, samples: &mut Vec<f32>) -> Result<(), String> {
        samples.clear();
        let (kind, rate, channels) = (&mut self.kind, self.rate, self.channels);
        let decoded = guarded(self.name, || {
            match kind {
                Kind::Symphonia(decoder) => return symphonia_packet(decoder.as_mut(), packet, rate, channels, samples),
                Kind::Opus(decoder) => decoder.decode(&packet.data, samples)?,
                Kind::Vorbis(decoder) => decoder.decode(&packet.data, samples)?,
            }
            trim(samples, channels, packet.trim_start.get(), packet.trim_end.get());
            Ok(())
        });
        let result = decoded.unwrap_or_else(|error| Err(error.to_string()));
        samples.iter_mut().for_each(|sample| *sample = tamed(*sample));
        result
    }
}

/// Symphonia's decoders trim by themselves.
fn symphonia_packet(
    decoder: &mut dyn AudioDecoder,
    packet: &Packet,
    rate: SampleRate,
    channels: usize,
    samples: &mut Vec<f32>,
) -> Result<(), String> {
    let buffer = decoder.decode(packet).map_err(|error| error.to_string())?;
    let (found_channels, found_hz) = (buffer.spec().channels().count(), buffer.spec().rate());
    if (found_channels, found_hz) != (channels, rate.0) {
        return Err(format!("a packet of {found_channels} channels at {found_hz} Hz"));
    }
    buffer.copy_to_vec_interleaved(samples);
    Ok(())
}

/// Removes `start` frames from the start and `end` frames from the end, or all there are.
pub(super) fn trim(samples: &mut Vec<f32>, channels: usize, start: u64, end: u64) {
    let frames = (samples.len() / channels) as u64;
    let kept = frames.saturating_sub(end) as usize * channels;
    samples.truncate(kept);
    samples.drain(..(start.min(frames) as usize * channels).min(kept));
}

/// What damaged floating-point data may stand for: at most 80 dB above full scale, and 0 for what is no number.
pub(super) fn tamed(sample: f32) -> f32 {
    const HIGHEST: f32 = 1e4;
    if sample.is_finite() { sample.clamp(-HIGHEST, HIGHEST) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::trim;

    #[test]
    fn trimming_takes_whole_frames_and_no_more_than_there_are() {
        let trimmed = |start, end| {
            let mut samples = vec![0.0, 0.5, 1.0, 1.5, 2.0, 2.5];
            trim(&mut samples, 2, start, end);
            samples
        };
        assert_eq!(trimmed(0, 0).len(), 6);
        assert_eq!(trimmed(1, 1), [1.0, 1.5]);
        assert!(trimmed(2, 2).is_empty());
        assert!(trimmed(u64::MAX, 0).is_empty() && trimmed(0, u64::MAX).is_empty());
    }
}
