//! HiFi-GAN generators in their published form (Kong et al. 2020, <https://arxiv.org/abs/2010.05646>).
//!
//! An alternative to the vocoder that this program trains: V1, V2, V3 and universal checkpoints of
//! <https://github.com/jik876/hifi-gan> load with their `config.json`. They cost more: upsampling convolutions run at
//! the rate of the samples.

mod config;
mod generator;
mod load;
mod residual;

pub use config::{HifiGanConfig, HifiGanConfigError, ResidualKind};
pub use generator::Generator;
pub use load::{HifiGan, HifiGanError};
