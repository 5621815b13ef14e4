//! `voice-clone train --base`: base training of one component.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use crate::train::base::{BaseTraining, Component, Observer};
use crate::train::runner::{RunOptions, StepReport};

struct Lines;

impl Observer for Lines {
    fn prepared(&self, done: usize, total: usize) {
        if done.is_multiple_of(500) || done == total {
            eprintln!("prepared {done} of {total}");
        }
    }
    fn left_out(&self, key: &str, reason: &str) {
        eprintln!("left out {key}: {reason}");
    }
    fn step(&self, report: &StepReport) {
        eprintln!("{}", serde_json::to_string(report).unwrap_or_default());
    }
}

/// Temporary entry.
pub fn run(args: &[String]) -> Result<()> {
    let component = match args[0].as_str() {
        "vocoder" => Component::Vocoder,
        "aligner" => Component::Aligner,
        "acoustic" => Component::Acoustic,
        _ => Component::Speaker,
    };
    let folder = PathBuf::from(&args[2]);
    tch::set_num_threads(1);
    let minutes: f64 = args[3].parse()?;
    BaseTraining {
        corpus: &PathBuf::from(&args[1]),
        cache: &PathBuf::from("/tmp/cache"),
        recipe: component.default_recipe(),
        models: &PathBuf::from("/work/main/models"),
        teacher: Some(&PathBuf::from("/tmp/cache/teacher.safetensors")),
        device: tch::Device::Cpu,
        options: RunOptions {
            folder,
            time_limit: (minutes > 0.0).then(|| Duration::from_secs_f64(minutes * 60.0)),
            resume: true,
            seed: 1,
            checkpoint_every: Duration::from_secs(120),
        },
        observer: &Lines,
    }
    .run(component)?;
    Ok(())
}
