//! Fundamental frequency (F0) of speech.
//!
//! The method is Boersma's (1993, "Accurate short-term analysis of the fundamental frequency and the
//! harmonics-to-noise ratio of a sampled sound"): the autocorrelation of each windowed frame, divided by that of the
//! window, gives candidates with strengths; a path of least cost through candidates and an unvoiced state (Viterbi)
//! decides between octaves and between voiced and unvoiced, first for all pitches alike, then with a preference for
//! the register found (as in the two passes of Hirst 2011). Filtering happens in the power spectrum that the
//! autocorrelation needs anyway, and two frames share one complex FFT.

mod candidates;
mod correlation;
mod decimate;
mod path;

use candidates::{Candidate, FrameCandidates};
use correlation::Correlator;

use crate::units::SampleRate;

/// What to track and how readily to call a frame voiced.
#[derive(Debug, Clone, PartialEq)]
pub struct PitchConfig {
    /// The rate of the samples.
    pub rate: SampleRate,
    /// Samples from one frame to the next. Frame t is centred at sample `t * hop + hop / 2`.
    pub hop: usize,
    /// Lowest pitch that can be found, in Hz.
    pub min_hz: f32,
    /// Highest pitch that can be found, in Hz.
    pub max_hz: f32,
    /// Periodicity (0 to 1) above which a frame of normal loudness is voiced.
    pub voicing_threshold: f32,
    /// Amplitude relative to the loud parts of the recording below which a frame tends to be silence.
    pub silence_threshold: f32,
    /// How much an octave up is preferred: without it, 2 and 3 periods would be as good as one.
    pub octave_cost: f32,
    /// Cost of a pitch change of one octave in 10 ms.
    pub jump_cost: f32,
    /// Cost, per octave squared, of being further than half an octave from the speaker's median pitch.
    pub register_cost: f32,
    /// Cost of going from voiced to unvoiced or back, for frames of 10 ms.
    pub switch_cost: f32,
}

impl Default for PitchConfig {
    fn default() -> Self {
        Self {
            rate: SampleRate::SYNTHESIS,
            hop: 256,
            min_hz: 55.0,
            max_hz: 550.0,
            voicing_threshold: 0.36,
            silence_threshold: 0.08,
            octave_cost: 0.01,
            jump_cost: 0.8,
            register_cost: 0.2,
            switch_cost: 0.25,
        }
    }
}

/// Pitch by frame, (T).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PitchTrack {
    /// F0 in Hz, 0 where unvoiced.
    pub f0_hz: Vec<f32>,
    /// Periodicity, 0 (noise, silence) to 1 (perfectly periodic), also where `f0_hz` is 0.
    pub voicing: Vec<f32>,
}

/// Tracks the pitch of whole recordings. Cheap to share between threads.
pub struct PitchTracker {
    config: PitchConfig,
    /// `None` where no pitch can be found at all with this configuration (say, a minimum above the maximum).
    correlator: Option<Correlator>,
}

impl PitchTracker {
    /// Prepares the transforms. A configuration that makes no sense gives a tracker that finds everything unvoiced.
    pub fn new(config: PitchConfig) -> Self {
        let correlator = Correlator::new(&config);
        Self { config, correlator }
    }

    /// The configuration in use.
    pub fn config(&self) -> &PitchConfig {
        &self.config
    }

    /// Pitch of `samples` (L), one value for each of the L / hop frames. Samples that are not finite count as zero.
    pub fn track(&self, samples: &[f32]) -> PitchTrack {
        let frames = samples.len().checked_div(self.config.hop).unwrap_or(0);
        let Some(correlator) = self.correlator.as_ref().filter(|_| frames > 0) else {
            return PitchTrack { f0_hz: vec![0.0; frames], voicing: vec![0.0; frames] };
        };
        let mut found = correlator.candidates(&self.config, samples, frames);
        let levels = relative_levels(&found);
        let first = path::best(&self.config, &found, &levels);
        prefer_register(&mut found, &first, self.config.register_cost);
        let chosen = path::best(&self.config, &found, &levels);
        let f0_hz = chosen.iter().map(|choice| choice.map_or(0.0, |candidate| candidate.hz)).collect();
        let voicing = chosen
            .iter()
            .zip(&found)
            .zip(&levels)
            .map(|((choice, frame), &level)| self.voicing(*choice, frame, level))
            .collect();
        PitchTrack { f0_hz, voicing }
    }

    fn voicing(&self, choice: Option<Candidate>, frame: &FrameCandidates, level: f32) -> f32 {
        let audible = (level / self.config.silence_threshold.max(f32::MIN_POSITIVE)).min(1.0);
        let strongest = || frame.candidates.iter().map(|c| c.strength).fold(0.0, f32::max) * audible;
        choice.map_or_else(strongest, |candidate| candidate.strength).clamp(0.0, 1.0)
    }
}

/// Half of the range in octaves, around the median, in which a voice is at home.
const REGISTER_OCTAVES: f32 = 0.5;

/// Lowers the score of candidates far from the median of a first path: what is an octave off there is rarely meant.
fn prefer_register(frames: &mut [FrameCandidates], first: &[Option<Candidate>], cost: f32) {
    let mut octaves: Vec<f32> = first.iter().flatten().map(|candidate| candidate.octave).collect();
    octaves.sort_by(f32::total_cmp);
    let Some(&median) = octaves.get(octaves.len() / 2) else {
        return;
    };
    for candidate in frames.iter_mut().flat_map(|frame| &mut frame.candidates) {
        let excess = ((candidate.octave - median).abs() - REGISTER_OCTAVES).max(0.0);
        candidate.score -= cost * excess * excess;
    }
}

/// Amplitude of each frame relative to the loud parts (95th percentile) of the recording.
fn relative_levels(frames: &[FrameCandidates]) -> Vec<f32> {
    let mut sorted: Vec<f32> = frames.iter().map(|frame| frame.amplitude).collect();
    sorted.sort_by(f32::total_cmp);
    let loud = sorted.get((sorted.len().saturating_sub(1)) * 95 / 100).copied().unwrap_or(0.0);
    frames.iter().map(|frame| if loud > 0.0 { frame.amplitude / loud } else { 0.0 }).collect()
}

/// Fills unvoiced stretches (0) on a line in log F0 between their voiced neighbours; before the first and after the
/// last voiced frame, its value is held. Stays all zero if nothing is voiced.
pub fn interpolate_unvoiced(f0: &[f32]) -> Vec<f32> {
    let mut filled: Vec<f32> = f0.iter().map(|&hz| if hz.is_finite() && hz > 0.0 { hz } else { 0.0 }).collect();
    let voiced: Vec<usize> = (0..filled.len()).filter(|&t| filled[t] > 0.0).collect();
    let (Some(&first), Some(&last)) = (voiced.first(), voiced.last()) else {
        return filled;
    };
    let (head, tail) = (filled[first], filled[last]);
    filled[..first].fill(head);
    filled[last + 1..].fill(tail);
    for pair in voiced.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let (low, high) = (filled[from].ln(), filled[to].ln());
        for (step, hz) in filled[from + 1..to].iter_mut().enumerate() {
            let share = (step + 1) as f32 / (to - from) as f32;
            *hz = (low + (high - low) * share).exp();
        }
    }
    filled
}

#[cfg(test)]
mod tests;
