//! What a run did: `metadata/report.json`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Request;
use crate::dataset::manifest::{Manifest, SCHEMA_VERSION};
use crate::units::Seconds;

/// Above this share of clipped samples a recording sounds distorted.
const MUCH_CLIPPING: f64 = 0.001;
/// Below this ratio noise gets learnt with the voice.
const LITTLE_SNR_DB: f64 = 15.0;
/// Music and noise that is worth a word.
const MUCH_MUSIC_S: f64 = 1.0;
/// Hum that is worth a word.
const AUDIBLE_HUM_DBFS: f64 = -55.0;

/// What a run did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The form of this file.
    pub schema_version: u32,
    /// What was asked for.
    pub input: PathBuf,
    /// Where the result is.
    pub output: PathBuf,
    /// All recordings together.
    pub totals: Totals,
    /// What could not be used, and why.
    pub set_aside: Vec<SetAside>,
    /// Files with the content of another one, which was used instead.
    pub duplicates: Vec<Duplicate>,
    /// Every recording that could be read, in order.
    pub recordings: Vec<Line>,
}

/// All recordings together.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Recordings found.
    pub found: usize,
    /// Recordings processed in this run.
    pub processed: usize,
    /// Recordings that an earlier run has processed.
    pub unchanged: usize,
    /// Recordings, and folders, that can't be used.
    pub set_aside: usize,
    /// Files with the content of another.
    pub duplicates: usize,
    /// Length of all usable recordings.
    pub duration_s: f64,
    /// Speech in them.
    pub speech_s: f64,
    /// Utterances.
    pub segments: usize,
    /// Length of all utterances.
    pub segments_s: f64,
}

/// Something that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// A file with the content of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    /// The file.
    pub path: PathBuf,
    /// The one that was used.
    pub of: PathBuf,
}

/// One recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The file.
    pub path: PathBuf,
    /// What was done with it.
    pub status: Status,
    /// Its name in the dataset; none if it can't be read.
    pub id: Option<String>,
    /// Why it is set aside.
    pub reason: Option<String>,
    /// Its length.
    pub duration_s: f64,
    /// Share of speech, from 0 to 1.
    pub speech_share: f64,
    /// Quality before cleaning, from 1 (bad) to 5 (excellent); 0 if it can't be read.
    pub score: f64,
    /// Utterances.
    pub segments: usize,
    /// Length of its utterances.
    pub segments_s: f64,
    /// What a listener or a training may stumble over.
    pub warnings: Vec<String>,
}

/// What was done with a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It was processed.
    Processed,
    /// An earlier run had processed it.
    Unchanged,
    /// It can't be used.
    SetAside,
}

impl Line {
    /// The line of a recording with a manifest; set aside if there is nothing to use in it.
    pub(super) fn of(path: &Path, manifest: &Manifest, status: Status) -> Self {
        let reason = match (&manifest.normalized, manifest.segments.len()) {
            (None, _) if manifest.music_s > 0.0 => Some("no speech found, but music or noise".to_owned()),
            (None, _) => Some("no speech found".to_owned()),
            (Some(_), 0) => Some("no speech long enough for an utterance".to_owned()),
            _ => None,
        };
        let segments_s = manifest.segments.iter().map(|segment| segment.end_s - segment.start_s).sum();
        Self {
            path: path.to_path_buf(),
            status: if reason.is_some() { Status::SetAside } else { status },
            id: Some(manifest.id.clone()),
            reason,
            duration_s: manifest.source.duration_s,
            speech_share: manifest.signal.quality.speech_share,
            score: manifest.signal.quality.score,
            segments: manifest.segments.len(),
            segments_s,
            warnings: warnings(manifest),
        }
    }

    /// The line of a recording that can't be read.
    pub(super) fn unusable(path: &Path, reason: &dyn std::fmt::Display) -> Self {
        Self {
            path: path.to_path_buf(),
            status: Status::SetAside,
            id: None,
            reason: Some(reason.to_string()),
            duration_s: 0.0,
            speech_share: 0.0,
            score: 0.0,
            segments: 0,
            segments_s: 0.0,
            warnings: Vec::new(),
        }
    }
}

fn warnings(manifest: &Manifest) -> Vec<String> {
    let (source, signal) = (&manifest.source, &manifest.signal.quality);
    let damaged = (source.damaged_packets > 0 || source.lost_s > 0.1)
        .then(|| format!("{} damaged parts, {:.1} s lost", source.damaged_packets, source.lost_s));
    let clipped =
        (signal.clipped_share > MUCH_CLIPPING).then(|| format!("{:.1} % clipped", 100.0 * signal.clipped_share));
    let noisy =
        signal.snr_db.filter(|&snr| snr < LITTLE_SNR_DB).map(|snr| format!("noisy: {snr:.0} dB above the noise"));
    let hum = manifest.signal.hum.filter(|hum| hum.dbfs > AUDIBLE_HUM_DBFS);
    let humming = hum.map(|hum| format!("mains hum at {:.0} Hz, {:.0} dBFS, taken away", hum.mains_hz, hum.dbfs));
    let music =
        (manifest.music_s > MUCH_MUSIC_S).then(|| format!("{} of music or noise left out", Seconds(manifest.music_s)));
    [damaged, clipped, noisy, humming, music].into_iter().flatten().collect()
}

impl Report {
    pub(super) fn new(request: &Request) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            input: request.input.to_path_buf(),
            output: request.output.to_path_buf(),
            totals: Totals::default(),
            set_aside: Vec::new(),
            duplicates: Vec::new(),
            recordings: Vec::new(),
        }
    }

    /// Names something that can't be used.
    pub(super) fn set_aside(&mut self, path: PathBuf, reason: &dyn std::fmt::Display) {
        self.set_aside.push(SetAside { path, reason: reason.to_string() });
    }

    /// Names a file with the content of another.
    pub(super) fn duplicate(&mut self, path: PathBuf, of: &Path) {
        self.duplicates.push(Duplicate { path, of: of.to_path_buf() });
    }

    /// Adds a recording.
    pub(super) fn add(&mut self, line: Line) {
        let totals = &mut self.totals;
        match line.status {
            Status::Processed => totals.processed += 1,
            Status::Unchanged => totals.unchanged += 1,
            Status::SetAside => {
                let reason = line.reason.clone().unwrap_or_default();
                self.set_aside.push(SetAside { path: line.path.clone(), reason });
            }
        }
        if line.status != Status::SetAside {
            totals.duration_s += line.duration_s;
            totals.speech_s += line.duration_s * line.speech_share;
            totals.segments += line.segments;
            totals.segments_s += line.segments_s;
        }
        self.recordings.push(line);
    }

    /// Counts what was found, when all is there.
    pub(super) fn finish(&mut self) {
        self.set_aside.sort_by(|a, b| a.path.cmp(&b.path));
        self.totals.set_aside = self.set_aside.len();
        self.totals.duplicates = self.duplicates.len();
        self.totals.found = self.usable() + self.set_aside.len() + self.duplicates.len();
    }

    /// The number of recordings that can be used.
    pub fn usable(&self) -> usize {
        self.totals.processed + self.totals.unchanged
    }
}
