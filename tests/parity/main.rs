//! Parity with reference implementations: figures made by `scripts/golden/*.py`, kept in `tests/data/golden`.
//!
//! Weights are made by one formula on both sides ([`formula`]), so that only small outputs are committed.

mod cepstrum;
mod ecapa;
mod embedding;
mod fbank;
mod features;
mod formula;
mod golden;
mod hifigan;
mod pytorch;
