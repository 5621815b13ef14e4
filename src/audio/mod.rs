//! Audio in and out: decoding, resampling, encoding, loudness.

mod codec;
mod decoder;
mod encoder;
mod error;
pub mod filter;
mod flac;
mod guard;
mod loudness;
mod mono;
mod mp4;
mod ogg_opus;
mod opus;
mod output;
mod pipe;
mod resample;
mod source;
mod tags;
mod track;
mod vorbis;
mod wav;
mod writer;

pub use decoder::Decoder;
pub use error::{AudioError, MAX_RATE, MIN_RATE, SUPPORTED_INPUT};
pub use loudness::LoudnessMeter;
pub use mono::{MonoStream, load_mono};
pub use output::{OutputFormat, is_audio_path};
pub use pipe::PipeStream;
pub use resample::Resampler;
pub use tags::Tags;
pub use track::StreamInfo;
pub use writer::AudioWriter;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_can_move_to_another_thread() {
        fn movable<T: Send + 'static>() {}
        movable::<Decoder>();
        movable::<MonoStream>();
        movable::<Resampler>();
        movable::<AudioWriter>();
        movable::<LoudnessMeter>();
        movable::<AudioError>();
    }
}
