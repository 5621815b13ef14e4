//! Signal features: STFT, mel, filterbanks, pitch, quantiles. There is one definition of each in the whole program.

pub mod fbank;
pub mod mel;
pub mod pitch;
mod quantile;
pub mod speechbrain;
pub mod stft;

pub use quantile::quantile;
