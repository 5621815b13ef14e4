//! Signal features: STFT, mel, filterbanks, pitch. There is one definition of each in the whole program.

pub mod fbank;
pub mod mel;
pub mod pitch;
pub mod speechbrain;
pub mod stft;
