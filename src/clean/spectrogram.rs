//! A picture of a recording of any length, in a few hundred columns.

use std::{f32::consts::PI, sync::Arc};

use rustfft::{Fft, FftPlanner, num_complex::Complex32};

use crate::units::SampleRate;

/// Rows of the picture.
pub const ROWS: usize = 96;
/// It has this many columns at most, and half as many at least if the recording is long enough.
const COLUMNS: usize = 800;
/// Samples of a transform, and from one to the next.
const TRANSFORM: usize = 1_024;

/// Gathers power over time and frequency. When the columns are full, pairs of them become one.
pub struct Spectrogram {
    transform: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    pending: Vec<f32>,
    /// The row of each bin.
    rows: Vec<usize>,
    columns: Vec<[f32; ROWS]>,
    /// Transforms that make a column, and those of the column to come.
    per_column: usize,
    gathered: usize,
    open: [f32; ROWS],
}

impl Spectrogram {
    /// Of a signal at `rate`. Rows lie closer at low frequencies, up to half the rate.
    pub fn new(rate: SampleRate) -> Self {
        let half = TRANSFORM / 2;
        let mel = |hz: f64| (1.0 + hz / 700.0).ln();
        let top = mel(rate.hz() / 2.0);
        let row = |bin: usize| (mel(bin as f64 * rate.hz() / TRANSFORM as f64) / top * ROWS as f64) as usize;
        Self {
            transform: FftPlanner::new().plan_fft_forward(TRANSFORM),
            window: (0..TRANSFORM).map(|i| 0.5 - 0.5 * (2.0 * PI * i as f32 / TRANSFORM as f32).cos()).collect(),
            pending: Vec::new(),
            rows: (0..=half).map(|bin| row(bin).min(ROWS - 1)).collect(),
            columns: Vec::new(),
            per_column: 1,
            gathered: 0,
            open: [0.0; ROWS],
        }
    }

    /// Takes samples.
    pub fn push(&mut self, samples: &[f32]) {
        let mut rest = samples;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(TRANSFORM - self.pending.len()));
            self.pending.extend_from_slice(now);
            rest = later;
            if self.pending.len() == TRANSFORM {
                self.analyse();
            }
        }
    }

    fn analyse(&mut self) {
        let mut frame: Vec<Complex32> =
            self.pending.iter().zip(&self.window).map(|(x, weight)| Complex32::new(x * weight, 0.0)).collect();
        self.pending.clear();
        self.transform.process(&mut frame);
        for (bin, &row) in frame.iter().zip(&self.rows) {
            self.open[row] = self.open[row].max(bin.norm_sqr());
        }
        self.gathered += 1;
        if self.gathered == self.per_column {
            self.columns.push(std::mem::replace(&mut self.open, [0.0; ROWS]));
            self.gathered = 0;
        }
        if self.columns.len() == COLUMNS {
            let louder = |pair: &[[f32; ROWS]]| std::array::from_fn(|row| pair[0][row].max(pair[1][row]));
            self.columns = self.columns.chunks_exact(2).map(louder).collect();
            self.per_column *= 2;
        }
    }

    /// The columns from first to last, each from low to high: levels in dB below full scale.
    pub fn finish(mut self) -> Vec<[f32; ROWS]> {
        if self.gathered > 0 {
            self.columns.push(self.open);
        }
        // A sine at full scale gives a bin a quarter of the transform, by the window's mean of one half.
        let full = (TRANSFORM as f32 / 4.0).powi(2);
        self.columns.iter().map(|column| column.map(|power| 10.0 * (power / full).max(1e-12).log10())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_a_line_whatever_the_length() {
        let rate = SampleRate(16_000);
        for seconds in [1, 100] {
            let mut picture = Spectrogram::new(rate);
            let tone: Vec<f32> = (0..seconds * 16_000).map(|i| 0.1 * (2.0 * PI * i as f32 / 16.0).sin()).collect();
            tone.chunks(999).for_each(|piece| picture.push(piece));
            let columns = picture.finish();
            assert!(columns.len() <= COLUMNS && columns.len() >= 15, "{}", columns.len());
            let loudest = |column: &[f32; ROWS]| (0..ROWS).max_by(|&a, &b| column[a].total_cmp(&column[b]));
            let row = loudest(&columns[0]);
            assert!(columns.iter().all(|column| loudest(column) == row));
            assert!((columns[5][row.unwrap_or_default()] + 20.0).abs() < 0.5);
        }
    }
}
