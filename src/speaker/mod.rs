//! Speaker encoder: who is speaking, as 192 values.
//!
//! The network is ECAPA-TDNN (Desplanques et al. 2020, <https://arxiv.org/abs/2005.07143>) with the parameter names of
//! SpeechBrain's `ECAPA_TDNN`, so that weights trained there load unchanged ([`from_speechbrain`]):
//! [`TdnnBlock`] → [`SeRes2NetBlock`] × 3 → aggregation → [`AttentiveStatisticsPooling`] → linear.

mod config;
mod ecapa;
mod encoder;
mod error;
mod front_end;
mod import;
mod pooling;
mod res2net;
mod squeeze_excitation;
mod tdnn;

pub use config::{EcapaConfig, EcapaConfigError};
pub use ecapa::EcapaTdnn;
pub use encoder::{SpeakerEncoder, cosine};
pub use error::SpeakerError;
pub use front_end::FeatureKind;
pub use import::{ImportError, from_speechbrain};
pub use pooling::AttentiveStatisticsPooling;
pub use res2net::{Res2NetBlock, SeRes2NetBlock};
pub use squeeze_excitation::SqueezeExcitation;
pub use tdnn::TdnnBlock;
