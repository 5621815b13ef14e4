//! Aligner: a phoneme recogniser that times phonemes, checks transcripts and labels recordings.
//!
//! A small network gives, frame by frame, the probability of each phoneme ([`network`]). An utterance is a chain of
//! states, one a phoneme, with a pause between words that may be left out; the sum over all ways through it trains
//! the network, the best way times the phonemes ([`chain`]). There is no blank: CTC's blank takes most frames for
//! itself, which leaves the ends of phonemes undefined.

pub mod chain;
pub mod gaussian;
pub mod network;
pub mod phones;
mod recogniser;

pub use recogniser::{Aligner, Alignment};
