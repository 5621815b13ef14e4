//! Many utterances at once: a line each, a file each.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tch::Device;

use super::{
    super::{
        Session,
        failure::{Incomplete, Usage},
        input, interrupt, paths,
    },
    Misheard, Recording, cast,
    cast::Voices,
    job::{Job, Output},
    models,
    narrator::{self, Narrator, Speech},
    studio::Studio,
};
use crate::{
    cli::{GenerateArgs, VoiceName},
    error::FileError,
    text::FrontEnd,
    units::Seconds,
};

/// Workers for each GPU: so many lines may be spoken at once.
const ASKING: usize = 48;

/// One utterance of a batch.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// The name of its file.
    id: String,
    text: String,
    voice: Option<String>,
    rate: Option<f64>,
    pitch: Option<f64>,
    volume: Option<f64>,
}

/// What became of a line.
#[derive(Debug, Serialize)]
struct Done {
    id: String,
    output: PathBuf,
    duration_s: f64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    misheard: Vec<Misheard>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Reads the lines; all of them must be sound before the first is spoken.
fn parse(document: &str) -> Result<Vec<Line>, Usage> {
    let mut lines: Vec<Line> = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (index, line) in document.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let number = index + 1;
        let wrong = |reason: String| Usage(format!("line {number} of the batch: {reason}"));
        let line = parse_line(line).map_err(wrong)?;
        if let Some(first) = seen.insert(line.id.to_lowercase(), number) {
            return Err(wrong(format!("the id {:?} was used in line {first}", line.id)));
        }
        lines.push(line);
    }
    if lines.is_empty() { Err(Usage("the batch has no lines".to_owned())) } else { Ok(lines) }
}

fn parse_line(line: &str) -> Result<Line, String> {
    let line = if line.trim_start().starts_with('{') {
        serde_json::from_str(line).map_err(|error| error.to_string())?
    } else {
        let (id, text) = line.split_once('|').ok_or("expected id|text, or JSON")?;
        let (id, text) = (id.trim().to_owned(), text.trim().to_owned());
        Line { id, text, voice: None, rate: None, pitch: None, volume: None }
    };
    line.id.parse::<VoiceName>().map_err(|error| format!("the id {:?}: {error}", line.id))?;
    let positive = |rate: f64| rate.is_finite() && rate > 0.0;
    let finite = |value: Option<f64>| value.is_none_or(f64::is_finite);
    if !line.rate.is_none_or(positive) || !finite(line.pitch) || !finite(line.volume) {
        return Err("rate is a number above zero, pitch in semitones, volume in dB".to_owned());
    }
    FrontEnd::check(&line.text).map_err(|error| error.to_string())?;
    Ok(line)
}

/// Speaks all lines, several at once; the results are in the order of the lines.
///
/// # Errors
/// A batch that can't be read; [`Incomplete`] if some lines could not be spoken.
pub(super) fn run(args: &GenerateArgs, job: &Job, folder: &Path, session: &Session) -> anyhow::Result<()> {
    let lines = parse(&input::read_text(None, args.batch.as_deref())?)?;
    if let Some(line) = lines.iter().find(|line| line.voice.is_none() && args.voice.is_none()) {
        return Err(
            Usage(format!("the line {:?} of the batch names no voice, and there is no --voice", line.id)).into()
        );
    }
    fs::create_dir_all(folder).map_err(FileError::on("create", folder))?;
    let (style, devices) = (narrator::style(args, session)?, session.devices()?);
    let open = |&device: &Device| {
        device
            .is_cuda()
            .then(|| Studio::open(&models(device, session), paths::voices_dir(session.config())))
            .transpose()
    };
    let studios: Vec<Option<Studio>> = devices.iter().map(open).collect::<anyhow::Result<_>>()?;
    let places: Vec<(Device, Option<&Studio>)> =
        devices.iter().copied().zip(studios.iter().map(Option::as_ref)).collect();
    // Beside a GPU most of them wait for it.
    let many = if studios.iter().any(Option::is_some) { ASKING * devices.len() } else { 1 };
    let workers = args.jobs.map_or(session.threads.max(many), |jobs| jobs.get()).max(devices.len()).min(lines.len());
    // Lines side by side fill the processors better than the layers of one.
    tch::set_num_threads(1);
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let task = session.progress.task("speaking", lines.len() as u64);
    thread::scope(|scope| {
        let work = |(device, studio): (Device, Option<&Studio>)| -> anyhow::Result<()> {
            let voices: Box<dyn Voices> = match studio {
                Some(studio) => Box::new(studio.desk()),
                None => Box::new(cast(device, session)?),
            };
            let narrator = Narrator::load(args, style, device, voices, session)?;
            if let Some(voice) = &args.voice {
                narrator.find(voice)?;
            }
            while let Some((index, line)) = take(&next, &lines) {
                interrupt::check()?;
                let result = speak(line, args, job, folder, &narrator);
                // A line that was cut short is no failed line.
                interrupt::check()?;
                let mut done = done.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                done.push((index, result));
                task.set(done.len() as u64, line.id.clone());
            }
            Ok(())
        };
        let handles: Vec<_> =
            places.iter().cycle().take(workers).map(|&place| scope.spawn(move || work(place))).collect();
        handles
            .into_iter()
            .try_for_each(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    studios.into_iter().flatten().for_each(Studio::close);
    let mut done = done.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    done.sort_by_key(|(index, _)| *index);
    report(done.into_iter().map(|(_, done)| done).collect(), folder, session)
}

fn take<'a>(next: &AtomicUsize, lines: &'a [Line]) -> Option<(usize, &'a Line)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    lines.get(index).map(|line| (index, line))
}

/// Speaks a line; what goes wrong with it stops no other.
fn speak(line: &Line, args: &GenerateArgs, job: &Job, folder: &Path, narrator: &Narrator) -> Done {
    let output = folder.join(format!("{}.{}", line.id, job.format.extension()));
    let made = record(line, args, &Job { output: Output::File(output.clone()), ..job.clone() }, narrator);
    let (duration_s, misheard, error) = match made {
        Ok((duration_s, misheard)) => (duration_s, misheard, None),
        Err(error) => (0.0, Vec::new(), Some(format!("{error:#}"))),
    };
    Done { id: line.id.clone(), output, duration_s, misheard, error }
}

fn record(line: &Line, args: &GenerateArgs, job: &Job, narrator: &Narrator) -> anyhow::Result<(f64, Vec<Misheard>)> {
    let voice = line.voice.as_deref().or(args.voice.as_deref()).context("it names no voice")?;
    let mut speech = Speech::new(&line.text, voice, job);
    speech.manner.rate *= line.rate.unwrap_or(1.0);
    speech.manner.pitch_semitones += line.pitch.unwrap_or(0.0);
    speech.volume_db += line.volume.unwrap_or(0.0);
    let mut recording = Recording::new(job, false)?;
    narrator.say(&speech, |passage| recording.add(passage))?;
    let spoken = recording.finish()?;
    anyhow::ensure!(spoken.utterances > 0, "there is nothing to say: the text has no words");
    Ok((spoken.duration_s, spoken.misheard))
}

fn report(done: Vec<Done>, folder: &Path, session: &Session) -> anyhow::Result<()> {
    for Done { id, misheard, error, .. } in &done {
        if let Some(error) = error {
            tracing::warn!("{id}: {error}");
        }
        for Misheard { text, .. } in misheard {
            tracing::warn!("{id}: it does not sound like \"{text}\"");
        }
    }
    let failed = done.iter().filter(|line| line.error.is_some()).count();
    let duration_s: f64 = done.iter().map(|line| line.duration_s).sum();
    let document = json!({ "output": folder, "duration_s": duration_s, "lines": done });
    session.print(&document, || {
        format!("{} of speech in {} files in {}", Seconds(duration_s), done.len() - failed, folder.display())
    })?;
    match failed {
        0 => Ok(()),
        _ => Err(Incomplete(format!("{failed} of {} lines could not be spoken", done.len()))).context("batch"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(document: &str) -> String {
        parse(document).expect_err("a mistake").to_string()
    }

    #[test]
    fn lines_are_text_or_json() {
        let lines = parse("a1| Hello | you\n\n{\"id\": \"b\", \"text\": \"Bye\", \"rate\": 1.5}\n").expect("lines");
        assert_eq!((lines[0].id.as_str(), lines[0].text.as_str()), ("a1", "Hello | you"));
        assert_eq!((lines[1].id.as_str(), lines[1].rate, lines[1].pitch), ("b", Some(1.5), None));
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        assert_eq!(refusal("\n"), "the batch has no lines");
        assert!(refusal("a|x\nhello").starts_with("line 2 of the batch: expected id|text"));
        assert!(refusal("../a|x").contains("can't be part of a name"));
        assert!(refusal("a|x\n\nA|y").contains("line 3 of the batch: the id \"A\" was used in line 1"));
        assert!(refusal("{\"id\": \"a\"}").contains("missing field `text`"));
        assert!(refusal("{\"id\": \"a\", \"text\": \"x\", \"rate\": 0}").contains("rate is a number above zero"));
        assert!(refusal("{\"id\": \"a\", \"text\": \"x\", \"speed\": 2}").contains("unknown field `speed`"));
        assert!(refusal("a|<speak>x").contains("line 1"));
    }
}
