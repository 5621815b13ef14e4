//! Sections that belong to the commands rather than to one module.

use serde::{Deserialize, Serialize};

use crate::gpu::{
    plan::{Strategy, Wish},
    selection::GpuSelection,
};

/// How voices are trained: the `[train]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Minutes of training after which a voice is done.
    pub minutes: f64,
    /// Steps after which a voice is done, if that comes sooner.
    pub steps: u64,
    /// Highest learning rate of the schedule.
    pub learning_rate: f64,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self { minutes: 20.0, steps: 400, learning_rate: 3e-4 }
    }
}

/// How generated speech is written: the `[output]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutputConfig {
    /// Integrated loudness, in LUFS (EBU R128).
    pub loudness_lufs: f64,
    /// Highest true peak, in dBTP.
    pub true_peak_dbtp: f64,
    /// Sample rate, in Hz.
    pub sample_rate: u32,
    /// Encoding, where the file's name does not say it.
    pub format: String,
}

impl Default for OutputConfig {
    fn default() -> Self {
        Self { loudness_lufs: -16.0, true_peak_dbtp: -1.0, sample_rate: 22_050, format: "wav16".to_owned() }
    }
}

/// Where the base models are: the `[models]` section.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelsConfig {
    /// The folder; empty for the models that came with the program.
    pub dir: String,
    /// The encoder's file by which `voice-clone speaker` compares voices; empty for the one in the folder.
    pub speaker: String,
}

/// Where the trained voices are: the `[voices]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VoicesConfig {
    /// The folder, with one folder per voice; `~` is the home folder.
    pub dir: String,
}

impl Default for VoicesConfig {
    fn default() -> Self {
        Self { dir: "~/.local/share/voice-clone/voices".to_owned() }
    }
}

/// Where the enrolled speakers are: the `[speakers]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpeakersConfig {
    /// The folder, with one file per speaker; `~` is the home folder.
    pub dir: String,
}

impl Default for SpeakersConfig {
    fn default() -> Self {
        Self { dir: "~/.local/share/voice-clone/speakers".to_owned() }
    }
}

/// What a run may use: the `[runtime]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuntimeConfig {
    /// Share of the CPU's cores, in percent.
    pub cpu_limit: u8,
    /// Random seed.
    pub seed: u64,
    /// GPUs to use.
    pub gpu: GpuSelection,
    /// And which not, as a list of numbers.
    pub gpu_exclude: String,
    /// How much of each GPU's memory may be in use, in percent.
    pub gpu_memory_limit: u8,
    /// How work is laid on them.
    pub gpu_strategy: Strategy,
}

impl Default for RuntimeConfig {
    fn default() -> Self {
        Self {
            cpu_limit: 100,
            seed: 0,
            gpu: GpuSelection::All,
            gpu_exclude: String::new(),
            gpu_memory_limit: 80,
            gpu_strategy: Strategy::Balanced,
        }
    }
}

impl RuntimeConfig {
    /// What the planner of GPUs is asked for.
    pub fn wish(&self) -> Wish {
        let exclude = match self.gpu_exclude.parse() {
            Ok(GpuSelection::Indices(indices)) => indices,
            // The rules of settings allow nothing else but nothing.
            _ => Vec::new(),
        };
        Wish {
            selection: self.gpu.clone(),
            exclude,
            memory_limit_percent: self.gpu_memory_limit,
            strategy: self.gpu_strategy,
        }
    }
}
