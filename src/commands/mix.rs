//! `voice-clone mix`: folders of speakers to conversations and their truth.

use std::{fs, path::Path};

use serde::Serialize;
use serde_json::json;

use super::{Session, failure::Usage, input::folder_of_recordings, table};
use crate::{
    audio::{AudioWriter, OutputFormat},
    augment::ConversationConfig,
    cli::MixArgs,
    diarization::rttm,
    error::FileError,
    evaluation::{
        simulation::{Plan, Simulated, Simulation},
        speakers::collect,
    },
    files::{write_atomically, write_json},
    units::{SampleRate, Seconds},
};

/// A conversation in the report.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    duration_s: f64,
    speakers: Vec<String>,
    turns: usize,
    overlap: f64,
}

/// Mixes.
///
/// # Errors
/// Folders without speakers, a manner that can't be used, or an output that can't be written.
pub fn run(args: &MixArgs, session: &Session) -> anyhow::Result<()> {
    let speakers = collect(&args.speakers, &args.only)?;
    if speakers.len() < args.people.0 {
        let (least, found) = (args.people.0, speakers.len());
        return Err(Usage(format!("--people {least}: there are recordings of {found} speakers")).into());
    }
    let noise = args.noise.as_deref().map(folder_of_recordings).transpose()?.unwrap_or_default();
    let manner = args.manner.as_deref().map(manner).transpose()?.unwrap_or_default();
    let plan = Plan {
        speakers: &speakers,
        noise: &noise,
        people: args.people,
        length: (Seconds(args.length.0), Seconds(args.length.1)),
        manner: &manner,
        seed: args.seed.unwrap_or(session.config().runtime.seed),
    };
    fs::create_dir_all(&args.output).map_err(FileError::on("create", &args.output))?;
    let task = session.progress.task("mixing", u64::from(args.count));
    let simulation = Simulation::new(plan);
    let mut rows = Vec::new();
    for number in 0..args.count {
        let name = format!("conversation-{:03}", number + 1);
        let made = simulation.make(u64::from(number), &name)?;
        for (path, reason) in &made.set_aside {
            tracing::warn!("set aside {}: {reason}", path.display());
        }
        write(&args.output, &name, &made)?;
        rows.push(row(name, &made));
        task.advance(1);
    }
    drop(task);
    let document = json!({
        "schema": 1, "output": args.output, "seed": plan.seed, "manner": manner, "conversations": rows,
    });
    write_json(&args.output.join("mix.json"), &document)?;
    session.print(&document, || table(&rows))
}

fn manner(path: &Path) -> anyhow::Result<ConversationConfig> {
    let text = fs::read_to_string(path).map_err(FileError::on("read", path))?;
    let wrong = |reason: String| Usage(format!("{}: {reason}", path.display()));
    let manner: ConversationConfig = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    manner.check().map_err(wrong)?;
    Ok(manner)
}

fn write(folder: &Path, name: &str, made: &Simulated) -> anyhow::Result<()> {
    let path = folder.join(format!("{name}.wav"));
    let mut writer = AudioWriter::create(&path, OutputFormat::Wav16, SampleRate::ANALYSIS, 1)?;
    writer.write(&made.samples)?;
    writer.finish()?;
    write_atomically(&folder.join(format!("{name}.rttm")), rttm::write(&made.turns, false).as_bytes())?;
    Ok(())
}

fn row(name: String, made: &Simulated) -> Row {
    let speakers = rttm::speakers(&made.turns).into_iter().map(str::to_owned).collect();
    Row { name, duration_s: made.duration().0, speakers, turns: made.turns.len(), overlap: made.overlap() }
}

fn table(rows: &[Row]) -> String {
    let cells = rows.iter().map(|row| {
        let length = Seconds(row.duration_s).to_string();
        let overlap = format!("{:.0} %", row.overlap * 100.0);
        [row.name.clone(), length, row.turns.to_string(), overlap, row.speakers.join(", ")]
    });
    table::layout(["CONVERSATION", "LENGTH", "TURNS", "OVERLAP", "SPEAKERS"], &cells.collect::<Vec<_>>())
}
