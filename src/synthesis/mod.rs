//! From text and a voice to audio.

pub mod blend;
pub mod correction;
pub mod level;
pub mod manner;
pub mod models;
pub mod sentences;
pub mod style;
pub mod synthesizer;
pub mod together;
pub mod verify;
pub mod voice;

pub use synthesizer::{SharedModels, SpeakOptions, SpokenUtterance, Synthesizer};
pub use voice::{Voice, VoiceError, VoiceManifest};
