//! Speaker encoder: who is speaking, as 192 values.
//!
//! The network is ECAPA-TDNN (Desplanques et al. 2020, <https://arxiv.org/abs/2005.07143>) with the parameter names of
//! SpeechBrain's `ECAPA_TDNN`, so that weights trained there load unchanged ([`from_speechbrain`]):
//! [`TdnnBlock`] → [`SeRes2NetBlock`] × 3 → aggregation → [`AttentiveStatisticsPooling`] → linear.
//!
//! [`Listener`] finds the speech of a recording and embeds it, [`SpeakerStream`] does so while it comes in;
//! [`Calibration`] says what the cosine of two embeddings means; [`enrolment`] keeps the speakers that are known.

pub mod calibration;
mod companions;
mod config;
mod ecapa;
mod embedding;
mod encoder;
pub mod enrolment;
mod error;
mod front_end;
mod import;
mod pooling;
mod res2net;
mod speech;
mod squeeze_excitation;
mod stream;
mod tdnn;

pub use calibration::{Calibration, Verdict};
pub use companions::Companions;
pub use config::{EcapaConfig, EcapaConfigError};
pub use ecapa::EcapaTdnn;
pub use embedding::{cosine, mean_embedding};
pub use encoder::SpeakerEncoder;
#[cfg(test)]
pub(crate) use encoder::tests::encoder as small_encoder;
pub use error::SpeakerError;
pub use front_end::FeatureKind;
pub use import::{ImportError, from_speechbrain};
pub use pooling::AttentiveStatisticsPooling;
pub use res2net::{Res2NetBlock, SeRes2NetBlock};
pub use speech::{Heard, ListenError, Listener, MAX_SPEECH, SpokenAudio, append_speech};
pub use squeeze_excitation::SqueezeExcitation;
pub use stream::{SpeakerStream, StreamConfig, Update};
pub use tdnn::TdnnBlock;

#[cfg(test)]
mod corpus_tests;
