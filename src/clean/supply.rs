//! A recording as it comes: decoded, measured, mended, brought to one channel at the rate that is written.

use std::{io, path::Path, sync::mpsc, thread};

use super::{
    clipping::ClippingMeter,
    config::Config,
    declip::Declipper,
    error::CleanError,
    hum::{Dehummer, Hum},
    rumble::HighPass,
    trace::{SourceTrace, SourceTracer},
};
use crate::{
    audio::{AudioError, Decoder, LoudnessMeter, Resampler, StreamInfo, filter::Filter},
    error::FileError,
    units::{SampleRate, Seconds},
};

/// A recording as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// What the file says of itself.
    pub info: StreamInfo,
    /// Its length, counted.
    pub duration: Seconds,
    /// Parts that could not be decoded.
    pub damaged_packets: u64,
    /// How much of it they are: silence stands for some, and the end is missing of what breaks off.
    pub lost: Seconds,
    /// Integrated loudness of all channels; none for silence and for less than 0.4 s.
    pub loudness_lufs: Option<f64>,
    /// Loudness range (EBU Tech 3342), in LU.
    pub loudness_range_lu: f64,
    /// Highest true peak of all channels; none for silence.
    pub true_peak_dbtp: Option<f64>,
    /// Share of clipped samples, from 0 to 1.
    pub clipped_share: f64,
    /// Samples of the mean channel whose cut-off peaks were rebuilt.
    pub mended_samples: u64,
    /// Hum of the mains that was taken away.
    pub hum: Option<Hum>,
    /// Its course.
    pub trace: SourceTrace,
}

/// The recording on its way.
pub(super) struct Supply {
    decoder: Decoder,
    info: StreamInfo,
    loudness: LoudnessMeter,
    clipping: ClippingMeter,
    tracer: SourceTracer,
    declipper: Option<Declipper>,
    resampler: Option<Resampler>,
    dehummer: Option<Dehummer>,
    high_pass: Option<HighPass>,
    frames: usize,
    rate: SampleRate,
}

/// What takes the samples.
type Sink<'a> = dyn FnMut(&[f32]) -> io::Result<()> + 'a;

impl Supply {
    /// Blocks that may be ready before they are taken.
    const AHEAD: usize = 4;
    /// Samples that are decoded before they go on.
    const BLOCK: usize = 1 << 15;

    pub(super) fn open(path: &Path, config: &Config, high_pass: bool) -> Result<Self, CleanError> {
        let decoder = Decoder::open(path).map_err(CleanError::Source)?;
        Self::new(decoder, config, high_pass).map_err(CleanError::Source)
    }

    fn new(decoder: Decoder, config: &Config, high_pass: bool) -> Result<Self, AudioError> {
        let info = decoder.info().clone();
        let rate = if config.sample_rate == 0 { info.rate } else { SampleRate(config.sample_rate) };
        Ok(Self {
            loudness: LoudnessMeter::new(info.rate, info.channels)?,
            clipping: ClippingMeter::new(info.channels, info.bits_per_sample),
            tracer: SourceTracer::new(info.rate),
            declipper: config.mend_clipping.then(|| Declipper::new(info.rate)),
            resampler: Some(Resampler::new(info.rate, rate)?),
            dehummer: config.remove_hum.then(|| Dehummer::new(rate)),
            high_pass: high_pass.then(|| HighPass::new(rate)),
            frames: 0,
            decoder,
            info,
            rate,
        })
    }

    /// The rate of the samples.
    pub(super) fn rate(&self) -> SampleRate {
        self.rate
    }

    /// The length that the file states.
    pub(super) fn stated(&self) -> Option<Seconds> {
        self.info.duration
    }

    /// Gives all samples to `sink`.
    pub(super) fn run(mut self, sink: &mut Sink) -> Result<Measures, CleanError> {
        while let Some(block) = self.next().map_err(CleanError::Source)? {
            sink(&block).map_err(disk)?;
        }
        let (rest, measures) = self.finish();
        sink(&rest).map_err(disk)?;
        Ok(measures)
    }

    /// The same, with the decoding on a thread of its own.
    pub(super) fn run_ahead(self, sink: &mut Sink) -> Result<Measures, CleanError> {
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::sync_channel::<Vec<f32>>(Self::AHEAD);
            let send = move |block: &[f32]| {
                // Nobody listens any more: what stopped them is the error that counts.
                sender.send(block.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe.into())
            };
            let decoding = scope.spawn(move || {
                let mut send = send;
                self.run(&mut send)
            });
            let taken = receiver.iter().try_for_each(|block| sink(&block));
            drop(receiver);
            let measures = match decoding.join() {
                Ok(measures) => measures,
                Err(payload) => std::panic::resume_unwind(payload),
            };
            taken.map_err(disk)?;
            measures
        })
    }

    /// The next samples; none at the end.
    fn next(&mut self) -> Result<Option<Vec<f32>>, AudioError> {
        let channels = self.info.channels;
        let scale = 1.0 / channels as f32;
        let (mut mean, mut clipped) = (Vec::new(), 0);
        while mean.len() < Self::BLOCK {
            let Some(block) = self.decoder.next_block()? else { break };
            self.loudness.push(block);
            clipped += self.clipping.push(block);
            self.frames += block.len() / channels;
            mean.extend(block.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() * scale));
        }
        if mean.is_empty() {
            return Ok(None);
        }
        self.tracer.push(&mean, clipped);
        let mended = match &mut self.declipper {
            Some(declipper) => passed(declipper, &mean),
            None => mean,
        };
        Ok(Some(self.onwards(&mended)))
    }

    fn onwards(&mut self, samples: &[f32]) -> Vec<f32> {
        let resampled = self.resampler.as_mut().map_or_else(Vec::new, |resampler| resampler.process(samples));
        let filters = [as_filter(&mut self.dehummer), as_filter(&mut self.high_pass)];
        filters.into_iter().flatten().fold(resampled, |samples, filter| passed(filter, &samples))
    }

    /// What the filters still hold, and what was measured.
    fn finish(mut self) -> (Vec<f32>, Measures) {
        let mut last = Vec::new();
        if let Some(declipper) = &mut self.declipper {
            declipper.finish(&mut last);
        }
        let mut rest = self.onwards(&last);
        let mut tail = self.resampler.take().map_or_else(Vec::new, Resampler::finish);
        for filter in [as_filter(&mut self.dehummer), as_filter(&mut self.high_pass)].into_iter().flatten() {
            tail = passed(filter, &tail);
            filter.finish(&mut tail);
        }
        rest.extend(tail);
        let measures = Measures {
            duration: self.info.rate.duration(self.frames),
            damaged_packets: self.decoder.skipped_packets(),
            lost: self.decoder.lost(),
            loudness_lufs: self.loudness.integrated_lufs(),
            loudness_range_lu: self.loudness.loudness_range_lu(),
            true_peak_dbtp: self.loudness.true_peak_dbtp(),
            clipped_share: self.clipping.share(),
            mended_samples: self.declipper.as_ref().map_or(0, Declipper::repaired),
            hum: self.dehummer.as_ref().and_then(Dehummer::hum),
            trace: self.tracer.finish(),
            info: self.info,
        };
        (rest, measures)
    }
}

fn as_filter<F: Filter>(filter: &mut Option<F>) -> Option<&mut dyn Filter> {
    filter.as_mut().map(|filter| filter as &mut dyn Filter)
}

fn passed(filter: &mut dyn Filter, samples: &[f32]) -> Vec<f32> {
    let mut output = Vec::with_capacity(samples.len());
    filter.push(samples, &mut output);
    output
}

/// The only thing that can fail where samples are taken is the disk.
fn disk(error: io::Error) -> CleanError {
    let path = std::path::PathBuf::from("the cleaned signal");
    CleanError::Output { source: FileError::on("write", &path)(error).into(), path }
}
