//! Cleaning: voice activity, trimming, levelling.

pub mod config;
pub mod vad;
