//! From text and a voice to audio.
