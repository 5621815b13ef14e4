//! Candidates for the pitch of one frame: the peaks of its autocorrelation.

use super::PitchConfig;

/// More than this many peaks are never needed: the true one is among the strongest.
const MAX_CANDIDATES: usize = 10;
/// Peaks lower than this are noise.
const MIN_STRENGTH: f32 = 0.15;

/// Lags between the highest and the lowest pitch.
pub struct LagRange {
    /// Samples per second of the correlation.
    pub rate: f32,
    /// First lag to look at.
    pub first: usize,
    /// Last lag to look at.
    pub last: usize,
}

impl LagRange {
    /// The lags for pitches from `min_hz` to `max_hz` at `rate` samples per second.
    pub fn new(rate: f64, min_hz: f64, max_hz: f64) -> Self {
        let first = ((rate / max_hz).floor() as usize).max(2);
        let last = (rate / min_hz).ceil() as usize;
        Self { rate: rate as f32, first, last }
    }
}

/// A possible pitch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    pub hz: f32,
    /// log2 of the pitch, for the cost of jumps.
    pub octave: f32,
    /// Height of the autocorrelation, 1 for a perfectly periodic signal.
    pub strength: f32,
    /// Strength less the preference for short periods.
    pub score: f32,
}

/// What one frame offers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FrameCandidates {
    /// Root-mean-square amplitude in the band of the harmonics, relative to the recording's peak.
    pub amplitude: f32,
    pub candidates: Vec<Candidate>,
}

/// The highest local maxima of a normalised autocorrelation (by lag, from 0), best first.
pub fn peaks(correlation: &[f32], lags: &LagRange, config: &PitchConfig) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::with_capacity(MAX_CANDIDATES + 1);
    let last = lags.last.min(correlation.len().saturating_sub(2));
    for lag in lags.first..=last {
        let (before, here, after) = (correlation[lag - 1], correlation[lag], correlation[lag + 1]);
        if !(here > MIN_STRENGTH && here > before && here >= after) {
            continue;
        }
        let curvature = before - 2.0 * here + after;
        let shift = if curvature < 0.0 { (0.5 * (before - after) / curvature).clamp(-0.5, 0.5) } else { 0.0 };
        let height = here - 0.25 * (before - after) * shift;
        let hz = lags.rate / (lag as f32 + shift);
        if (config.min_hz..=config.max_hz).contains(&hz) {
            // Above 1 only by the window's correction on a growing signal; Boersma reflects it likewise.
            let strength = if height > 1.0 { 1.0 / height } else { height };
            let score = strength - config.octave_cost * (config.max_hz / hz).log2();
            found.push(Candidate { hz, octave: hz.log2(), strength, score });
        }
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found.truncate(MAX_CANDIDATES);
    found
}
