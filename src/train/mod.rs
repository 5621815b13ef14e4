//! Training: base components and voices.

pub mod aligner;
pub mod base;
pub mod runner;
pub mod speaker;
pub mod vocoder;
