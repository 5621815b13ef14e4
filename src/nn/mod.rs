//! What all models share: layers, checkpoints, optimiser, schedule.

pub mod adamw;
pub mod attention;
pub mod checkpoint;
pub mod convnext;
pub mod ema;
pub mod host;
pub mod judge;
pub mod memory;
pub mod mixed;
pub mod pool;
pub mod pytorch;
pub mod schedule;
pub mod shared;
