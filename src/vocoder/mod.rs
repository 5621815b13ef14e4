//! Vocoder: mel spectrogram to waveform.
