//! Any file as one channel at one rate: what the rest of the program works on.

use std::path::Path;

use super::decoder::Decoder;
use super::error::AudioError;
use super::resample::Resampler;
use super::track::StreamInfo;
use crate::units::SampleRate;

/// A file as a stream of mono blocks of about a second at a chosen rate: the mean of the channels, resampled.
///
/// Blocks are never empty. After an error the stream ends.
pub struct MonoStream {
    decoder: Decoder,
    /// `None` once the input has ended.
    resampler: Option<Resampler>,
    mono: Vec<f32>,
    rate: SampleRate,
}

impl MonoStream {
    /// Opens a file, to be read at `rate`.
    ///
    /// # Errors
    /// As [`Decoder::open`], and a `rate` out of range.
    pub fn open(path: &Path, rate: SampleRate) -> Result<Self, AudioError> {
        Self::new(Decoder::open(path)?, rate)
    }

    /// Reads what is left in `decoder`, at `rate`.
    ///
    /// # Errors
    /// A `rate` out of range.
    pub fn new(decoder: Decoder, rate: SampleRate) -> Result<Self, AudioError> {
        let resampler = Resampler::new(decoder.info().rate, rate)?;
        Ok(Self { decoder, resampler: Some(resampler), mono: Vec::new(), rate })
    }

    /// What the file holds, before downmixing and resampling.
    pub fn info(&self) -> &StreamInfo {
        self.decoder.info()
    }

    /// How many damaged packets have been left out so far.
    pub fn skipped_packets(&self) -> u64 {
        self.decoder.skipped_packets()
    }

    /// The rate of the blocks.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    fn next_block(&mut self) -> Result<Option<Vec<f32>>, AudioError> {
        let Some(resampler) = &mut self.resampler else { return Ok(None) };
        let info = self.decoder.info();
        let (channels, second) = (info.channels, info.rate.0 as usize);
        loop {
            self.mono.clear();
            while self.mono.len() < second {
                let Some(block) = self.decoder.next_block()? else { break };
                downmix(block, channels, &mut self.mono);
            }
            let at_end = self.mono.len() < second;
            let mut output = resampler.process(&self.mono);
            if at_end {
                if let Some(resampler) = self.resampler.take() {
                    output.extend(resampler.finish());
                }
                return Ok(Some(output).filter(|block| !block.is_empty()));
            }
            if !output.is_empty() {
                return Ok(Some(output));
            }
        }
    }
}

impl Iterator for MonoStream {
    type Item = Result<Vec<f32>, AudioError>;

    fn next(&mut self) -> Option<Self::Item> {
        let block = self.next_block();
        if block.is_err() {
            self.resampler = None;
        }
        block.transpose()
    }
}

/// A whole file as one channel at `rate`.
///
/// # Errors
/// As [`MonoStream`].
pub fn load_mono(path: &Path, rate: SampleRate) -> Result<Vec<f32>, AudioError> {
    let mut samples = Vec::new();
    for block in MonoStream::open(path, rate)? {
        samples.append(&mut block?);
    }
    Ok(samples)
}

/// Appends the mean of the channels of `interleaved` to `mono`.
fn downmix(interleaved: &[f32], channels: usize, mono: &mut Vec<f32>) {
    match channels {
        1 => mono.extend_from_slice(interleaved),
        2 => mono.extend(interleaved.chunks_exact(2).map(|frame| 0.5 * (frame[0] + frame[1]))),
        _ => {
            let scale = 1.0 / channels as f32;
            mono.extend(interleaved.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() * scale));
        }
    }
}
