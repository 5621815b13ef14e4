//! Which GPUs a run may use, and `voice-clone gpu`.

use clap::{Args, ValueEnum};

use super::values::positive_number;
use crate::gpu::selection::GpuSelection;

/// Which GPUs a run may use.
#[derive(Debug, Clone, Args)]
pub struct GpuArgs {
    /// The GPUs: all, 0,2,5, range:0-3, count:3 or none [default: setting runtime.gpu].
    #[arg(long, value_name = "IDS", help_heading = "GPUs")]
    pub gpu: Option<GpuSelection>,

    /// But not these [default: setting runtime.gpu_exclude].
    #[arg(long, value_name = "IDS", value_delimiter = ',', help_heading = "GPUs")]
    pub gpu_exclude: Vec<u32>,

    /// How much of each GPU's memory may be in use, in percent [default: setting runtime.gpu_memory_limit].
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100), help_heading = "GPUs")]
    pub gpu_memory_limit: Option<u8>,

    /// How work is laid on them [default: setting runtime.gpu_strategy].
    #[arg(long, value_name = "STRATEGY", help_heading = "GPUs")]
    pub gpu_strategy: Option<StrategyName>,
}

/// How work is laid on GPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StrategyName {
    /// On all, each by its speed and its free memory.
    Balanced,
    /// On one, the fullest that has room.
    Packed,
    /// On those that are about as fast as the fastest.
    Fastest,
}

impl StrategyName {
    /// As the setting has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Balanced => "balanced",
            Self::Packed => "packed",
            Self::Fastest => "fastest",
        }
    }
}

/// Show the GPUs of this machine, and which of them a run would use.
///
/// GPUs are numbered by their place on the PCI bus, as the driver does and, unless CUDA_DEVICE_ORDER says otherwise, this
/// program; where CUDA_VISIBLE_DEVICES is set, a run numbers those that it names.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voice-clone gpu
  voice-clone gpu --json
  voice-clone gpu --watch 2
  voice-clone gpu --gpu count:2 --gpu-exclude 0 --gpu-memory-limit 60")]
pub struct GpuShowArgs {
    /// Show them again every so many seconds, until Ctrl-C.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "1", value_parser = positive_number)]
    pub watch: Option<f64>,

    /// What a run would be told.
    #[command(flatten)]
    pub wish: GpuArgs,
}
