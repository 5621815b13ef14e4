//! The golden files, and what they must decode to.

use std::f64::consts::TAU;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use voice_clone::audio::{AudioError, Decoder};

/// A golden file and what must come out of it.
#[derive(Clone, Copy)]
pub struct Golden {
    pub name: &'static str,
    pub kind: (&'static str, &'static str),
    pub rate: u32,
    pub channels: usize,
    pub seconds: f64,
    /// The largest difference from the signal, relative to it, in dB.
    pub error_db: f64,
    /// How many samples later than in the signal everything is, where the format can't state its delay.
    pub late_by: i64,
    /// Whether there may be a few samples too many at the end, where the format can't state its length.
    pub padded: bool,
}

/// `kind` is the container and the codec; `shape` the rate in Hz, the channels and the length in seconds.
const fn golden(
    name: &'static str,
    kind: (&'static str, &'static str),
    shape: (u32, usize, f64),
    error_db: f64,
) -> Golden {
    let (rate, channels, seconds) = shape;
    Golden { name, kind, rate, channels, seconds, error_db, late_by: 0, padded: false }
}

impl Golden {
    const fn late_by(self, late_by: i64) -> Self {
        Self { late_by, ..self }
    }

    const fn padded(self) -> Self {
        Self { padded: true, ..self }
    }
}

pub const GOLDENS: [Golden; 31] = [
    golden("u8.wav", ("wave", "pcm_u8"), (8_000, 1, 0.3), -40.0),
    golden("alaw.wav", ("wave", "pcm_alaw"), (8_000, 1, 0.3), -36.0),
    golden("mulaw.wav", ("wave", "pcm_mulaw"), (8_000, 1, 0.3), -36.0),
    golden("s16.wav", ("wave", "pcm_s16le"), (16_000, 2, 0.15), -85.0),
    golden("s24.wav", ("wave", "pcm_s24le"), (44_100, 1, 0.1), -125.0),
    golden("s32.wav", ("wave", "pcm_s32le"), (22_050, 1, 0.1), -140.0),
    golden("f32.wav", ("wave", "pcm_f32le"), (48_000, 1, 0.05), -140.0),
    golden("f64.wav", ("wave", "pcm_f64le"), (11_025, 1, 0.08), -140.0),
    golden("s16-192k.wav", ("wave", "pcm_s16le"), (192_000, 1, 0.02), -85.0),
    golden("s16.aiff", ("aiff", "pcm_s16be"), (22_050, 2, 0.1), -85.0),
    golden("s16le.aifc", ("aiff", "pcm_s16le"), (16_000, 1, 0.1), -85.0),
    golden("s16.flac", ("flac", "flac"), (16_000, 2, 0.15), -85.0),
    golden("s24-96k.flac", ("flac", "flac"), (96_000, 1, 0.03), -125.0),
    golden("8ch.flac", ("flac", "flac"), (16_000, 8, 0.05), -85.0),
    golden("cbr.mp3", ("mp3", "mp3"), (44_100, 2, 0.5), -24.0),
    golden("vbr.mp3", ("mp3", "mp3"), (22_050, 1, 0.5), -24.0),
    // Without a LAME tag the delay is not stated: 576 of the encoder, 529 of the decoder.
    golden("no-gapless-tag.mp3", ("mp3", "mp3"), (16_000, 1, 0.5), -24.0).late_by(1_105).padded(),
    golden("vorbis.ogg", ("ogg", "vorbis"), (44_100, 2, 0.5), -23.0),
    golden("vorbis-6ch.ogg", ("ogg", "vorbis"), (48_000, 6, 0.2), -15.0),
    golden("flac.ogg", ("ogg", "flac"), (16_000, 1, 0.2), -85.0),
    golden("mono.opus", ("ogg", "opus"), (48_000, 1, 0.3), -35.0),
    golden("stereo.opus", ("ogg", "opus"), (48_000, 2, 1.3), -30.0),
    // The speech layer of Opus is 2 samples early, in libopus as well.
    golden("voice.opus", ("ogg", "opus"), (48_000, 1, 1.5), -18.0).late_by(-2),
    golden("6ch.opus", ("ogg", "opus"), (48_000, 6, 0.2), -26.0),
    golden("60ms.opus", ("ogg", "opus"), (48_000, 1, 0.5), -33.0),
    golden("aac.m4a", ("isomp4", "aac"), (44_100, 2, 0.5), -24.0),
    golden("alac.m4a", ("isomp4", "alac"), (44_100, 1, 0.1), -85.0),
    golden("opus.mp4", ("isomp4", "opus"), (48_000, 1, 0.3), -35.0),
    golden("adts.aac", ("aac", "aac"), (22_050, 1, 0.5), -20.0).late_by(1_024).padded(),
    golden("opus.webm", ("matroska", "opus"), (48_000, 1, 0.3), -35.0).padded(),
    golden("vorbis.mka", ("matroska", "vorbis"), (44_100, 1, 0.3), -16.0).padded(),
];

pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/audio").join(name)
}

/// The signal of channel `channel` at sample `n`: the formula of the script.
pub fn signal(golden: &Golden, channel: usize, n: usize) -> f64 {
    let t = n as f64 / f64::from(golden.rate);
    let start_hz = 200.0 + 100.0 * channel as f64;
    0.4 * (TAU * (start_hz * t + 1_500.0 * t * t / golden.seconds)).sin()
}

pub fn decode(decoder: &mut Decoder) -> Result<Vec<f32>, AudioError> {
    let mut samples = Vec::new();
    while let Some(block) = decoder.next_block()? {
        assert!(!block.is_empty() && block.iter().all(|sample| sample.is_finite()));
        samples.extend_from_slice(block);
    }
    assert_eq!(decoder.next_block()?, None, "the end is final");
    Ok(samples)
}

pub fn decode_bytes(bytes: Vec<u8>) -> Result<Vec<f32>, AudioError> {
    decode(&mut Decoder::from_source(Cursor::new(bytes))?)
}

/// The difference of one channel from the signal, relative to it, in dB.
pub fn error_db(golden: &Golden, samples: &[f32], channel: usize, frames: usize) -> f64 {
    let (mut difference, mut energy) = (0.0, 0.0);
    for n in 0..frames {
        let expected = signal(golden, channel, n);
        let index = usize::try_from(n as i64 + golden.late_by).map(|frame| frame * golden.channels + channel);
        let actual = index.ok().and_then(|index| samples.get(index)).copied().unwrap_or(0.0);
        difference += (f64::from(actual) - expected).powi(2);
        energy += expected * expected;
    }
    10.0 * (difference / energy).log10()
}
