//! Acoustic model: phonemes, prosody and a speaker embedding to a mel spectrogram.
