//! Choice of device.

pub mod selection;
