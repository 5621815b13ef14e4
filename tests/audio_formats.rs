//! Every format, as made by ffmpeg (`scripts/make-audio-goldens.sh`), against the signal that was put in: frequency,
//! amplitude, order of the channels, length and time are all in the comparison. Then what else files can be like.

use std::f64::consts::TAU;
use std::fs;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use voice_clone::audio::{AudioError, Decoder, MonoStream, load_mono};
use voice_clone::units::{SampleRate, Seconds};

/// A golden file and what must come out of it.
#[derive(Clone, Copy)]
struct Golden {
    name: &'static str,
    kind: (&'static str, &'static str),
    rate: u32,
    channels: usize,
    seconds: f64,
    /// The largest difference from the signal, relative to it, in dB.
    error_db: f64,
    /// How many samples later than in the signal everything is, where the format can't state its delay.
    late_by: i64,
    /// Whether there may be a few samples too many at the end, where the format can't state its length.
    padded: bool,
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

const GOLDENS: [Golden; 31] = [
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

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/audio").join(name)
}

/// The signal of channel `channel` at sample `n`: the formula of the script.
fn signal(golden: &Golden, channel: usize, n: usize) -> f64 {
    let t = n as f64 / f64::from(golden.rate);
    let start_hz = 200.0 + 100.0 * channel as f64;
    0.4 * (TAU * (start_hz * t + 1_500.0 * t * t / golden.seconds)).sin()
}

fn decode(decoder: &mut Decoder) -> Result<Vec<f32>, AudioError> {
    let mut samples = Vec::new();
    while let Some(block) = decoder.next_block()? {
        assert!(!block.is_empty() && block.iter().all(|sample| sample.is_finite()));
        samples.extend_from_slice(block);
    }
    assert_eq!(decoder.next_block()?, None, "the end is final");
    Ok(samples)
}

fn decode_bytes(bytes: Vec<u8>) -> Result<Vec<f32>, AudioError> {
    decode(&mut Decoder::from_source(Cursor::new(bytes))?)
}

/// The difference of one channel from the signal, relative to it, in dB.
fn error_db(golden: &Golden, samples: &[f32], channel: usize, frames: usize) -> f64 {
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

#[test]
fn every_format_gives_the_signal_that_was_put_in() {
    for golden in &GOLDENS {
        let mut decoder = Decoder::open(&data(golden.name)).unwrap();
        let info = decoder.info().clone();
        assert_eq!((info.container.as_str(), info.codec.as_str()), golden.kind, "{}", golden.name);
        assert_eq!((info.rate, info.channels), (SampleRate(golden.rate), golden.channels), "{}", golden.name);

        let samples = decode(&mut decoder).unwrap();
        assert_eq!(decoder.skipped_packets(), 0, "{}", golden.name);
        let expected = (golden.seconds * f64::from(golden.rate)).round() as usize;
        let frames = samples.len() / golden.channels;
        let excess = if golden.padded { 2_304 } else { 0 };
        assert!((expected..=expected + excess).contains(&frames), "{}: {frames} for {expected}", golden.name);
        if let (Some(duration), false) = (info.duration, golden.padded) {
            assert!((duration.0 - golden.seconds).abs() < 1e-4, "{}: {duration}", golden.name);
        }
        for channel in 0..golden.channels {
            // The fourth of six channels is for low frequencies, and lossy codecs keep only those.
            if (golden.channels, channel) != (6, 3) {
                let error_db = error_db(golden, &samples, channel, expected);
                assert!(error_db < golden.error_db, "{}, channel {channel}: {error_db:.1} dB", golden.name);
            }
        }
    }
}

#[test]
fn the_resolution_is_told_where_there_is_one() {
    for (name, bits) in [("u8.wav", 8), ("s24.wav", 24), ("f32.wav", 32), ("s16.flac", 16), ("s24-96k.flac", 24)] {
        assert_eq!(Decoder::open(&data(name)).unwrap().info().bits_per_sample, Some(bits), "{name}");
    }
    assert_eq!(Decoder::open(&data("mono.opus")).unwrap().info().bits_per_sample, None);
}

#[test]
fn every_format_comes_as_mono_at_any_rate() {
    for golden in &GOLDENS {
        for rate in [SampleRate::ANALYSIS, SampleRate::SYNTHESIS] {
            let samples = load_mono(&data(golden.name), rate).unwrap();
            let expected = rate.samples(Seconds(golden.seconds));
            let excess = if golden.padded { rate.samples(Seconds(2_304.0 / f64::from(golden.rate))) } else { 0 };
            assert!((expected..=expected + excess).contains(&samples.len()), "{} at {rate}", golden.name);
        }
    }
}

#[test]
fn downmixing_takes_the_mean_of_the_channels() {
    for golden in GOLDENS.iter().filter(|golden| ["s16.wav", "8ch.flac"].contains(&golden.name)) {
        let mono = load_mono(&data(golden.name), SampleRate(golden.rate)).unwrap();
        for (n, sample) in mono.iter().enumerate() {
            let mean = (0..golden.channels).map(|c| signal(golden, c, n)).sum::<f64>() / golden.channels as f64;
            assert!((f64::from(*sample) - mean).abs() < 1e-4, "{}, sample {n}", golden.name);
        }
    }
}

#[test]
fn the_content_tells_the_format_whatever_the_name() {
    let folder = tempfile::tempdir().unwrap();
    for (content, name) in [("s16.flac", "a.mp3"), ("mono.opus", "b.wav"), ("cbr.mp3", "c"), ("aac.m4a", "d.ogg")] {
        let path = folder.path().join(name);
        fs::copy(data(content), &path).unwrap();
        let samples = |path: &Path| decode(&mut Decoder::open(path).unwrap()).unwrap();
        assert!(samples(&path) == samples(&data(content)), "{content} as {name}");
    }
}

#[test]
fn chained_streams_follow_each_other() {
    let one = fs::read(data("mono.opus")).unwrap();
    let samples = decode_bytes(one.clone()).unwrap();
    assert!(decode_bytes([one.clone(), one.clone()].concat()).unwrap() == [samples.clone(), samples].concat());
    let other = fs::read(data("vorbis.ogg")).unwrap();
    assert!(matches!(decode_bytes([one, other].concat()), Err(AudioError::Malformed { .. })));
}

/// Most of a file gives most of its sound, and that is right.
#[test]
fn a_file_that_is_cut_short_gives_what_it_has() {
    for golden in GOLDENS.iter().filter(|golden| golden.kind.0 != "isomp4") {
        let bytes = fs::read(data(golden.name)).unwrap();
        let whole = decode_bytes(bytes.clone()).unwrap();
        match decode_bytes(bytes[..bytes.len() * 9 / 10].to_vec()) {
            Ok(part) => {
                assert!(part.len() <= whole.len(), "{}", golden.name);
                let same = part.iter().zip(&whole).take_while(|(a, b)| a == b).count();
                assert!(same * 3 > whole.len() * 2, "{}: {same} of {}", golden.name, whole.len());
            }
            // Ogg keeps up to a second in one page, and half a page is nothing.
            Err(error) => assert!(golden.kind.0 == "ogg" && golden.seconds < 1.0, "{}: {error}", golden.name),
        }
    }
}

#[test]
fn a_damaged_packet_is_counted_and_becomes_silence() {
    let bytes = fs::read(data("aac.m4a")).unwrap();
    let whole = decode_bytes(bytes.clone()).unwrap();
    let mut damaged = bytes;
    let middle = damaged.len() / 2;
    damaged[middle..middle + 600].fill(0xff);
    let mut decoder = Decoder::from_source(Cursor::new(damaged)).unwrap();
    let samples = decode(&mut decoder).unwrap();
    assert!((1..=4).contains(&decoder.skipped_packets()), "{} skipped", decoder.skipped_packets());
    assert_eq!(samples.len(), whole.len());
    let third = whole.len() / 3;
    assert!(samples[..third] == whole[..third] && samples[2 * third..] == whole[2 * third..]);
}

#[test]
fn what_is_no_audio_is_named() {
    let cases: [(&[u8], &str); 4] = [
        (b"Once upon a time there was a file that called itself .wav.\n", "text"),
        (b"\x89PNG\r\n\x1a\n0000000000000000000000000000000000000000", "a PNG image"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11 and so on and on and on and on", "Windows Media"),
        (&[7; 5_000], "bytes of no known audio format"),
    ];
    for (bytes, name) in cases {
        let error = decode_bytes(bytes.to_vec()).unwrap_err();
        assert!(matches!(error, AudioError::Unsupported { .. }), "{name}: {error}");
        let message = error.to_string();
        assert!(message.contains(name) && message.contains("supported are WAV"), "{message}");
    }
}

#[test]
fn what_cannot_be_opened_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let message = |path: &Path| load_mono(path, SampleRate::ANALYSIS).unwrap_err().to_string();
    let missing = folder.path().join("missing.wav");
    assert!(message(&missing).starts_with("cannot read") && message(&missing).contains("missing.wav"));
    assert!(message(folder.path()).contains("directory"), "{}", message(folder.path()));
    let empty = folder.path().join("empty.wav");
    fs::write(&empty, "").unwrap();
    assert_eq!(message(&empty), "no audio in it: it has no bytes");
}

fn wav(rate: u32, channels: u16, samples: &[f32]) -> Vec<u8> {
    let spec =
        hound::WavSpec { channels, sample_rate: rate, bits_per_sample: 32, sample_format: hound::SampleFormat::Float };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    samples.iter().for_each(|&sample| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
    bytes.into_inner()
}

#[test]
fn rates_out_of_range_are_refused() {
    for rate in [1, 7_999, 192_001, 384_000] {
        let error = decode_bytes(wav(rate, 1, &[0.0; 100])).unwrap_err();
        assert!(matches!(error, AudioError::RateOutOfRange { actual, .. } if actual.0 == rate), "{error}");
    }
}

#[test]
fn odd_files_are_read() {
    assert_eq!(decode_bytes(wav(16_000, 1, &[0.25])).unwrap(), [0.25]);
    let many: Vec<f32> = (0..36).map(|n| n as f32 / 64.0).collect();
    assert_eq!(decode_bytes(wav(16_000, 18, &many)).unwrap(), many);
    let broken = [f32::NAN, f32::INFINITY, -0.5, f32::NEG_INFINITY, 3.0];
    assert_eq!(decode_bytes(wav(16_000, 1, &broken)).unwrap(), [0.0, 0.0, -0.5, 0.0, 3.0]);
    assert!(matches!(decode_bytes(wav(16_000, 1, &[])), Err(AudioError::Empty(_))));
}

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
