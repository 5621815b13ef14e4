//! Settings: flag > environment > file > default.
//!
//! Only commands see the whole [`Config`]; a module below them gets its own section. Where each value came from
//! is kept in [`Resolved`], for `voice-clone config` and for the copy saved beside everything that a run makes.

mod error;
mod file;
mod keys;
mod resolve;
mod rules;
mod sections;

use serde::{Deserialize, Serialize};

pub use self::{
    error::ConfigError,
    file::{FILE_VARIABLE, find_file},
    resolve::{Entry, Layers, Resolved, Setting, Source, resolve},
    sections::{ModelsConfig, OutputConfig, RuntimeConfig, SpeakersConfig, TrainConfig, VoicesConfig},
};
use crate::{clean, text};

/// Every setting.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How recordings become speech to train on.
    pub process: clean::config::Config,
    /// How voices are trained.
    pub train: TrainConfig,
    /// How text is read.
    pub text: text::Config,
    /// How generated speech is written.
    pub output: OutputConfig,
    /// Where the base models are.
    pub models: ModelsConfig,
    /// Where the trained voices are.
    pub voices: VoicesConfig,
    /// Where the enrolled speakers are.
    pub speakers: SpeakersConfig,
    /// What a run may use.
    pub runtime: RuntimeConfig,
}
