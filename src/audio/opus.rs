//! Opus packets to samples (RFC 6716, RFC 7845), for symphonia's Ogg, Matroska and MP4 readers, which have no decoder
//! of their own for it.

use ropus::OpusMSDecoder;

use super::error::AudioError;

/// Opus always decodes at this rate, whatever the rate of the recording was.
pub(super) const OPUS_RATE_HZ: u32 = 48_000;
/// The longest packet: 120 ms.
const MAX_FRAMES: usize = 5_760;
/// Of libopus: what the error codes mean, from -1 on.
const ERRORS: [&str; 7] = [
    "bad argument",
    "buffer too small",
    "internal error",
    "invalid packet",
    "not implemented",
    "invalid state",
    "out of memory",
];

/// The identification header of RFC 7845, section 5.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OpusHead {
    pub channels: usize,
    pub pre_skip: usize,
    pub gain_q8: i16,
    streams: u8,
    coupled: u8,
    mapping: Vec<u8>,
}

impl OpusHead {
    /// Reads the header, with or without its magic `OpusHead` (which MP4 leaves out).
    pub fn parse(bytes: &[u8]) -> Result<Self, AudioError> {
        let malformed = |reason: &str| AudioError::malformed("Opus header", reason);
        let body = bytes.strip_prefix(b"OpusHead").unwrap_or(bytes);
        let (fixed, table) = body.split_first_chunk::<11>().ok_or_else(|| malformed("shorter than 19 bytes"))?;
        let channels = fixed[1];
        let family = fixed[10];
        let (streams, coupled, mapping) = match (family, channels) {
            (_, 0) => return Err(malformed("no channels")),
            (0, 1) => (1, 0, vec![0]),
            (0, 2) => (1, 1, vec![0, 1]),
            (0, _) => return Err(malformed("more than two channels in mapping family 0")),
            (1 | 255, _) => match table {
                [streams, coupled, mapping @ ..] if mapping.len() >= usize::from(channels) => {
                    (*streams, *coupled, mapping[..usize::from(channels)].to_vec())
                }
                _ => return Err(malformed("channel mapping table cut short")),
            },
            _ => return Err(AudioError::Unsupported { found: format!("Opus channel mapping family {family}") }),
        };
        Ok(Self {
            channels: usize::from(channels),
            pre_skip: usize::from(u16::from_le_bytes([fixed[2], fixed[3]])),
            gain_q8: i16::from_le_bytes([fixed[8], fixed[9]]),
            streams,
            coupled,
            mapping,
        })
    }
}

/// Decodes the packets of one Opus stream, pre-skip removed.
pub(super) struct OpusDecoder {
    decoder: OpusMSDecoder,
    channels: usize,
    skip_left: usize,
    pcm_i16: Vec<i16>,
    pcm: Vec<f32>,
}

impl OpusDecoder {
    pub fn new(head: &OpusHead) -> Result<Self, AudioError> {
        let mut decoder = OpusMSDecoder::new(
            OPUS_RATE_HZ as i32,
            head.channels as i32,
            i32::from(head.streams),
            i32::from(head.coupled),
            &head.mapping,
        )
        .map_err(|code| AudioError::malformed("Opus header", describe(code)))?;
        decoder.set_gain(i32::from(head.gain_q8));
        let pcm_i16 = vec![0; MAX_FRAMES * head.channels];
        Ok(Self { decoder, channels: head.channels, skip_left: head.pre_skip, pcm_i16, pcm: Vec::new() })
    }

    /// The frames of one packet, interleaved, without the pre-skip and without the last `trim_end` frames.
    pub fn decode(&mut self, packet: &[u8], trim_end: u64) -> Result<&[f32], AudioError> {
        if packet.is_empty() {
            return Err(AudioError::malformed("Opus packet", "empty"));
        }
        let frames = self
            .decoder
            .decode(Some(packet), packet.len() as i32, &mut self.pcm_i16, MAX_FRAMES as i32, false)
            .map_err(|code| AudioError::malformed("Opus packet", describe(code)))?;
        let frames = usize::try_from(frames).unwrap_or(0).min(MAX_FRAMES);
        let skipped = self.skip_left.min(frames);
        self.skip_left -= skipped;
        let end = frames.saturating_sub(usize::try_from(trim_end).unwrap_or(usize::MAX)).max(skipped);
        let wanted = &self.pcm_i16[skipped * self.channels..end * self.channels];
        self.pcm.clear();
        self.pcm.extend(wanted.iter().map(|&sample| f32::from(sample) / 32_768.0));
        Ok(&self.pcm)
    }
}

fn describe(code: i32) -> String {
    let index = usize::try_from(-i64::from(code)).ok().and_then(|n| n.checked_sub(1));
    index.and_then(|i| ERRORS.get(i)).map_or_else(|| format!("error {code}"), |name| (*name).to_owned())
}
