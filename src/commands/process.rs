//! `voice-clone process`: recordings to clean, catalogued speech.

use std::{fmt::Write, sync::Mutex};

use anyhow::ensure;

use super::{
    Session,
    failure::{Incomplete, Usage},
    progress::Task,
};
use crate::{
    cli::{ProcessArgs, VoiceName},
    dataset::build::{self, BuildError, Event, Report, Request},
    units::Seconds,
};

/// Processes.
///
/// # Errors
/// Nothing usable in the input, an output that can't be written, or, with `--strict`, anything set aside.
pub fn run(args: &ProcessArgs, session: &Session) -> anyhow::Result<()> {
    // Files are worked on side by side; threads within them would be in each other's way.
    tch::set_num_threads(1);
    let settings = session.settings.to_toml()?;
    let request = Request {
        input: &args.input,
        output: &args.output,
        speaker: args.speaker.as_ref().map(VoiceName::as_str),
        config: &session.config().process,
        settings: &settings,
    };
    let task: Mutex<Option<Task>> = Mutex::new(None);
    let observe = |event| {
        let Ok(mut task) = task.lock() else { return };
        // The old bar goes before the new one comes.
        if !matches!(event, Event::Advance(_)) {
            drop(task.take());
        }
        match event {
            Event::Reading(recordings) => *task = Some(session.progress.task("reading", recordings)),
            Event::Processing(bytes) => *task = Some(session.progress.bytes("processing", bytes)),
            Event::Advance(parts) => task.iter().for_each(|task| task.advance(parts)),
        }
    };
    let report = build::build(&request, &observe).map_err(explained)?;
    drop(task.lock().map(|mut task| task.take()));

    warn(&report);
    session.print(&report, || summary(&report))?;
    let (aside, found) = (report.totals.set_aside, report.totals.found);
    ensure!(report.usable() > 0, Incomplete(format!("nothing usable in {}", args.input.display())));
    ensure!(!args.strict || aside == 0, Incomplete(format!("{aside} of {found} recordings were set aside (--strict)")));
    Ok(())
}

/// A mistake in what was typed is told apart from a failure.
fn explained(error: BuildError) -> anyhow::Error {
    match error {
        BuildError::InputInOutput { .. } => Usage(error.to_string()).into(),
        _ => error.into(),
    }
}

fn warn(report: &Report) {
    for aside in &report.set_aside {
        tracing::warn!("set aside {}: {}", aside.path.display(), aside.reason);
    }
    for line in &report.recordings {
        for warning in &line.warnings {
            tracing::warn!("{}: {warning}", line.path.display());
        }
    }
}

fn summary(report: &Report) -> String {
    let totals = &report.totals;
    let mut text = format!(
        "recordings  {} found: {} processed, {} unchanged, {} set aside\n\
         speech      {} of {}\n\
         utterances  {}, {} in all\n\
         output      {}\n",
        totals.found,
        totals.processed,
        totals.unchanged,
        totals.set_aside,
        Seconds(totals.speech_s),
        Seconds(totals.duration_s),
        totals.segments,
        Seconds(totals.segments_s),
        report.output.display(),
    );
    for aside in &report.set_aside {
        let _ = writeln!(text, "set aside   {}: {}", aside.path.display(), aside.reason);
    }
    text
}
