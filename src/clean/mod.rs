//! Cleaning: noise, clipping, hum, rumble, levels, pauses; and where speech is.
//!
//! A recording is decoded once and never held as a whole. [`supply`] decodes, measures and mends it, [`analysis`] takes
//! its noise away, finds the speech and puts the cleaned signal aside ([`scratch`]). [`segments`], [`pauses`] and
//! [`level`] decide from that, and [`render`] writes what was decided.

pub mod analysis;
pub mod autogain;
pub mod cleaner;
pub mod clipping;
pub mod config;
pub mod declip;
pub mod error;
pub mod hum;
pub mod level;
pub mod limiter;
pub mod pauses;
pub mod quality;
pub mod render;
pub mod rnnoise;
pub mod rumble;
pub mod scratch;
pub mod segments;
pub mod spectrogram;
pub mod supply;
pub mod trace;
pub mod vad;
mod window;
