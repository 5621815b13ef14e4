//! What every command works with: settings in force, threads, progress and output.

use std::{
    env,
    io::{self, Write},
    num::NonZeroUsize,
    sync::Arc,
    thread,
};

use anyhow::Context;
use serde::Serialize;

use super::{failure::Usage, logging, overrides, progress::Progress};
use crate::{
    cli::{Cli, Command},
    config::{self, Config, Layers, Resolved},
    gpu::{
        device::{self, Choice},
        gauge::Gauge,
        nvml::Driver,
        selection::GpuSelection,
    },
    processes::Processes,
};

/// By which a run sees some of the GPUs alone.
pub(super) const VISIBLE_DEVICES: &str = "CUDA_VISIBLE_DEVICES";

/// One run of the program.
#[derive(Debug)]
pub struct Session {
    /// The settings in force and where they came from.
    pub settings: Resolved,
    /// Where progress is shown.
    pub progress: Progress,
    /// CPU threads that this run may use.
    pub threads: usize,
    /// This process and those that share its job.
    pub processes: Processes,
    json: bool,
}

impl Session {
    /// Starts the logs, settles the settings and bounds the threads.
    ///
    /// # Errors
    /// Settings that can't be used.
    pub fn open(cli: &Cli, processes: Processes) -> anyhow::Result<Self> {
        let progress = Progress::on_stderr(cli.global.quiet || !processes.is_first());
        logging::start(&cli.global, progress.bars());
        let settings = config::resolve(&layers(cli))?;
        let threads = match &cli.command {
            Command::Train(args) => args.threads,
            _ => None,
        };
        let threads = threads.map_or_else(|| allowed_threads(settings.config.runtime.cpu_limit), NonZeroUsize::get);
        // Fails only where a pool exists already (in tests), which then serves.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
        tch::set_num_threads(i32::try_from(threads).unwrap_or(i32::MAX));
        Ok(Self { settings, progress, threads, processes, json: cli.global.json })
    }

    /// The settings in force.
    pub fn config(&self) -> &Config {
        &self.settings.config
    }

    /// Refuses commands that several processes can't share.
    ///
    /// # Errors
    /// Several processes, and a command that each of them would carry out whole.
    pub(super) fn refuse_processes(&self, command: &Command) -> Result<(), Usage> {
        let shared = match command {
            Command::Process(_) => true,
            Command::Train(args) => args.base.is_some(),
            _ => false,
        };
        match self.processes.count() {
            count if count > 1 && !shared => Err(Usage(format!(
                "{count} processes were started, but only process and train --base are shared by several"
            ))),
            _ => Ok(()),
        }
    }

    /// The device to work on, where one does.
    ///
    /// # Errors
    /// As [`Session::devices`].
    pub fn device(&self) -> Result<tch::Device, Usage> {
        Ok(self.devices()?[0])
    }

    /// The devices to work on, at least one; says in one line why they are not those asked for.
    ///
    /// # Errors
    /// A wish that the GPUs of this machine can't meet.
    pub fn devices(&self) -> Result<Vec<tch::Device>, Usage> {
        Ok(self.choice()?.devices)
    }

    /// The devices to work on, and what reads them meanwhile, where they are GPUs.
    ///
    /// # Errors
    /// As [`Session::devices`].
    pub fn watched_devices(&self) -> Result<(Vec<tch::Device>, Option<Arc<Gauge>>), Usage> {
        let Choice { devices, gpus, .. } = self.choice()?;
        let limit_percent = self.config().runtime.gpu_memory_limit;
        let gauge = (!gpus.is_empty()).then(|| Gauge::start(Box::new(Driver::default()), gpus, limit_percent));
        Ok((devices, gauge))
    }

    fn choice(&self) -> Result<Choice, Usage> {
        let wish = self.config().runtime.wish();
        let visible = env::var(VISIBLE_DEVICES).ok();
        let choice =
            device::choose(&wish, &Driver::default(), visible.as_deref()).map_err(|error| Usage(error.to_string()))?;
        match (&choice.note, wish.selection) {
            // The default asks for nothing in particular.
            (Some(note), GpuSelection::All) => tracing::debug!("{note}"),
            (Some(note), _) => tracing::warn!("{note}"),
            (None, _) => {}
        }
        Ok(choice)
    }

    /// Whether stdout takes one JSON document instead of text.
    pub fn wants_json(&self) -> bool {
        self.json
    }

    /// Prints the command's result on stdout: `document` with `--json`, else what `text` makes.
    ///
    /// # Errors
    /// A stdout that can't be written to.
    pub fn print<T: Serialize>(&self, document: &T, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        if !self.processes.is_first() {
            return Ok(());
        }
        let text = if self.json { serde_json::to_string_pretty(document)? } else { text() };
        let mut out = io::stdout().lock();
        out.write_all(text.trim_end().as_bytes())
            .and_then(|()| out.write_all(b"\n"))
            .and_then(|()| out.flush())
            .context("cannot write to stdout")
    }
}

fn layers(cli: &Cli) -> Layers {
    let text = |name: &str| env::var_os(name).and_then(|value| value.into_string().ok());
    Layers {
        file: config::find_file(cli.global.config.clone(), text),
        variables: env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
            .collect(),
        flags: overrides::from_flags(cli),
    }
}

/// The machine's cores times the limit, rounded, at least one.
fn allowed_threads(limit_percent: u8) -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    ((cores * usize::from(limit_percent) + 50) / 100).max(1)
}
