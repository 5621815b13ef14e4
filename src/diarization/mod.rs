//! Who spoke when.
//!
//! A recording is heard in windows of ten seconds that overlap ([`windows`]): a network says who of up to three people
//! speaks in each frame ([`segmentation`]), and each part of a stretch in which one is alone gives an embedding
//! ([`hearing`]). The voices of all windows, but for sounds that are no voice of anybody who takes part, are clustered
//! ([`clustering`]), and what the windows say is averaged frame by frame ([`activity`]), so that two may speak at once.
//! [`live`] does the same for a stream.

pub mod activity;
pub mod bayesian;
pub mod clustering;
pub mod confidence;
pub mod hearing;
pub mod labels;
pub mod live;
pub mod music;
pub mod pipeline;
pub mod plda;
pub mod powerset;
pub mod rttm;
pub mod segmentation;
pub mod side_by_side;
mod sounds;
mod stretches;
pub mod uem;
pub mod windows;

pub use activity::TurnRules;
pub use clustering::SpeakerCount;
pub use pipeline::{Diarized, Diarizer};
pub use rttm::{RttmError, Turn};
