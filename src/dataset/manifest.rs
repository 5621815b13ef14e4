//! What is known of one recording: the JSON files in `metadata/recordings/`.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    audio::Tags,
    clean::{hum::Hum, level::Level, pauses::Kept, quality::Quality},
    error::FileError,
};

/// The form of manifests and reports; a reader refuses a higher one.
pub const SCHEMA_VERSION: u32 = 2;

/// One recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of this file.
    pub schema_version: u32,
    /// The recording's name in the dataset; its files are named after it.
    pub id: String,
    /// Where it came from.
    pub source: Source,
    /// What it is like.
    pub signal: Signal,
    /// Its copy, relative to the dataset; none if copies were not asked for.
    pub raw: Option<String>,
    /// A picture of it before and after cleaning, relative to the dataset; none if pictures were not asked for.
    #[serde(default)]
    pub picture: Option<String>,
    /// The levelled whole; none without speech.
    pub normalized: Option<Normalized>,
    /// What is said, where that was beside the recording.
    pub transcript: Option<Transcript>,
    /// Who speaks.
    pub speakers: Vec<Speaker>,
    /// Who speaks when in the recording as it came, as RTTM, relative to the dataset; none if nobody looked.
    #[serde(default)]
    pub turns: Option<String>,
    /// Utterances, in order.
    pub segments: Vec<Segment>,
    /// Utterances left out because they are too short.
    pub too_short_segments: usize,
    /// Utterances left out because their quality is too low.
    #[serde(default)]
    pub too_bad_segments: usize,
    /// How much was taken for speech at first and left out as music or noise, in seconds.
    #[serde(default)]
    pub music_s: f64,
    /// What was done, in order.
    pub history: Vec<Step>,
    /// Hash of everything but the source that the result depends on.
    pub fingerprint: String,
    /// The program that did it.
    pub program: String,
}

/// Where a recording came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The file, as an absolute path.
    pub path: String,
    /// BLAKE3 hash of its content.
    pub blake3: String,
    /// Its size.
    pub bytes: u64,
    /// Container, such as `wave`.
    pub container: String,
    /// Codec, such as `flac`.
    pub codec: String,
    /// Samples per second.
    pub sample_rate_hz: u32,
    /// Number of channels.
    pub channels: usize,
    /// Resolution, where the codec has one.
    pub bits_per_sample: Option<u32>,
    /// Length in seconds, counted.
    pub duration_s: f64,
    /// Parts that could not be decoded.
    pub damaged_packets: u64,
    /// How much of it they are, in seconds: silence stands for some, and the end of what is cut short is missing.
    #[serde(default)]
    pub lost_s: f64,
    /// What the file says of its content.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// What a recording is like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// Integrated loudness (EBU R128); none for silence and for less than 0.4 s.
    pub loudness_lufs: Option<f64>,
    /// Highest true peak; none for silence.
    pub true_peak_dbtp: Option<f64>,
    /// Loudness range (EBU Tech 3342), in LU.
    pub loudness_range_lu: f64,
    /// Samples whose cut-off peaks were rebuilt.
    pub mended_samples: u64,
    /// Hum of the mains that was taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hum: Option<Hum>,
    /// How good it is.
    #[serde(flatten)]
    pub quality: Quality,
}

/// The levelled whole of a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Normalized {
    /// The file, relative to the dataset.
    pub path: String,
    /// Samples per second; there is one channel.
    pub sample_rate_hz: u32,
    /// Where it begins in the recording: silence before is cut off.
    pub start_s: f64,
    /// Where it ends in the recording.
    pub end_s: f64,
    /// Integrated loudness as written; none for less than 0.4 s.
    pub loudness_lufs: Option<f64>,
    /// Highest true peak as written.
    pub true_peak_dbtp: Option<f64>,
    /// Where everything in it was in the recording: long pauses have lost their middle.
    pub kept: Vec<Kept>,
    /// The gain that it got.
    #[serde(flatten)]
    pub level: Level,
}

/// What is said in a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// The text.
    pub text: String,
    /// The file that it was in.
    pub origin: String,
}

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speaker {
    /// The name, which is that of a folder in `speaker_segments/`.
    pub label: String,
    /// How that is known.
    pub basis: Basis,
}

/// How it is known who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The user said so.
    Stated,
    /// The voice is that of somebody enrolled.
    Recognized,
    /// The voices of the recording were told apart; whose they are is not known.
    Diarized,
    /// Nobody looked: each recording is taken to have one speaker, who is unknown. There may be several.
    Assumed,
}

/// An utterance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// The file, relative to the dataset.
    pub path: String,
    /// Where it begins in the recording.
    pub start_s: f64,
    /// Where it ends in the recording.
    pub end_s: f64,
    /// The speaker's label.
    pub speaker: String,
    /// What is said; none if that is not known for this part.
    pub text: Option<String>,
    /// How good it was before cleaning.
    pub quality: Quality,
}

/// Something that was done to a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its name.
    pub step: String,
    /// The version of the method; it rises when results change.
    pub version: u32,
    /// The settings that it was done with.
    pub settings: serde_json::Value,
}

/// A manifest that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It can't be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is not in the form expected.
    #[error("{path} is no manifest: {reason}")]
    Form {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// A file that can't be read, or holds something else.
    pub fn read(path: &Path) -> Result<Self, ManifestError> {
        let text = fs::read_to_string(path).map_err(FileError::on("read", path))?;
        let form = |reason: String| ManifestError::Form { path: path.display().to_string(), reason };
        let manifest: Self = serde_json::from_str(&text).map_err(|error| form(error.to_string()))?;
        if manifest.schema_version > SCHEMA_VERSION {
            let (actual, expected) = (manifest.schema_version, SCHEMA_VERSION);
            return Err(form(format!("schema version {actual}; this program reads up to {expected}")));
        }
        Ok(manifest)
    }

    /// Every file that it names, relative to the dataset.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let normalized = self.normalized.iter().map(|normalized| normalized.path.as_str());
        let segments = self.segments.iter().map(|segment| segment.path.as_str());
        self.raw.iter().chain(&self.picture).chain(&self.turns).map(String::as_str).chain(normalized).chain(segments)
    }
}
