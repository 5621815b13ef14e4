//! Writes the parts of a recording that were chosen, levelled.

use std::path::{Path, PathBuf};

use super::{analysis::Loudness, filter::Filter, segments::Cut};
use crate::{
    audio::{AudioError, AudioWriter, LoudnessMeter, MonoStream, OutputFormat},
    units::{SampleRate, Seconds},
};

/// How the parts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    /// Format of the files.
    pub format: OutputFormat,
    /// Their rate.
    pub rate: SampleRate,
}

/// A part and the file that it becomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Where it lies in the recording.
    pub cut: Cut,
    /// The file; its folder must exist.
    pub path: PathBuf,
}

/// Why parts were not written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The recording can't be read.
    #[error(transparent)]
    Source(AudioError),
    /// A file can't be written.
    #[error("cannot write {}: {source}", path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: AudioError,
    },
}

/// Reads `source` once and writes `whole` and the `segments`, which must be in order and not overlap.
///
/// All samples pass `filters` in turn; `progress` hears how far into the recording it is. Gives the loudness of
/// `whole` as written.
///
/// # Errors
/// A source that can't be decoded, or files that can't be written.
pub fn render(
    source: &Path,
    encoding: Encoding,
    filters: &mut [Box<dyn Filter>],
    whole: Part,
    segments: Vec<Part>,
    progress: &mut dyn FnMut(Seconds),
) -> Result<Loudness, RenderError> {
    let mut whole = Track::new(vec![whole], encoding).metered()?;
    let mut segments = Track::new(segments, encoding);
    let mut heard = 0;
    let mut sink = |samples: &[f32]| {
        whole.push(samples)?;
        segments.push(samples)
    };
    for block in MonoStream::open(source, encoding.rate).map_err(RenderError::Source)? {
        let block = block.map_err(RenderError::Source)?;
        let samples = block.len();
        sink(&filters.iter_mut().fold(block, |input, filter| {
            let mut output = Vec::with_capacity(input.len());
            filter.push(&input, &mut output);
            output
        }))?;
        heard += samples;
        progress(encoding.rate.duration(heard));
    }
    for i in 0..filters.len() {
        let mut rest = Vec::new();
        filters[i].finish(&mut rest);
        for filter in &mut filters[i + 1..] {
            let mut output = Vec::new();
            filter.push(&rest, &mut output);
            rest = output;
        }
        sink(&rest)?;
    }
    segments.finish()?;
    whole.finish()
}

/// Parts in order, cut out of a stream as it passes.
struct Track {
    /// Parts to come, the next one last, as sample positions.
    parts: Vec<(usize, usize, PathBuf)>,
    encoding: Encoding,
    position: usize,
    writer: Option<AudioWriter>,
    meter: Option<LoudnessMeter>,
}

impl Track {
    fn new(parts: Vec<Part>, encoding: Encoding) -> Self {
        let samples = |part: Part| {
            let Cut { start, end } = part.cut;
            (encoding.rate.samples(start), encoding.rate.samples(end), part.path)
        };
        let mut parts: Vec<_> = parts.into_iter().map(samples).collect();
        parts.reverse();
        Self { parts, encoding, position: 0, writer: None, meter: None }
    }

    /// Measures the loudness of what is written.
    fn metered(mut self) -> Result<Self, RenderError> {
        self.meter = Some(LoudnessMeter::new(self.encoding.rate, 1).map_err(RenderError::Source)?);
        Ok(self)
    }

    fn push(&mut self, samples: &[f32]) -> Result<(), RenderError> {
        let block_end = self.position + samples.len();
        while let Some(&(start, end, _)) = self.parts.last() {
            if start >= block_end {
                break;
            }
            let from = start.max(self.position) - self.position;
            let to = end.min(block_end).max(self.position) - self.position;
            self.write(&samples[from.min(to)..to])?;
            if end > block_end {
                break;
            }
            self.close()?;
        }
        self.position = block_end;
        Ok(())
    }

    fn write(&mut self, samples: &[f32]) -> Result<(), RenderError> {
        let Some((_, _, path)) = self.parts.last() else { return Ok(()) };
        let failed = |source| RenderError::Output { path: path.clone(), source };
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => {
                let created = AudioWriter::create(path, self.encoding.format, self.encoding.rate, 1).map_err(failed)?;
                self.writer.insert(created)
            }
        };
        if let Some(meter) = &mut self.meter {
            meter.push(samples);
        }
        writer.write(samples).map_err(failed)
    }

    fn close(&mut self) -> Result<(), RenderError> {
        let part = self.parts.pop();
        match (self.writer.take(), part) {
            (Some(writer), Some((_, _, path))) => {
                writer.finish().map_err(|source| RenderError::Output { path, source })
            }
            _ => Ok(()),
        }
    }

    /// Ends the last part, which may reach a sample or two beyond the stream.
    fn finish(mut self) -> Result<Loudness, RenderError> {
        self.close()?;
        Ok(self.meter.as_ref().map_or(Loudness { lufs: None, peak_dbtp: None }, Loudness::of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{audio::load_mono, clean::filter::Gain};

    const RATE: SampleRate = SampleRate(16_000);

    fn part(folder: &Path, name: &str, start: f64, end: f64) -> Part {
        Part { cut: Cut { start: Seconds(start), end: Seconds(end) }, path: folder.join(name) }
    }

    #[test]
    fn parts_hold_the_samples_of_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        // A ramp, so that every sample tells its place.
        let ramp: Vec<f32> = (0..48_000).map(|i| i as f32 / 96_000.0).collect();
        let source = folder.join("source.wav");
        let mut writer = AudioWriter::create(&source, OutputFormat::WavFloat, RATE, 1).unwrap();
        writer.write(&ramp).unwrap();
        writer.finish().unwrap();

        let encoding = Encoding { format: OutputFormat::WavFloat, rate: RATE };
        let segments =
            vec![part(folder, "a.wav", 0.0, 0.5), part(folder, "b.wav", 0.5, 1.7), part(folder, "c.wav", 2.0, 3.5)];
        let mut filters: Vec<Box<dyn Filter>> = vec![Box::new(Gain::from_db(6.0206))];
        render(&source, encoding, &mut filters, part(folder, "whole.wav", 0.1, 2.9), segments, &mut |_| {}).unwrap();

        for (name, from, to) in [("whole", 1_600, 46_400), ("a", 0, 8_000), ("b", 8_000, 27_200), ("c", 32_000, 48_000)]
        {
            let written = load_mono(&folder.join(format!("{name}.wav")), RATE).unwrap();
            assert_eq!(written.len(), to - from, "{name}");
            assert!(written.iter().zip(&ramp[from..to]).all(|(a, b)| (a - 2.0 * b).abs() < 1e-5), "{name}");
        }
    }

    #[test]
    fn what_fails_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let encoding = Encoding { format: OutputFormat::Wav16, rate: RATE };
        let whole = || part(folder, "whole.wav", 0.0, 1.0);
        let missing =
            render(&folder.join("none.wav"), encoding, &mut [], whole(), Vec::new(), &mut |_| {}).unwrap_err();
        assert!(matches!(missing, RenderError::Source(_)), "{missing}");

        let source = folder.join("source.wav");
        let mut writer = AudioWriter::create(&source, OutputFormat::Wav16, RATE, 1).unwrap();
        writer.write(&[0.1; 16_000]).unwrap();
        writer.finish().unwrap();
        let nowhere = part(&folder.join("no/such"), "a.wav", 0.0, 1.0);
        let unwritable = render(&source, encoding, &mut [], whole(), vec![nowhere], &mut |_| {}).unwrap_err();
        assert!(matches!(unwritable, RenderError::Output { .. }), "{unwritable}");
    }
}
