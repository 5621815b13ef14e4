//! Measures: similarity, phoneme error rate, mel-cepstral distortion, F0 error, signal figures.
