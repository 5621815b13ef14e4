//! Measures: similarity, phoneme error rate, mel-cepstral distortion, F0 error, signal figures.
//!
//! Each measure is a pure function with its published definition; [`compare`] applies those that need a recording of
//! the same words, and [`report`] gathers the figures of many utterances. [`verification`] has the measures of telling
//! speakers apart, and [`speakers`] takes them on folders of recordings; [`simulation`] makes conversations of such folders.

pub mod cepstrum;
pub mod compare;
pub mod diarization;
pub mod dtw;
pub mod edit;
pub mod f0;
pub mod judge;
pub mod report;
pub mod signal;
pub mod simulation;
pub mod speakers;
pub mod statistic;
pub mod timing;
pub mod verification;
