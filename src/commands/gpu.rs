//! `voice-clone gpu`: what GPUs there are.

use std::{env, thread, time::Duration};

use serde::Serialize;

use super::{Session, session::VISIBLE_DEVICES, table};
use crate::{
    cli::GpuShowArgs,
    gpu::{
        nvml::{Driver, Source},
        plan::{Plan, plan},
        reading::{Gpu, Path, Reading},
    },
};

/// What is shown.
#[derive(Debug, Serialize)]
struct Shown {
    /// Why nothing is known.
    reason: Option<String>,
    #[serde(flatten)]
    reading: Reading,
    /// What a run would use, or why it would not start.
    plan: Option<Plan>,
    refused: Option<String>,
}

/// Shows the GPUs.
///
/// # Errors
/// A stdout that can't be written to.
pub fn run(args: &GpuShowArgs, session: &Session) -> anyhow::Result<()> {
    let driver = Driver::default();
    loop {
        let shown = look(session, &driver);
        session.print(&shown, || text(&shown))?;
        let Some(seconds) = args.watch else { return Ok(()) };
        thread::sleep(Duration::from_secs_f64(seconds));
    }
}

fn look(session: &Session, driver: &Driver) -> Shown {
    let (reading, reason) = match driver.read() {
        Ok(reading) => (reading, None),
        Err(reason) => (Reading::default(), Some(reason)),
    };
    let visible = env::var(VISIBLE_DEVICES).ok();
    let planned = plan(&reading, &session.config().runtime.wish(), visible.as_deref());
    let (plan, refused) = match (planned, &reason) {
        (_, Some(_)) => (Some(Plan::default()), None),
        (Ok(plan), None) => (Some(plan), None),
        (Err(error), None) => (None, Some(error.to_string())),
    };
    Shown { reason, reading, plan, refused }
}

fn text(shown: &Shown) -> String {
    if let Some(reason) = &shown.reason {
        return format!("no GPU: {reason}; the CPU does the work\n");
    }
    let gpus = &shown.reading.gpus;
    let rows: Vec<_> = gpus.iter().map(row).collect();
    let header = ["GPU", "NAME", "MEMORY", "IN USE", "BUSY", "TEMPERATURE", "POWER", "COMPUTE", "PROCESSES", "UUID"];
    let mut text = table::layout(header, &rows);
    let pairs = gpus.iter().enumerate().flat_map(|(at, a)| gpus[at + 1..].iter().map(move |b| (a.index, b.index)));
    for (a, b) in pairs {
        let path: Path = shown.reading.path(a, b);
        text += &format!("GPU {a} to GPU {b}: {}\n", path.short());
    }
    match (&shown.plan, &shown.refused) {
        (_, Some(refused)) => text + &format!("a run would not start: {refused}\n"),
        (Some(plan), None) => text + &used(plan),
        (None, None) => text,
    }
}

fn used(plan: &Plan) -> String {
    let share = |share: &crate::gpu::plan::Share| {
        let gib = share.memory_bytes as f64 / f64::from(1 << 30);
        format!("a run would use GPU {} for {:.0} % of its work, up to {gib:.1} GiB\n", share.index, share.work * 100.0)
    };
    let shares: String = plan.gpus.iter().map(share).collect();
    let notes: String = plan.notes.iter().map(|note| format!("not used: {note}\n")).collect();
    if plan.gpus.is_empty() { "a run would use the CPU\n".to_owned() + &notes } else { shares + &notes }
}

fn row(gpu: &Gpu) -> [String; 10] {
    let gib = |bytes: u64| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
    let known = |value: Option<String>| value.unwrap_or_else(|| "?".to_owned());
    let power = gpu.power_w.zip(gpu.power_limit_w).map(|(power, limit)| format!("{power:.0} of {limit:.0} W"));
    [
        gpu.index.to_string(),
        if gpu.mig { format!("{} (MIG)", gpu.name) } else { gpu.name.clone() },
        gib(gpu.memory_bytes),
        gib(gpu.used_bytes),
        known(gpu.busy_percent.map(|busy| format!("{busy} %"))),
        known(gpu.temperature_c.map(|degrees| format!("{degrees} °C"))),
        known(power),
        known(gpu.compute.map(|(major, minor)| format!("{major}.{minor}"))),
        gpu.processes.len().to_string(),
        gpu.uuid.clone(),
    ]
}
