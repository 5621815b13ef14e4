//! Cleaning: voice activity, trimming, levelling.
//!
//! A recording is read twice and never held as a whole: [`analysis`] measures it and finds the speech,
//! [`segments`] and [`level`] decide from that, and [`render`] writes what was decided. A denoiser is to be a
//! [`filter::Filter`] ahead of the gain; a diarizer is to give `dataset::manifest::Segment`s their speakers.

pub mod analysis;
pub mod clipping;
pub mod config;
pub mod filter;
pub mod level;
pub mod limiter;
pub mod render;
pub mod segments;
pub mod vad;
mod window;
