//! Every format, as made by ffmpeg (`scripts/make-audio-goldens.sh`), against the signal that was put in: frequency,
//! amplitude, order of the channels, length and time are all in the comparison.

mod golden;
mod odd;
mod stream;

use std::fs;
use std::path::Path;

use golden::{GOLDENS, data, decode, error_db, signal};
use voice_clone::audio::{Decoder, load_mono};
use voice_clone::units::{SampleRate, Seconds};

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
