//! What a recording is like, found in one pass.

use std::path::Path;

use super::{
    clipping::ClippingMeter,
    config::Config,
    vad::{self, Speech, Vad},
};
use crate::{
    audio::{AudioError, Decoder, LoudnessMeter, Resampler, StreamInfo},
    units::{SampleRate, Seconds},
};

/// What a recording is like.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// What the file says of itself.
    pub info: StreamInfo,
    /// Its length, counted.
    pub duration: Seconds,
    /// Parts that could not be decoded.
    pub damaged_packets: u64,
    /// Integrated loudness of all channels; none for silence and for less than 0.4 s.
    pub loudness_lufs: Option<f64>,
    /// Highest true peak of all channels; none for silence.
    pub true_peak_dbtp: Option<f64>,
    /// Share of clipped samples, from 0 to 1.
    pub clipped_share: f64,
    /// Where speech is.
    pub speech: Speech,
    /// The rate that it is to be written at.
    pub output_rate: SampleRate,
    /// Loudness and true peak of its mean channel at that rate.
    pub mono: Loudness,
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

/// Reads `path` once from end to end. Memory does not grow with its length.
///
/// `progress` hears which share of it is done, where the file states its length.
///
/// # Errors
/// A file that can't be decoded.
pub fn analyse(path: &Path, config: &Config, progress: &mut dyn FnMut(f64)) -> Result<Analysis, AudioError> {
    let mut decoder = Decoder::open(path)?;
    let info = decoder.info().clone();
    let mut meters = Meters::new(&info, config)?;
    while let Some(block) = decoder.next_block()? {
        meters.push(block);
        if let Some(Seconds(stated)) = info.duration {
            progress(info.rate.duration(meters.frames).0 / stated);
        }
    }
    Ok(meters.finish(info, decoder.skipped_packets()))
}

/// Everything that listens during the pass.
struct Meters {
    source: LoudnessMeter,
    clipping: ClippingMeter,
    vad: Vad,
    mono: LoudnessMeter,
    to_vad: Option<Resampler>,
    to_output: Option<Resampler>,
    output_rate: SampleRate,
    frames: usize,
    channels: usize,
    /// The mean of the channels of the current block.
    mean: Vec<f32>,
}

impl Meters {
    fn new(info: &StreamInfo, config: &Config) -> Result<Self, AudioError> {
        let output_rate = output_rate(info, config);
        Ok(Self {
            source: LoudnessMeter::new(info.rate, info.channels)?,
            clipping: ClippingMeter::new(info.channels, info.bits_per_sample),
            vad: Vad::new(&config.vad),
            mono: LoudnessMeter::new(output_rate, 1)?,
            to_vad: Some(Resampler::new(info.rate, vad::RATE)?),
            to_output: Some(Resampler::new(info.rate, output_rate)?),
            output_rate,
            frames: 0,
            channels: info.channels,
            mean: Vec::new(),
        })
    }

    fn push(&mut self, block: &[f32]) {
        self.source.push(block);
        self.clipping.push(block);
        self.frames += block.len() / self.channels;
        let scale = 1.0 / self.channels as f32;
        self.mean.clear();
        self.mean.extend(block.chunks_exact(self.channels).map(|frame| frame.iter().sum::<f32>() * scale));
        if let Some(resampler) = &mut self.to_vad {
            self.vad.push(&resampler.process(&self.mean));
        }
        if let Some(resampler) = &mut self.to_output {
            self.mono.push(&resampler.process(&self.mean));
        }
    }

    fn finish(mut self, info: StreamInfo, damaged_packets: u64) -> Analysis {
        if let Some(resampler) = self.to_vad.take() {
            self.vad.push(&resampler.finish());
        }
        if let Some(resampler) = self.to_output.take() {
            self.mono.push(&resampler.finish());
        }
        Analysis {
            duration: info.rate.duration(self.frames),
            damaged_packets,
            loudness_lufs: self.source.integrated_lufs(),
            true_peak_dbtp: self.source.true_peak_dbtp(),
            clipped_share: self.clipping.share(),
            speech: self.vad.finish(),
            output_rate: self.output_rate,
            mono: Loudness::of(&self.mono),
            info,
        }
    }
}

/// The rate of the settings, or the recording's own.
fn output_rate(info: &StreamInfo, config: &Config) -> SampleRate {
    if config.sample_rate == 0 { info.rate } else { SampleRate(config.sample_rate) }
}
