//! A recording is cleaned and measured in one pass.

use std::collections::VecDeque;
use std::path::Path;

use super::{
    cleaner::Cleaner,
    config::Config,
    error::CleanError,
    quality::{Judged, Quality},
    scratch::{Scratch, ScratchWriter},
    spectrogram::{ROWS, Spectrogram},
    supply::{Measures, Supply},
    trace::{LevelTracer, Trace},
    vad::{self, Span, Speech, Vad},
};
use crate::{
    audio::{LoudnessMeter, Resampler, filter::Filter},
    denoiser::Denoising,
    error::FileError,
    units::{SampleRate, Seconds},
};

/// What a recording is like, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// The recording as it came.
    pub source: Measures,
    /// Where speech is.
    pub speech: Speech,
    /// How much was taken for speech at first and is none.
    pub left_out: Seconds,
    /// How good the whole of it is.
    pub quality: Quality,
    /// The rate that it is to be written at.
    pub output_rate: SampleRate,
    /// Loudness and true peak of the cleaned signal.
    pub cleaned: Loudness,
    /// Its course.
    pub trace: Trace,
    /// Pictures of it before and after cleaning.
    pub pictures: [Vec<[f32; ROWS]>; 2],
}

impl Analysis {
    /// Takes only this for speech, of what was.
    pub fn restrict_speech(&mut self, spans: Vec<Span>) {
        let before = self.speech.length();
        self.speech.spans = spans;
        self.left_out = Seconds(before.0 - self.speech.length().0);
        self.judge();
    }

    fn judge(&mut self) {
        let whole = self.quality_of(Seconds(0.0), self.source.duration);
        self.quality = Quality { clipped_share: self.source.clipped_share, ..whole };
    }

    /// How good a part of it is.
    pub fn quality_of(&self, start: Seconds, end: Seconds) -> Quality {
        let info = &self.source.info;
        let judged = Judged {
            trace: &self.trace,
            spans: &self.speech.spans,
            rate: info.rate,
            samples_per_s: info.rate.hz() * info.channels as f64,
            start,
            end,
        };
        judged.quality()
    }
}

/// How loud a signal is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loudness {
    /// Integrated loudness; none for silence and for less than 0.4 s.
    pub lufs: Option<f64>,
    /// True peak; none for silence.
    pub peak_dbtp: Option<f64>,
}

impl Loudness {
    pub(super) fn of(meter: &LoudnessMeter) -> Self {
        Self { lufs: meter.integrated_lufs(), peak_dbtp: meter.true_peak_dbtp() }
    }
}

/// How recordings are cleaned and measured.
#[derive(Debug, Clone, Copy)]
pub struct Analyser<'a> {
    /// The settings.
    pub config: &'a Config,
    /// What takes away noise.
    pub cleaner: &'a Cleaner,
    /// Where the cleaned signal lies until it is written.
    pub scratch: &'a Path,
    /// Whether decoding and cleaning are done side by side.
    pub ahead: bool,
}

impl Analyser<'_> {
    /// Reads `path` once from end to end; gives what it is like, and the cleaned signal, not levelled yet.
    ///
    /// Memory grows by some kilobytes for a minute of it. `progress` hears which share of it is done, where the file
    /// states its length.
    ///
    /// # Errors
    /// A file that can't be decoded, or a disk that is full.
    pub fn analyse(&self, path: &Path, progress: &mut dyn FnMut(f64)) -> Result<(Analysis, Scratch), CleanError> {
        let supply = Supply::open(path, self.config, self.cleaner.high_pass)?;
        let (stated, output_rate) = (supply.stated(), supply.rate());
        let mut workshop = Workshop::new(self, output_rate)?;
        let mut heard = 0;
        let mut take = |block: &[f32]| {
            heard += block.len();
            if let Some(Seconds(stated)) = stated {
                progress(output_rate.duration(heard).0 / stated);
            }
            workshop.push(block)
        };
        let source = if self.ahead { supply.run_ahead(&mut take)? } else { supply.run(&mut take)? };
        workshop.finish(source, self)
    }

    fn disk<'e>(&'e self) -> impl Fn(std::io::Error) -> CleanError + 'e {
        |error| {
            let source = FileError::on("write to", self.scratch)(error).into();
            CleanError::Output { path: self.scratch.to_path_buf(), source }
        }
    }
}

/// Where samples at the output's rate are cleaned, measured and put aside.
struct Workshop {
    denoiser: Option<Box<dyn Filter + Send>>,
    /// Samples that the denoiser has not given back yet.
    before: VecDeque<f32>,
    levels: LevelTracer,
    pictures: [Spectrogram; 2],
    meter: LoudnessMeter,
    vad: Vad,
    to_vad: Option<Resampler>,
    scratch: ScratchWriter,
    rate: SampleRate,
}

impl Workshop {
    /// How much of the noise the voice activity detector still hears, so that it knows how faint is faint.
    const NOISE_LEFT: f32 = 0.1;

    fn new(analyser: &Analyser, rate: SampleRate) -> Result<Self, CleanError> {
        Ok(Self {
            denoiser: analyser.cleaner.denoiser(rate, Denoising::FILE)?,
            before: VecDeque::new(),
            levels: LevelTracer::new(rate),
            pictures: [Spectrogram::new(rate), Spectrogram::new(rate)],
            meter: LoudnessMeter::new(rate, 1).map_err(CleanError::Source)?,
            vad: Vad::new(&analyser.config.vad),
            to_vad: Some(Resampler::new(rate, vad::RATE).map_err(CleanError::Source)?),
            scratch: ScratchWriter::new(analyser.scratch).map_err(analyser.disk())?,
            rate,
        })
    }

    fn push(&mut self, block: &[f32]) -> std::io::Result<()> {
        self.pictures[0].push(block);
        let Some(denoiser) = &mut self.denoiser else {
            return self.take(block, block);
        };
        let mut cleaned = Vec::with_capacity(block.len());
        denoiser.push(block, &mut cleaned);
        self.before.extend(block);
        let before: Vec<f32> = self.before.drain(..cleaned.len()).collect();
        self.take(&before, &cleaned)
    }

    /// Takes cleaned samples, and those that they were made of.
    fn take(&mut self, before: &[f32], cleaned: &[f32]) -> std::io::Result<()> {
        self.levels.push(before, cleaned);
        self.pictures[1].push(cleaned);
        self.meter.push(cleaned);
        if let Some(resampler) = &mut self.to_vad {
            let audible = |(before, after): (&f32, &f32)| after + Self::NOISE_LEFT * (before - after);
            let audible: Vec<f32> = before.iter().zip(cleaned).map(audible).collect();
            self.vad.push(&resampler.process(&audible));
        }
        self.scratch.push(cleaned)
    }

    fn finish(mut self, source: Measures, analyser: &Analyser) -> Result<(Analysis, Scratch), CleanError> {
        if let Some(mut denoiser) = self.denoiser.take() {
            let mut cleaned = Vec::new();
            denoiser.finish(&mut cleaned);
            let before: Vec<f32> = self.before.drain(..).collect();
            self.take(&before, &cleaned).map_err(analyser.disk())?;
        }
        if let Some(resampler) = self.to_vad.take() {
            self.vad.push(&resampler.finish());
        }
        let mut analysis = Analysis {
            speech: self.vad.finish(),
            left_out: Seconds(0.0),
            quality: Quality::NONE,
            output_rate: self.rate,
            cleaned: Loudness::of(&self.meter),
            trace: self.levels.finish(source.trace.clone()),
            pictures: self.pictures.map(Spectrogram::finish),
            source,
        };
        analysis.judge();
        Ok((analysis, self.scratch.finish().map_err(analyser.disk())?))
    }
}
