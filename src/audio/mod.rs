//! Audio in and out: decoding, resampling, encoding, loudness.

mod decoder;
mod error;
mod mono;
mod opus;
mod resample;

pub use decoder::{Decoder, StreamInfo};
pub use error::{AudioError, MAX_RATE, MIN_RATE, SUPPORTED_INPUT};
pub use mono::{MonoStream, load_mono};
pub use resample::Resampler;
