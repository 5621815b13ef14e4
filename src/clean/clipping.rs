//! How much of a recording is cut off at full scale.

/// So many samples in a row at the ceiling are clipping; fewer may be a crest that just fits.
const RUN: u32 = 3;
/// The ceiling, unless the resolution makes it lower.
const CEILING: f32 = 0.999;

/// Counts clipped samples in a stream of interleaved samples.
#[derive(Debug, Clone)]
pub struct ClippingMeter {
    ceiling: f32,
    /// Samples at the ceiling in a row, for each channel.
    runs: Vec<u32>,
    clipped: u64,
    total: u64,
}

impl ClippingMeter {
    /// A meter for `channels` channels, stored with so many bits where that is known.
    pub fn new(channels: usize, bits_per_sample: Option<u32>) -> Self {
        let highest = match bits_per_sample {
            Some(bits @ 2..=24) => 1.0 - 1.0 / (1u32 << (bits - 1)) as f32,
            _ => 1.0,
        };
        Self { ceiling: CEILING.min(highest), runs: vec![0; channels.max(1)], clipped: 0, total: 0 }
    }

    /// Adds whole frames of interleaved samples; gives how many of them are clipped.
    pub fn push(&mut self, samples: &[f32]) -> u64 {
        let before = self.clipped;
        for frame in samples.chunks(self.runs.len()) {
            for (&sample, run) in frame.iter().zip(&mut self.runs) {
                *run = if sample.abs() >= self.ceiling { run.saturating_add(1) } else { 0 };
                self.clipped += match (*run).cmp(&RUN) {
                    std::cmp::Ordering::Less => 0,
                    std::cmp::Ordering::Equal => u64::from(RUN),
                    std::cmp::Ordering::Greater => 1,
                };
            }
        }
        self.total += samples.len() as u64;
        self.clipped - before
    }

    /// The share of clipped samples, from 0 to 1.
    pub fn share(&self) -> f64 {
        if self.total == 0 { 0.0 } else { self.clipped as f64 / self.total as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(channels: usize, bits: Option<u32>, samples: &[f32]) -> f64 {
        let mut meter = ClippingMeter::new(channels, bits);
        meter.push(samples);
        meter.share()
    }

    #[test]
    fn only_runs_at_the_ceiling_count() {
        assert_eq!(share(1, None, &[0.0, 1.0, 1.0, 0.0]), 0.0);
        assert_eq!(share(1, None, &[1.0, 1.0, 1.0, 0.0]), 0.75);
        assert_eq!(share(1, None, &[-1.0, -1.0, 1.0, 1.0]), 1.0);
        assert_eq!(share(1, None, &[0.9; 8]), 0.0);
        assert_eq!(share(1, None, &[]), 0.0);
    }

    #[test]
    fn channels_are_counted_apart() {
        assert_eq!(share(2, None, &[1.0, 0.0, 1.0, 0.0, 1.0, 0.0]), 0.5);
        assert_eq!(share(2, None, &[1.0, 0.0, 0.0, 1.0, 1.0, 0.0]), 0.0);
    }

    #[test]
    fn eight_bits_clip_below_one() {
        assert_eq!(share(1, Some(8), &[127.0 / 128.0; 4]), 1.0);
        assert_eq!(share(1, Some(16), &[127.0 / 128.0; 4]), 0.0);
    }
}
