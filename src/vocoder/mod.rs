//! Vocoder: mel spectrogram to waveform.
//!
//! [`harmonic::HarmonicVocoder`] shapes a pulse train and noise with filters that a network reads off the mel
//! spectrogram, frame by frame: all of the network runs at 86 frames a second, so it is fast on a plain CPU.

pub mod consistency;
pub mod discriminator;
pub mod excitation;
pub mod filter;
pub mod harmonic;
pub mod hifigan;
pub mod lengths;
pub mod loss;
