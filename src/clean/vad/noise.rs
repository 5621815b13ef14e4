//! How strong the noise is in each band.

use std::collections::VecDeque;

use super::{
    features::{BANDS, Frame},
    to_db,
};
use crate::clean::window::WindowMin;

/// Frames over which a band's power is averaged before its minimum is taken.
const AVERAGED: usize = 5;
/// The minimum of noise lies this far below its mean, as found on white noise.
const MINIMUM_BIAS_DB: f32 = 3.0;
/// Frames without voice that a window must hold to be believed.
const ENOUGH: usize = 5;
/// Where all is voiced, the noise is thought to lie this far below the weakest moment of the voice.
const BELOW_VOICE_DB: f32 = 10.0;
/// Below this a band holds nothing but the rounding of 16-bit samples.
const LOWEST_DB: f32 = 14.0;

/// The least that each band held lately, in frames without voice where there are any.
#[derive(Debug)]
pub(super) struct NoiseFloor {
    length: usize,
    recent: VecDeque<[f32; BANDS]>,
    /// Whether each of the window's frames was free of voice, and how many were.
    unvoiced: VecDeque<bool>,
    unvoiced_count: usize,
    least_unvoiced: [WindowMin; BANDS],
    least: [WindowMin; BANDS],
}

impl NoiseFloor {
    /// The floor over a window of `length` frames.
    pub(super) fn new(length: usize) -> Self {
        Self {
            length,
            recent: VecDeque::with_capacity(AVERAGED),
            unvoiced: VecDeque::with_capacity(length),
            unvoiced_count: 0,
            least_unvoiced: std::array::from_fn(|_| WindowMin::new(length)),
            least: std::array::from_fn(|_| WindowMin::new(length)),
        }
    }

    /// Moves the window on by one frame.
    pub(super) fn push(&mut self, frame: &Frame) {
        if self.recent.len() == AVERAGED {
            self.recent.pop_front();
        }
        self.recent.push_back(frame.bands);
        if self.unvoiced.len() == self.length && self.unvoiced.pop_front() == Some(true) {
            self.unvoiced_count -= 1;
        }
        self.unvoiced.push_back(!frame.voiced);
        self.unvoiced_count += usize::from(!frame.voiced);
        for band in 0..BANDS {
            let mean = self.recent.iter().map(|bands| bands[band]).sum::<f32>() / self.recent.len() as f32;
            let db = to_db(mean);
            self.least[band].push(db);
            self.least_unvoiced[band].push(if frame.voiced { f32::INFINITY } else { db });
        }
    }

    /// The noise's mean power in `band`, in dB.
    pub(super) fn db(&self, band: usize) -> f32 {
        let least = if self.unvoiced_count >= ENOUGH {
            self.least_unvoiced[band].min()
        } else {
            self.least[band].min() - BELOW_VOICE_DB
        };
        (least + MINIMUM_BIAS_DB).max(LOWEST_DB)
    }
}
