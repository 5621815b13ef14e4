//! GPUs: what there is, what a run may use, and where its tensors go.

pub mod device;
pub mod gauge;
pub mod nvml;
pub mod plan;
pub mod reading;
pub mod selection;
