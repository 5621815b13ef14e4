//! How well the speaker encoder tells people apart, on folders with a folder of recordings for each of them.
//!
//! [`collect`] finds the recordings, [`Embedder`] embeds each under every [`Condition`], [`SpeakerReport`] has the
//! figures.

mod collection;
mod embedder;
mod report;
mod trials;

pub use collection::{CollectError, Speaker, collect};
pub use embedder::{Condition, EmbedError, Embedder, Embedding};
pub use report::{ConditionReport, EncoderReport, SpeakerReport};
pub use trials::Identification;
