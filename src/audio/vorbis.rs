//! Vorbis packets with more than two channels, by lewton.
//!
//! Symphonia (0.6.1) undoes the coupling of channels in the order of the header; the specification (Vorbis I, 4.3.5)
//! wants it from the last pair to the first. With one pair that is the same, and symphonia decodes it. With more, as
//! in 5.1 sound, what comes out is noise.

use lewton::audio::{PreviousWindowRight, read_audio_packet_generic};
use lewton::header::{IdentHeader, SetupHeader, read_header_ident, read_header_setup};

use super::error::AudioError;

const IDENT_START: &[u8] = b"\x01vorbis";
const SETUP_START: &[u8] = b"\x05vorbis";
/// The first header has always this length.
const IDENT_LEN: usize = 30;

/// For 3 to 8 channels: which channel of the stream goes to which place in the order of WAV files (front left, front
/// right, centre, low frequencies, rear, side). The same table serves Opus.
const WAV_ORDER: [&[usize]; 6] = [
    &[0, 2, 1],
    &[0, 1, 2, 3],
    &[0, 2, 1, 3, 4],
    &[0, 2, 1, 5, 3, 4],
    &[0, 2, 1, 6, 5, 3, 4],
    &[0, 2, 1, 7, 5, 6, 3, 4],
];

/// Place by place in WAV order, the channel of a Vorbis or Opus stream that belongs there.
pub(super) fn wav_order(channels: usize) -> Vec<usize> {
    let table = channels.checked_sub(3).and_then(|index| WAV_ORDER.get(index));
    table.map_or_else(|| (0..channels).collect(), |order| order.to_vec())
}

pub(super) struct VorbisDecoder {
    ident: IdentHeader,
    setup: SetupHeader,
    previous: PreviousWindowRight,
    order: Vec<usize>,
}

impl VorbisDecoder {
    /// `headers`: the identification and setup headers as symphonia's readers give them, one after the other or with
    /// the comment between.
    pub fn new(headers: &[u8]) -> Result<Self, AudioError> {
        let malformed = |reason: String| AudioError::malformed("Vorbis header", reason);
        let find = |start: &[u8]| headers.windows(start.len()).position(|window| window == start);
        let ident_at = find(IDENT_START).ok_or_else(|| malformed("no identification".to_owned()))?;
        let setup_at = find(SETUP_START).ok_or_else(|| malformed("no setup".to_owned()))?;
        let ident_end = (ident_at + IDENT_LEN).min(headers.len());
        let ident = read_header_ident(&headers[ident_at..ident_end]).map_err(|error| malformed(error.to_string()))?;
        let blocks = (ident.blocksize_0, ident.blocksize_1);
        let setup = read_header_setup(&headers[setup_at..], ident.audio_channels, blocks)
            .map_err(|error| malformed(error.to_string()))?;
        let order = wav_order(usize::from(ident.audio_channels));
        Ok(Self { ident, setup, previous: PreviousWindowRight::new(), order })
    }

    pub fn channels(&self) -> usize {
        self.order.len()
    }

    pub fn rate_hz(&self) -> u32 {
        self.ident.audio_sample_rate
    }

    /// Appends the frames of one packet, interleaved, to `samples`. The first packet has none.
    pub fn decode(&mut self, packet: &[u8], samples: &mut Vec<f32>) -> Result<(), String> {
        let planes: Vec<Vec<f32>> = read_audio_packet_generic(&self.ident, &self.setup, packet, &mut self.previous)
            .map_err(|error| error.to_string())?;
        let frames = planes.iter().map(Vec::len).min().unwrap_or(0);
        samples.reserve(frames * planes.len());
        for frame in 0..frames {
            samples.extend(self.order.iter().filter_map(|&channel| Some(planes.get(channel)?[frame])));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_has_one_place() {
        for channels in 1..=20 {
            let mut order = wav_order(channels);
            order.sort_unstable();
            assert_eq!(order, (0..channels).collect::<Vec<_>>());
        }
    }
}
