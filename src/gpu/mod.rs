//! Choice of device.
