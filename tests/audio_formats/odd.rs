//! Files that are chained, cut, damaged, empty, or no audio at all.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use voice_clone::audio::{AudioError, Decoder, load_mono};
use voice_clone::units::SampleRate;

use crate::golden::{GOLDENS, data, decode, decode_bytes};

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
    // The other containers must be whole to be opened.
    let robust = ["wave", "flac", "mp3", "aac", "ogg"];
    for golden in GOLDENS.iter().filter(|golden| robust.contains(&golden.kind.0)) {
        let bytes = fs::read(data(golden.name)).unwrap();
        let whole = decode_bytes(bytes.clone()).unwrap();
        match decode_bytes(bytes[..bytes.len() * 9 / 10].to_vec()) {
            Ok(part) => {
                assert!(part.len() <= whole.len(), "{}", golden.name);
                let same = part.iter().zip(&whole).take_while(|(a, b)| a == b).count();
                assert!(same * 5 > whole.len() * 2, "{}: {same} of {}", golden.name, whole.len());
            }
            // All may be in one page or packet, and part of that is nothing.
            Err(error) => {
                let fragile = ["ogg", "flac"].contains(&golden.kind.0) && golden.seconds < 1.0;
                assert!(fragile, "{}: {error}", golden.name);
            }
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
    let (before, after) = (whole.len() / 2, whole.len() * 3 / 4);
    assert!(samples[..before] == whole[..before]);
    // The decoder fills bands with noise of its own, so what follows is not the same to the last bit.
    let differences = samples[after..].iter().zip(&whole[after..]).map(|(a, b)| (a - b).abs());
    let worst = differences.fold(0.0, f32::max);
    assert!(worst < 0.02, "what follows differs by {worst}");
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
