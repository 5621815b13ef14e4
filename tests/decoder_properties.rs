//! No bytes make the decoder panic or hang: neither any bytes nor real files that have been cut, mixed or altered.

use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::Index;
use voice_clone::audio::{AudioError, Decoder, MonoStream, StreamInfo};
use voice_clone::units::SampleRate;

/// Far more than any of these files of some kilobytes needs, even on a busy machine.
const LIMIT: Duration = Duration::from_secs(10);
/// No file of this size holds an hour.
const MOST_SAMPLES: usize = 3_600 * 16_000;

/// The golden files, by name.
fn goldens() -> &'static [(String, Vec<u8>)] {
    static GOLDENS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    GOLDENS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/audio");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let named =
            files.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap()));
        let mut goldens: Vec<_> = named.collect();
        goldens.sort();
        goldens
    })
}

/// Everything that may come out of a decoder holds, whatever went in; `Ok` gives the samples.
fn decode(bytes: Vec<u8>) -> Result<(StreamInfo, usize), AudioError> {
    let begin = Instant::now();
    let mut decoder = Decoder::from_source(Cursor::new(bytes))?;
    let info = decoder.info().clone();
    assert!(info.channels > 0 && (8_000..=192_000).contains(&info.rate.0));
    let mut samples = 0;
    while let Some(block) = decoder.next_block()? {
        assert!(!block.is_empty() && block.len().is_multiple_of(info.channels));
        assert!(block.iter().all(|sample| sample.is_finite()));
        samples += block.len();
        assert!(begin.elapsed() < LIMIT, "it does not end");
    }
    assert!(begin.elapsed() < LIMIT, "it takes too long");
    Ok((info, samples))
}

fn golden() -> impl Strategy<Value = (String, Vec<u8>)> {
    any::<Index>().prop_map(|index| index.get(goldens()).clone())
}

/// A change of one or a few bytes somewhere.
fn change() -> impl Strategy<Value = (Index, Vec<u8>)> {
    (any::<Index>(), prop::collection::vec(any::<u8>(), 1..6))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..8_192)) {
        let _ = decode(bytes);
    }

    /// The start of a real file, so that the right parser is chosen, and then anything.
    #[test]
    fn any_bytes_after_a_real_header_are_survived(
        (_, mut bytes) in golden(),
        kept in 4_usize..600,
        rest in prop::collection::vec(any::<u8>(), 0..4_096),
    ) {
        bytes.truncate(kept);
        bytes.extend(rest);
        let _ = decode(bytes);
    }

    #[test]
    fn altered_files_are_survived((_, mut bytes) in golden(), changes in prop::collection::vec(change(), 1..20)) {
        for (index, new) in changes {
            let at = index.index(bytes.len());
            for (old, new) in bytes[at..].iter_mut().zip(new) {
                *old = new;
            }
        }
        let _ = decode(bytes);
    }

    /// Headers decide most, so they get most of the damage.
    #[test]
    fn altered_headers_are_survived(
        (_, mut bytes) in golden(),
        changes in prop::collection::vec((0_usize..256, prop::sample::select(vec![0, 1, 0x7f, 0x80, 0xff])), 1..6),
    ) {
        for (at, new) in changes {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = new;
            }
        }
        let _ = decode(bytes);
    }

    #[test]
    fn cut_files_are_survived((_, mut bytes) in golden(), len in any::<Index>()) {
        bytes.truncate(len.index(bytes.len()));
        let _ = decode(bytes);
    }

    #[test]
    fn spliced_files_are_survived((_, mut head) in golden(), (_, tail) in golden(), a in any::<Index>(), b in any::<Index>()) {
        head.truncate(a.index(head.len()));
        head.extend_from_slice(&tail[b.index(tail.len())..]);
        let _ = decode(head);
    }

    #[test]
    fn mono_streams_of_altered_files_are_survived((name, mut bytes) in golden(), changes in prop::collection::vec(change(), 0..4)) {
        for (index, new) in changes {
            let at = index.index(bytes.len());
            bytes[at] = new[0];
        }
        if let Ok(decoder) = Decoder::from_source(Cursor::new(bytes)) {
            let stream = MonoStream::new(decoder, SampleRate::ANALYSIS).unwrap();
            let samples: usize = stream.map_while(Result::ok).map(|block| block.len()).sum();
            prop_assert!(samples < MOST_SAMPLES, "{name} became {samples} samples");
        }
    }
}
