//! Training: base components and voices.

pub mod acoustic;
pub mod adversary;
pub mod ahead;
pub mod aligner;
pub mod base;
pub mod crop;
pub mod denoiser;
pub mod labels;
mod lock;
pub mod runner;
pub mod segmentation;
pub mod speaker;
pub mod taught;
pub mod vocoder;
pub mod voice;
