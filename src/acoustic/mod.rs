//! Acoustic model: phonemes, prosody and a speaker embedding to a mel spectrogram.
//!
//! Not autoregressive, so it cannot skip or repeat a word: a text encoder ([`encoder`]), explicit predictors of
//! duration, pitch and energy per symbol ([`variance`], as in FastPitch, Łańcucki 2021), expansion to frames
//! ([`expand`]) and a decoder that takes two frames at once ([`decoder`]).

pub mod config;
pub mod controls;
pub mod decoder;
pub mod discriminator;
pub mod encoder;
pub mod expand;
pub mod film;
pub mod model;
pub mod variance;

pub use config::AcousticConfig;
pub use controls::{Controls, SymbolControl};
pub use model::{AcousticModel, AcousticOutput, SymbolProsody};
