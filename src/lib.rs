//! From a folder of recordings to a voice that says any text, on the user's own hardware.
//!
//! Dependencies point downward only (`tests/layering.rs` checks it):
//!
//! | layer | modules |
//! |---|---|
//! | 5 | [`cli`], [`commands`], [`config`] |
//! | 4 | [`train`], [`synthesis`], [`evaluation`] |
//! | 3 | [`augment`], [`clean`], [`denoiser`], [`speaker`], [`diarization`], [`dataset`], [`text`], [`aligner`], [`acoustic`], [`vocoder`] |
//! | 2 | [`audio`], [`features`], [`nn`], [`gpu`] |
//! | 1 | [`units`], [`error`], [`files`], [`processes`] |
//!
//! Shape letters, the same everywhere: B batch, T frames, N tokens, C channels, L samples.

pub mod acoustic;
pub mod aligner;
pub mod audio;
pub mod augment;
pub mod clean;
pub mod cli;
pub mod commands;
pub mod config;
pub mod dataset;
pub mod denoiser;
pub mod diarization;
pub mod error;
pub mod evaluation;
pub mod features;
pub mod files;
pub mod gpu;
pub mod nn;
pub mod processes;
pub mod speaker;
pub mod synthesis;
pub mod text;
pub mod train;
pub mod units;
pub mod vocoder;
