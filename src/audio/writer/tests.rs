use std::sync::{Arc, Mutex};

use super::*;
use crate::audio::Decoder;

const RATE: SampleRate = SampleRate(22_050);
const FORMATS: [OutputFormat; 4] =
    [OutputFormat::Wav16, OutputFormat::Wav24, OutputFormat::WavFloat, OutputFormat::Flac];

/// Samples on the grid of 16 bits, so that every format can hold them without loss.
fn samples(count: usize) -> Vec<f32> {
    let mut state = 1_u32;
    let wave = (0..count).map(|n| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (state >> 24) as f32 - 128.0;
        (20_000.0 * (0.05 * n as f32).sin() + noise).round() / 32_768.0
    });
    wave.collect()
}

fn decode(path: &Path) -> (Vec<f32>, SampleRate, usize) {
    let mut decoder = Decoder::open(path).unwrap();
    let mut samples = Vec::new();
    while let Some(block) = decoder.next_block().unwrap() {
        samples.extend_from_slice(block);
    }
    assert_eq!(decoder.skipped_packets(), 0);
    (samples, decoder.info().rate, decoder.info().channels)
}

fn write(path: &Path, format: OutputFormat, rate: SampleRate, channels: usize, samples: &[f32]) {
    let mut writer = AudioWriter::create(path, format, rate, channels).unwrap();
    samples.chunks(channels * 1_000).for_each(|piece| writer.write(piece).unwrap());
    assert_eq!(writer.frames(), (samples.len() / channels) as u64);
    writer.finish().unwrap();
}

fn names_in(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_format_gives_back_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    for format in FORMATS {
        for channels in [1, 2, 3, 8] {
            for frames in [1, 2, 15, 31, 32, 63, 4_095, 4_096, 4_097, 10_000] {
                let path = folder.path().join(format!("x.{}", format.extension()));
                let written = samples(frames * channels);
                write(&path, format, RATE, channels, &written);
                let read = decode(&path);
                assert!(read == (written, RATE, channels), "{format}, {channels} channels, {frames} frames");
            }
        }
    }
}

#[test]
fn every_rate_that_a_format_takes_survives() {
    let folder = tempfile::tempdir().unwrap();
    for rate in [8_000, 11_025, 12_345, 16_000, 44_100, 65_535, 65_540, 88_200, 96_000, 192_000].map(SampleRate) {
        for format in FORMATS {
            let path = folder.path().join("rate");
            if format == OutputFormat::Flac && rate > SampleRate(96_000) {
                let refused = AudioWriter::create(&path, format, rate, 1);
                assert!(matches!(refused, Err(AudioError::RateOutOfRange { .. })));
            } else {
                let written = samples(500);
                write(&path, format, rate, 1, &written);
                assert!(decode(&path) == (written, rate, 1), "{format} at {rate}");
            }
        }
    }
}

#[test]
fn samples_are_clipped_and_made_finite() {
    let folder = tempfile::tempdir().unwrap();
    for format in FORMATS {
        let path = folder.path().join("clip");
        write(&path, format, RATE, 1, &[2.0, -2.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.5]);
        let (read, ..) = decode(&path);
        assert!((read[0] - 1.0).abs() < 1e-4 && read[1] == -1.0, "{format}: {read:?}");
        assert_eq!(read[2..], [0.0, 0.0, 0.0, 0.5], "{format}");
    }
}

#[test]
fn a_file_appears_only_when_it_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.wav");
    fs::write(&path, "before").unwrap();

    let mut writer = AudioWriter::create(&path, OutputFormat::Wav16, RATE, 1).unwrap();
    writer.write(&samples(50_000)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"before");
    drop(writer);
    assert_eq!(names_in(folder.path()), ["out.wav"]);
    assert_eq!(fs::read(&path).unwrap(), b"before");

    write(&path, OutputFormat::Wav16, RATE, 1, &samples(100));
    assert_eq!(names_in(folder.path()), ["out.wav"]);
    assert_eq!(decode(&path).0, samples(100));
}

#[cfg(unix)]
#[test]
fn a_file_is_as_readable_as_any_other() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (folder.path().join("a.wav"), folder.path().join("b"));
    write(&ours, OutputFormat::Wav16, RATE, 1, &samples(10));
    fs::write(&other, "").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&ours), mode(&other));
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_a_device_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.wav"), folder.path().join("link.wav"));
    fs::write(&real, "before").unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    write(&link, OutputFormat::Wav16, RATE, 1, &samples(10));
    assert!(link.is_symlink());
    assert_eq!(decode(&real).0, samples(10));
    for not_a_file in [Path::new("/dev/null"), folder.path()] {
        assert!(AudioWriter::create(not_a_file, OutputFormat::Wav16, RATE, 1).is_err());
    }
}

#[test]
fn what_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let create = |path: &Path, rate, channels| AudioWriter::create(path, OutputFormat::Flac, rate, channels);
    assert!(matches!(create(&path, RATE, 0), Err(AudioError::Channels { .. })));
    assert!(matches!(create(&path, RATE, 9), Err(AudioError::Channels { max: 8, .. })));
    assert!(matches!(create(&path, SampleRate(1), 1), Err(AudioError::RateOutOfRange { .. })));
    assert!(matches!(create(&folder.path().join("no/such/x"), RATE, 1), Err(AudioError::File(_))));
    let mut writer = create(&path, RATE, 2).unwrap();
    assert!(matches!(writer.write(&[0.0; 3]), Err(AudioError::PartialFrame { samples: 3, channels: 2 })));
    drop(writer);
    assert!(names_in(folder.path()).is_empty());
}

#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn stream(format: OutputFormat, frames: Option<u64>, samples: &[f32]) -> Vec<u8> {
    let pipe = Pipe::default();
    let mut writer = AudioWriter::to_stream(Box::new(pipe.clone()), format, RATE, 1, frames).unwrap();
    writer.write(samples).unwrap();
    writer.finish().unwrap();
    let bytes = pipe.0.lock().unwrap().clone();
    bytes
}

#[test]
fn a_pipe_gets_a_stream_that_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("piped");
    for format in FORMATS {
        let written = samples(9_999);
        fs::write(&path, stream(format, None, &written)).unwrap();
        assert!(decode(&path) == (written, RATE, 1), "{format}");
    }
}

#[test]
fn a_pipe_with_a_known_length_gets_the_bytes_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for format in [OutputFormat::Wav16, OutputFormat::Wav24, OutputFormat::WavFloat] {
        let path = folder.path().join("file");
        let written = samples(1_001);
        write(&path, format, RATE, 1, &written);
        assert!(stream(format, Some(1_001), &written) == fs::read(&path).unwrap(), "{format}");
    }
}

#[test]
fn a_file_without_samples_has_its_header() {
    let folder = tempfile::tempdir().unwrap();
    for format in FORMATS {
        let path = folder.path().join("empty");
        write(&path, format, RATE, 1, &[]);
        let read =
            Decoder::open(&path).and_then(|mut decoder| decoder.next_block().map(|block| block.map(<[f32]>::len)));
        let empty = matches!(read, Err(AudioError::Empty(_) | AudioError::Malformed { .. }));
        assert!(empty, "{format}: {read:?}");
        assert!(fs::metadata(&path).unwrap().len() >= 42, "{format}: no header");
    }
}
