//! From text and a voice to audio.

pub mod blend;
pub mod level;
pub mod manner;
pub mod models;
pub mod style;
pub mod synthesizer;
pub mod verify;
pub mod voice;

pub use synthesizer::{SpeakOptions, SpokenUtterance, Synthesizer};
pub use voice::{Voice, VoiceError, VoiceManifest};
