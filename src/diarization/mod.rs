//! Who spoke when.

pub mod rttm;
pub mod uem;

pub use rttm::{RttmError, Turn};
