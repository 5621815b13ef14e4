//! One file a command: load, call, report.

pub mod train_base;
