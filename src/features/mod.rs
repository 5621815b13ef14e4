//! Signal features: STFT, mel, filterbanks, pitch.
