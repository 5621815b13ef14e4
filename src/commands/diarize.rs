//! `voice-clone diarize`: recordings to turns of speakers.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Serialize;
use serde_json::json;
use tch::Device;

use super::{Session, diarize_stream, failure::Usage, input::folder_of_recordings, paths, table, who};
use crate::{
    cli::DiarizeArgs,
    diarization::{
        Diarized, Diarizer, TurnRules, activity, hearing::Hearing, labels, pipeline::Stages, rttm,
        side_by_side::SideBySide,
    },
    error::FileError,
    files::{write_atomically, write_json},
    synthesis::models::Models,
    units::Seconds,
};

/// A recording's row in the report.
#[derive(Debug, Serialize)]
struct Row {
    recording: PathBuf,
    duration_s: f64,
    speech_s: f64,
    speakers: Vec<String>,
    turns: usize,
}

/// Diarizes.
///
/// # Errors
/// Input that isn't there or can't be used at all, or an output that can't be written.
pub fn run(args: &DiarizeArgs, session: &Session) -> anyhow::Result<()> {
    let count = who::speaker_count(&args.who)?;
    let files = match (&args.output, args.stream) {
        (_, true) => None,
        (Some(output), false) => Some((output, recordings(&args.input)?)),
        (None, false) => return Err(Usage("--output is missing: the folder for the result".to_owned()).into()),
    };
    let config = session.config();
    let device = session.device()?;
    let models = Models::new(&paths::models_dir(config), device);
    let load = || models.hearing(&paths::speaker_encoder(config));
    let networks = load()?;
    let encoder = networks.encoder();
    let clustering = models.clustering(encoder)?;
    let known = who::known_voices(&args.who, session, encoder.fingerprint())?;
    let (calibration, fingerprint) = (encoder.calibration().unwrap_or_default(), encoder.fingerprint().to_owned());
    // A stream has one window at a time, and one network keeps a GPU busy.
    let hearing: Box<dyn Hearing> = match device {
        Device::Cpu if !args.stream => {
            let hearing = SideBySide::new(networks, session.threads, load)?;
            tch::set_num_threads(i32::try_from(session.threads / hearing.copies()).unwrap_or(i32::MAX));
            Box::new(hearing)
        }
        _ => Box::new(networks),
    };
    let diarizer = Diarizer {
        hearing: &*hearing,
        clustering: &*clustering,
        calibration,
        count,
        known: &known,
        rules: TurnRules { at_once: if args.exclusive { 1 } else { usize::MAX }, min_pause: Seconds(args.min_pause) },
    };
    let Some((output, recordings)) = files else { return diarize_stream::run(args, &diarizer) };
    fs::create_dir_all(output).map_err(FileError::on("create", output))?;
    let task = session.progress.task("diarizing", recordings.len() as u64);
    let (mut rows, mut set_aside) = (Vec::new(), Vec::new());
    for (path, name) in recordings.iter().zip(names(&recordings, &args.input)) {
        match diarizer.in_stages(path) {
            Ok(Stages { heard, speakers, turns: mut found }) => {
                found.turns.iter_mut().for_each(|turn| turn.file.clone_from(&name));
                write(output, path, &name, &found, args)?;
                if args.stages {
                    let document = json!({
                        "schema": 1, "frame_s": activity::frame(), "encoder": fingerprint,
                        "windows": heard.windows, "speakers": speakers,
                    });
                    write_json(&output.join(format!("{name}.stages.json")), &document)?;
                }
                rows.push(row(path, &found));
            }
            Err(error) if recordings.len() == 1 => return Err(error.into()),
            Err(error) => {
                tracing::warn!("set aside {}: {error}", path.display());
                set_aside.push(json!({ "recording": path, "reason": error.to_string() }));
            }
        }
        task.advance(1);
    }
    drop(task);
    anyhow::ensure!(!rows.is_empty(), "none of the {} recordings could be used", recordings.len());
    let document = json!({ "output": output, "recordings": rows, "set_aside": set_aside });
    session.print(&document, || table(&rows))
}

fn recordings(input: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let metadata = fs::metadata(input).map_err(FileError::on("read", input))?;
    if !metadata.is_dir() {
        return Ok(vec![input.to_path_buf()]);
    }
    folder_of_recordings(input)
}

/// What each recording's files are called: as the recording, or where several have one name, as its path in the input.
fn names(recordings: &[PathBuf], input: &Path) -> Vec<String> {
    let stem = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut count: HashMap<String, usize> = HashMap::new();
    recordings.iter().for_each(|path| *count.entry(stem(path).to_lowercase()).or_default() += 1);
    let name = |path: &PathBuf| match count[&stem(path).to_lowercase()] {
        1 => stem(path),
        _ => path.strip_prefix(input).unwrap_or(path).to_string_lossy().replace(['/', '\\'], "_"),
    };
    recordings.iter().map(name).collect()
}

/// Writes the turns of a recording into the folder `output`.
pub(super) fn write(
    output: &Path,
    path: &Path,
    name: &str,
    found: &Diarized,
    args: &DiarizeArgs,
) -> anyhow::Result<()> {
    let target = |extension: &str| output.join(format!("{name}.{extension}"));
    write_atomically(&target("rttm"), rttm::write(&found.turns, args.rttm_confidence).as_bytes())?;
    let rounded = |value: f64| (value * 1e4).round() / 1e4;
    let turns = found.turns.iter().zip(&found.evidence).map(|(turn, evidence)| {
        json!({
            "start_s": turn.start, "end_s": turn.end(), "speaker": turn.speaker,
            "confidence": turn.confidence.map(rounded),
            "activity": rounded(evidence.activity), "margin": rounded(evidence.margin),
        })
    });
    let document = json!({
        "schema": 1,
        "recording": path,
        "duration_s": found.duration,
        "speakers": found.speakers(),
        "turns": turns.collect::<Vec<_>>(),
    });
    write_json(&target("json"), &document)?;
    if args.labels {
        write_atomically(&target("txt"), labels::audacity(&found.turns).as_bytes())?;
        let grid = labels::text_grid(&found.turns, &found.speakers(), found.duration);
        write_atomically(&target("TextGrid"), grid.as_bytes())?;
    }
    Ok(())
}

fn row(path: &Path, found: &Diarized) -> Row {
    Row {
        recording: path.to_path_buf(),
        duration_s: found.duration.0,
        // The sum of nothing would be -0.
        speech_s: found.turns.iter().fold(0.0, |sum, turn| sum + turn.duration.0),
        speakers: found.speakers().into_iter().map(str::to_owned).collect(),
        turns: found.turns.len(),
    }
}

fn table(rows: &[Row]) -> String {
    let cells = rows.iter().map(|row| {
        let speakers = if row.speakers.is_empty() { "no speech".to_owned() } else { row.speakers.join(", ") };
        let [duration, speech] = [row.duration_s, row.speech_s].map(|seconds| Seconds(seconds).to_string());
        [row.recording.display().to_string(), duration, speech, row.turns.to_string(), speakers]
    });
    table::layout(["RECORDING", "LENGTH", "SPEECH", "TURNS", "SPEAKERS"], &cells.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_of_one_name_keep_apart() {
        let paths = ["in/a/talk.wav", "in/b/Talk.wav", "in/b/talk.mp3", "in/other.wav"].map(PathBuf::from);
        assert_eq!(names(&paths, Path::new("in")), ["a_talk.wav", "b_Talk.wav", "b_talk.mp3", "other"]);
    }
}
