//! Who spoke when.
//!
//! Speech is found ([`crate::clean::vad`]), its windows are embedded ([`windows`]) and clustered ([`clustering`]), and a
//! path of least cost through the speakers ([`path`]) says who speaks at each moment: one at a time, so that where two
//! speak at once one of them is missed.

pub mod clustering;
pub mod labels;
pub mod path;
pub mod pipeline;
pub mod rttm;
pub mod uem;
pub mod windows;

pub use clustering::SpeakerCount;
pub use pipeline::{DiarizationError, Diarized, Diarizer};
pub use rttm::{RttmError, Turn};
