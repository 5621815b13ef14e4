//! Choice of device.

pub mod device;
pub mod selection;
