//! Signal features: STFT, mel, filterbanks, pitch.

pub mod pitch;
