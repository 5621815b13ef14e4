//! Cleaning: voice activity, trimming, levelling.
