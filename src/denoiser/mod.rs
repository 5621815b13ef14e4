//! The denoiser: a network that weighs every point of a spectrum, and the stream that it runs in.
//!
//! In the family of DeepFilterNet (Schröter et al. 2022) and GTCRN (Rong et al. 2024): a complex mask for the
//! short-time spectrum. The body is a causal stack of dilated ConvNeXt blocks over time, which a plain CPU runs as a
//! few large products.

mod network;
mod spectrum;
mod stream;

pub use network::{Denoiser, DenoiserConfig, DenoiserError, Memory};
pub use spectrum::{BINS, HOP, Spectrum, WINDOW};
pub use stream::{Denoising, LATENCY_S, Strength};
