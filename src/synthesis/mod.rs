//! From text and a voice to audio.

pub mod level;
pub mod models;
pub mod synthesizer;
pub mod voice;

pub use synthesizer::{SpeakOptions, SpokenUtterance, Synthesizer};
pub use voice::{Voice, VoiceError, VoiceManifest};
