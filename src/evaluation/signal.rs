//! Figures of a signal alone: level, peaks, faults, share of silence.

use serde::{Deserialize, Serialize};

mod meter;

pub use meter::SignalMeter;

/// What a signal alone tells. Shares go from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SignalMeasures {
    /// Integrated loudness (EBU R128) in LUFS; `None` for silence and for less than 0.4 s.
    pub loudness_lufs: Option<f64>,
    /// True peak (ITU-R BS.1770) in dBTP; `None` for digital silence.
    pub true_peak_dbtp: Option<f64>,
    /// Highest sample in dB relative to full scale; `None` for digital silence.
    pub peak_dbfs: Option<f64>,
    /// Mean of the samples, full scale 1.
    pub dc_offset: f64,
    /// Share of the samples at full scale.
    pub clipped_share: f64,
    /// Share of the time in which the voice-activity detector hears no speech.
    pub silence_share: f64,
    /// Mean power of speech over median power of the rest in dB, as `process` states it; `None` without either.
    pub snr_db: Option<f64>,
}
