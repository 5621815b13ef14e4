//! Cleaning: voice activity, trimming, levelling.

pub mod config;
