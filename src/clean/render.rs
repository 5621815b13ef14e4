//! Writes the parts of a recording that were chosen, levelled.

use std::io;
use std::path::PathBuf;

use super::{analysis::Loudness, error::CleanError, segments::Cut};
use crate::{
    audio::{AudioWriter, LoudnessMeter, OutputFormat, filter::Filter},
    units::{SampleRate, Seconds},
};

/// Where pauses were shortened, what is left of them fades over this time on both sides.
const FADE: Seconds = Seconds(0.005);

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
    /// Where it lies in the recording: one stretch, or several in order that follow each other in the file.
    pub cuts: Vec<Cut>,
    /// The file; its folder must exist.
    pub path: PathBuf,
}

impl Part {
    /// One stretch.
    pub fn new(cut: Cut, path: PathBuf) -> Self {
        Self { cuts: vec![cut], path }
    }
}

/// Reads a cleaned recording at the encoding's rate, and writes `whole` and the `segments`, which must be in order and
/// not overlap.
///
/// All samples pass `filters` in turn; `progress` hears how far into the recording it is. Gives the loudness of
/// `whole` as written.
///
/// # Errors
/// A source that can't be read, or files that can't be written.
pub fn render(
    source: impl Iterator<Item = io::Result<Vec<f32>>>,
    encoding: Encoding,
    filters: &mut [Box<dyn Filter>],
    whole: Part,
    segments: Vec<Part>,
    progress: &mut dyn FnMut(Seconds),
) -> Result<Loudness, CleanError> {
    let mut whole = Track::new(vec![whole], encoding).metered()?;
    let mut segments = Track::new(segments, encoding);
    let mut heard = 0;
    let mut sink = |samples: &[f32]| {
        whole.push(samples)?;
        segments.push(samples)
    };
    for block in source {
        let block = block.map_err(|error| CleanError::Source(error.into()))?;
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

/// A stretch of a file to come, in samples of the recording.
#[derive(Debug)]
struct Stretch {
    start: usize,
    end: usize,
    /// Whether it is the file's first, and its last.
    first: bool,
    last: bool,
    path: PathBuf,
}

/// Parts in order, cut out of a stream as it passes.
struct Track {
    /// Stretches to come, the next one last.
    stretches: Vec<Stretch>,
    encoding: Encoding,
    position: usize,
    writer: Option<AudioWriter>,
    meter: Option<LoudnessMeter>,
}

impl Track {
    fn new(parts: Vec<Part>, encoding: Encoding) -> Self {
        let samples = |part: &Part| {
            let stretch = |(index, cut): (usize, &Cut)| Stretch {
                start: encoding.rate.samples(cut.start),
                end: encoding.rate.samples(cut.end),
                first: index == 0,
                last: index + 1 == part.cuts.len(),
                path: part.path.clone(),
            };
            part.cuts.iter().enumerate().map(stretch).collect::<Vec<_>>()
        };
        let mut stretches: Vec<_> = parts.iter().flat_map(samples).collect();
        stretches.reverse();
        Self { stretches, encoding, position: 0, writer: None, meter: None }
    }

    /// Measures the loudness of what is written.
    fn metered(mut self) -> Result<Self, CleanError> {
        self.meter = Some(LoudnessMeter::new(self.encoding.rate, 1).map_err(CleanError::Source)?);
        Ok(self)
    }

    fn push(&mut self, samples: &[f32]) -> Result<(), CleanError> {
        let block_end = self.position + samples.len();
        while let Some(&Stretch { start, end, .. }) = self.stretches.last() {
            if start >= block_end {
                break;
            }
            let from = start.max(self.position) - self.position;
            let to = end.min(block_end).max(self.position) - self.position;
            self.write_part(&samples[from.min(to)..to], self.position + from)?;
            if end > block_end {
                break;
            }
            self.close()?;
        }
        self.position = block_end;
        Ok(())
    }

    /// Writes samples of the present stretch from `position` on, softly where it meets another of its file.
    fn write_part(&mut self, samples: &[f32], position: usize) -> Result<(), CleanError> {
        let fade = self.encoding.rate.samples(FADE).max(1);
        let Some(&Stretch { start, end, first, last, .. }) = self.stretches.last() else { return Ok(()) };
        let (far, near) = (end.saturating_sub(fade), start + fade);
        if (first || position >= near) && (last || position + samples.len() <= far) {
            return self.write(samples);
        }
        let gain = |at: usize| {
            let rising = if first { 1.0 } else { (at - start) as f32 / fade as f32 };
            let falling = if last { 1.0 } else { end.saturating_sub(at) as f32 / fade as f32 };
            rising.min(falling).min(1.0)
        };
        let soft: Vec<f32> = samples.iter().zip(position..).map(|(sample, at)| sample * gain(at)).collect();
        self.write(&soft)
    }

    fn write(&mut self, samples: &[f32]) -> Result<(), CleanError> {
        let Some(Stretch { path, .. }) = self.stretches.last() else { return Ok(()) };
        let failed = |source| CleanError::Output { path: path.clone(), source };
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

    /// Ends a stretch, and its file if it is the last of it.
    fn close(&mut self) -> Result<(), CleanError> {
        match self.stretches.pop() {
            Some(stretch) if stretch.last => self.close_file(stretch.path),
            _ => Ok(()),
        }
    }

    fn close_file(&mut self, path: PathBuf) -> Result<(), CleanError> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        writer.finish().map_err(|source| CleanError::Output { path, source })
    }

    /// Ends the last part, which may reach a sample or two beyond the stream.
    fn finish(mut self) -> Result<Loudness, CleanError> {
        if let Some(stretch) = self.stretches.pop() {
            self.close_file(stretch.path)?;
        }
        Ok(self.meter.as_ref().map_or(Loudness { lufs: None, peak_dbtp: None }, Loudness::of))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::audio::{filter::Gain, load_mono};

    const RATE: SampleRate = SampleRate(16_000);
    const ENCODING: Encoding = Encoding { format: OutputFormat::WavFloat, rate: RATE };

    fn cut(start: f64, end: f64) -> Cut {
        Cut { start: Seconds(start), end: Seconds(end) }
    }

    fn part(folder: &Path, name: &str, start: f64, end: f64) -> Part {
        Part::new(cut(start, end), folder.join(name))
    }

    /// A ramp, so that every sample tells its place.
    fn ramp() -> Vec<f32> {
        (0..48_000).map(|i| i as f32 / 96_000.0).collect()
    }

    fn blocks(samples: &[f32]) -> impl Iterator<Item = io::Result<Vec<f32>>> {
        samples.chunks(7_001).map(|block| Ok(block.to_vec()))
    }

    #[test]
    fn parts_hold_the_samples_of_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let (folder, ramp) = (folder.path(), ramp());
        let segments =
            vec![part(folder, "a.wav", 0.0, 0.5), part(folder, "b.wav", 0.5, 1.7), part(folder, "c.wav", 2.0, 3.5)];
        let mut filters: Vec<Box<dyn Filter>> = vec![Box::new(Gain::from_db(6.0206))];
        let whole = part(folder, "whole.wav", 0.1, 2.9);
        render(blocks(&ramp), ENCODING, &mut filters, whole, segments, &mut |_| {}).unwrap();

        for (name, from, to) in [("whole", 1_600, 46_400), ("a", 0, 8_000), ("b", 8_000, 27_200), ("c", 32_000, 48_000)]
        {
            let written = load_mono(&folder.join(format!("{name}.wav")), RATE).unwrap();
            assert_eq!(written.len(), to - from, "{name}");
            assert!(written.iter().zip(&ramp[from..to]).all(|(a, b)| (a - 2.0 * b).abs() < 1e-5), "{name}");
        }
    }

    #[test]
    fn stretches_follow_each_other_and_meet_softly() {
        let folder = tempfile::tempdir().unwrap();
        let (folder, ramp) = (folder.path(), ramp());
        let whole = Part { cuts: vec![cut(0.5, 1.0), cut(2.0, 2.5)], path: folder.join("whole.wav") };
        render(blocks(&ramp), ENCODING, &mut [], whole, Vec::new(), &mut |_| {}).unwrap();
        let written = load_mono(&folder.join("whole.wav"), RATE).unwrap();
        assert_eq!(written.len(), 16_000);
        assert_eq!(written[..7_900], ramp[8_000..15_900]);
        assert_eq!(written[8_100..], ramp[32_100..40_000]);
        assert!(written[7_999] < 0.01 && written[8_000] == 0.0);
    }

    #[test]
    fn what_fails_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let whole = || part(folder, "whole.wav", 0.0, 1.0);
        let broken = std::iter::once(Err(io::ErrorKind::UnexpectedEof.into()));
        let unreadable = render(broken, ENCODING, &mut [], whole(), Vec::new(), &mut |_| {}).unwrap_err();
        assert!(matches!(unreadable, CleanError::Source(_)), "{unreadable}");
        let nowhere = part(&folder.join("no/such"), "a.wav", 0.0, 1.0);
        let unwritable =
            render(blocks(&[0.1; 16_000]), ENCODING, &mut [], whole(), vec![nowhere], &mut |_| {}).unwrap_err();
        assert!(matches!(unwritable, CleanError::Output { .. }), "{unwritable}");
    }
}
