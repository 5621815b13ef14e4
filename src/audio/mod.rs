//! Audio in and out: decoding, resampling, encoding, loudness.

mod codec;
mod decoder;
mod encoder;
mod error;
mod flac;
mod loudness;
mod mono;
mod mp4;
mod opus;
mod output;
mod resample;
mod source;
mod track;
mod vorbis;
mod wav;
mod writer;

pub use decoder::Decoder;
pub use error::{AudioError, MAX_RATE, MIN_RATE, SUPPORTED_INPUT};
pub use loudness::LoudnessMeter;
pub use mono::{MonoStream, load_mono};
pub use output::{OutputFormat, is_audio_path};
pub use resample::Resampler;
pub use track::StreamInfo;
pub use writer::AudioWriter;
