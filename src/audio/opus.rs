//! Opus packets to samples (RFC 6716, RFC 7845), for symphonia's Ogg, Matroska and MP4 readers, which have no decoder
//! of their own for it.

use ropus::OpusMSDecoder;

use super::error::AudioError;
use super::vorbis::wav_order;

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
    /// Frames to leave out at the start.
    pub pre_skip: u64,
    pub gain_q8: i16,
    streams: u8,
    coupled: u8,
    mapping: Vec<u8>,
}

impl OpusHead {
    /// Reads the header as symphonia's readers give it: always with the magic `OpusHead`, but in files of the MP4
    /// family (where its version is 0) with the bytes of each number in the other order.
    pub fn parse(bytes: &[u8]) -> Result<Self, AudioError> {
        let malformed = |reason: &str| AudioError::malformed("Opus header", reason);
        let body = bytes.strip_prefix(b"OpusHead").ok_or_else(|| malformed("no magic"))?;
        let (fixed, table) = body.split_first_chunk::<11>().ok_or_else(|| malformed("shorter than 19 bytes"))?;
        let number = |at: usize| match fixed[0] {
            0 => u16::from_be_bytes([fixed[at], fixed[at + 1]]),
            _ => u16::from_le_bytes([fixed[at], fixed[at + 1]]),
        };
        let channels = fixed[1];
        let family = fixed[10];
        let (streams, coupled, mapping) = match (family, channels) {
            (_, 0) => return Err(malformed("no channels")),
            (0, 1) => (1, 0, vec![0]),
            (0, 2) => (1, 1, vec![0, 1]),
            (0, _) => return Err(malformed("more than two channels in mapping family 0")),
            (1 | 255, _) => match table {
                [streams, coupled, mapping @ ..] if mapping.len() >= usize::from(channels) => {
                    let order = if family == 1 { wav_order(channels.into()) } else { (0..channels.into()).collect() };
                    (*streams, *coupled, order.into_iter().map(|channel| mapping[channel]).collect())
                }
                _ => return Err(malformed("channel mapping table cut short")),
            },
            _ => return Err(AudioError::Unsupported { found: format!("Opus channel mapping family {family}") }),
        };
        Ok(Self {
            channels: usize::from(channels),
            pre_skip: u64::from(number(2)),
            gain_q8: number(8).cast_signed(),
            streams,
            coupled,
            mapping,
        })
    }
}

/// Decodes the packets of one Opus stream. Channels come in the order of WAV files; the pre-skip is left in.
pub(super) struct OpusDecoder {
    decoder: OpusMSDecoder,
    channels: usize,
    pcm: Vec<i16>,
}

impl OpusDecoder {
    pub fn new(head: &OpusHead) -> Result<Self, AudioError> {
        let (streams, coupled) = (i32::from(head.streams), i32::from(head.coupled));
        let mut decoder =
            OpusMSDecoder::new(OPUS_RATE_HZ as i32, head.channels as i32, streams, coupled, &head.mapping)
                .map_err(|code| AudioError::malformed("Opus header", describe(code)))?;
        decoder.set_gain(i32::from(head.gain_q8));
        Ok(Self { decoder, channels: head.channels, pcm: vec![0; MAX_FRAMES * head.channels] })
    }

    /// Appends the frames of one packet, interleaved, to `samples`.
    pub fn decode(&mut self, packet: &[u8], samples: &mut Vec<f32>) -> Result<(), String> {
        // To the decoder, no bytes would mean a packet that was lost on the way.
        if packet.is_empty() {
            return Err("empty Opus packet".to_owned());
        }
        let len = i32::try_from(packet.len()).map_err(|_| "Opus packet too long".to_owned())?;
        let frames =
            self.decoder.decode(Some(packet), len, &mut self.pcm, MAX_FRAMES as i32, false).map_err(describe)?;
        let count = usize::try_from(frames).unwrap_or(0).min(MAX_FRAMES) * self.channels;
        samples.extend(self.pcm[..count].iter().map(|&sample| f32::from(sample) / 32_768.0));
        Ok(())
    }
}

fn describe(code: i32) -> String {
    let index = usize::try_from(-i64::from(code)).ok().and_then(|n| n.checked_sub(1));
    index.and_then(|i| ERRORS.get(i)).map_or_else(|| format!("error {code}"), |name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(family: u8, channels: u8, table: &[u8]) -> Vec<u8> {
        let fixed = [1, channels, 0x38, 0x01, 0x80, 0xbb, 0, 0, 0x00, 0xff, family];
        [b"OpusHead".as_slice(), &fixed, table].concat()
    }

    #[test]
    fn a_stereo_header_is_read() {
        let head = OpusHead::parse(&head(0, 2, &[])).unwrap();
        assert_eq!((head.channels, head.pre_skip, head.gain_q8), (2, 312, -256));
        assert_eq!((head.streams, head.coupled, head.mapping), (1, 1, vec![0, 1]));
    }

    #[test]
    fn numbers_of_mp4_files_are_read_the_other_way_round() {
        let bytes = [b"OpusHead".as_slice(), &[0, 1, 0x01, 0x38, 0, 0, 0xbb, 0x80, 0xff, 0x00, 0]].concat();
        let head = OpusHead::parse(&bytes).unwrap();
        assert_eq!((head.channels, head.pre_skip, head.gain_q8), (1, 312, -256));
    }

    #[test]
    fn surround_is_put_into_the_order_of_wav() {
        let head = OpusHead::parse(&head(1, 6, &[4, 2, 0, 4, 1, 2, 3, 5])).unwrap();
        assert_eq!((head.streams, head.coupled, head.mapping), (4, 2, vec![0, 1, 4, 5, 2, 3]));
    }

    #[test]
    fn impossible_headers_are_refused() {
        let table = [1, 0, 0];
        let malformed = [head(0, 0, &[]), head(0, 3, &[]), head(1, 2, &table), head(1, 2, &[]), b"OpusHead".to_vec()];
        for bytes in malformed {
            assert!(matches!(OpusHead::parse(&bytes), Err(AudioError::Malformed { .. })), "{bytes:?}");
        }
        assert!(matches!(OpusHead::parse(&head(3, 4, &[])), Err(AudioError::Unsupported { .. })));
        let no_streams = OpusHead::parse(&head(1, 1, &[0, 0, 0])).unwrap();
        assert!(OpusDecoder::new(&no_streams).is_err());
        let no_such_stream = OpusHead::parse(&head(1, 1, &[1, 0, 7])).unwrap();
        assert!(OpusDecoder::new(&no_such_stream).is_err());
    }

    #[test]
    fn a_packet_that_is_none_is_an_error() {
        let mut decoder = OpusDecoder::new(&OpusHead::parse(&head(0, 1, &[])).unwrap()).unwrap();
        let mut samples = Vec::new();
        for packet in [[].as_slice(), &[0xff], &[0x03, 0xff]] {
            assert!(decoder.decode(packet, &mut samples).is_err(), "{packet:?}");
        }
        assert!(samples.is_empty());
    }
}
