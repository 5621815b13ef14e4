//! The speakers that are known: a file for each, in one folder.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::mean_embedding;
use crate::{
    error::FileError,
    files::{remove_if_there, write_json},
    units::Seconds,
};

/// A known speaker: `<name>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// Version of this form, [`Enrolment::SCHEMA`].
    pub schema_version: u32,
    /// The speaker's name.
    pub name: String,
    /// [`super::SpeakerEncoder::fingerprint`] of the encoder that made the embeddings.
    pub encoder: String,
    /// What was heard, in the order of enrolment.
    pub utterances: Vec<EnrolledUtterance>,
}

/// A recording that a speaker was enrolled with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolledUtterance {
    /// The name of the recording's file, without its folder.
    pub file: String,
    /// The BLAKE3 hash of its content, in hexadecimal.
    pub hash: String,
    /// How much speech was heard, in seconds.
    pub speech_s: f64,
    /// The embedding, of unit length.
    pub embedding: Vec<f32>,
}

/// Why known speakers can't be used.
#[derive(Debug, thiserror::Error)]
pub enum EnrolmentError {
    /// A file or the folder can't be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file is not as expected.
    #[error("{} is not a valid enrolment: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file is of another version.
    #[error("{} has schema version {actual}, this program reads {expected}", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// The version that can be read.
        expected: u32,
        /// The version found.
        actual: u64,
    },
    /// Nobody of that name.
    #[error("nobody is enrolled as \"{name}\"{}", suggest(nearest))]
    Unknown {
        /// The name asked for.
        name: String,
        /// The known name most like it.
        nearest: Option<String>,
    },
    /// Embeddings of different encoders can't be compared.
    #[error("{} enrolled with another speaker encoder than the one in use; enroll again with --replace", subject(.0))]
    Encoder(Vec<String>),
}

fn suggest(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or(String::new(), |name| format!("; did you mean \"{name}\"?"))
}

fn subject(names: &[String]) -> String {
    format!("{} {}", names.join(", "), if names.len() == 1 { "was" } else { "were" })
}

impl Enrolment {
    /// The version that this program writes.
    pub const SCHEMA: u32 = 1;

    /// A speaker of whom nothing was heard yet.
    pub fn new(name: &str, encoder: &str) -> Self {
        let (name, encoder) = (name.to_owned(), encoder.to_owned());
        Self { schema_version: Self::SCHEMA, name, encoder, utterances: Vec::new() }
    }

    /// The mean direction of the embeddings.
    pub fn embedding(&self) -> Vec<f32> {
        mean_embedding(self.utterances.iter().map(|utterance| utterance.embedding.as_slice()))
    }

    /// How much speech was heard.
    pub fn speech(&self) -> Seconds {
        Seconds(self.utterances.iter().map(|utterance| utterance.speech_s).sum())
    }

    /// Refuses embeddings of another encoder.
    ///
    /// # Errors
    /// [`EnrolmentError::Encoder`] if `encoder` is another one.
    pub fn check_encoder(&self, encoder: &str) -> Result<(), EnrolmentError> {
        if self.encoder == encoder { Ok(()) } else { Err(EnrolmentError::Encoder(vec![self.name.clone()])) }
    }

    fn read(path: &Path) -> Result<Self, EnrolmentError> {
        let text = std::fs::read_to_string(path).map_err(FileError::on("read", path))?;
        let malformed = |reason: String| EnrolmentError::Malformed { path: path.to_path_buf(), reason };
        let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        // The version is looked at first: another form has other fields.
        if let Some(actual) = value["schema_version"].as_u64().filter(|&actual| actual != u64::from(Self::SCHEMA)) {
            return Err(EnrolmentError::Schema { path: path.to_path_buf(), expected: Self::SCHEMA, actual });
        }
        let read: Self = serde_json::from_value(value).map_err(|error| malformed(error.to_string()))?;
        let size = read.utterances.first().map_or(0, |utterance| utterance.embedding.len());
        if size == 0 || read.utterances.iter().any(|utterance| utterance.embedding.len() != size) {
            return Err(malformed("its embeddings are missing or differ in length".to_owned()));
        }
        if path.file_stem().is_none_or(|stem| stem.to_string_lossy() != read.name) {
            return Err(malformed(format!("it is that of \"{}\"", read.name)));
        }
        Ok(read)
    }
}

/// The folder of known speakers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolments {
    folder: PathBuf,
}

impl Enrolments {
    /// Those in `folder`, which need not exist.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }

    /// The speaker of this name, if there is one.
    ///
    /// # Errors
    /// A file that can't be read or is not as expected.
    pub fn find(&self, name: &str) -> Result<Option<Enrolment>, EnrolmentError> {
        let path = self.path(name);
        if path.exists() { Enrolment::read(&path).map(Some) } else { Ok(None) }
    }

    /// All speakers by name.
    ///
    /// # Errors
    /// A folder or file that can't be read, or a file that is not as expected.
    pub fn all(&self) -> Result<Vec<Enrolment>, EnrolmentError> {
        self.names()?.iter().map(|name| Enrolment::read(&self.path(name))).collect()
    }

    /// All speakers by name, whose embeddings are all of one encoder.
    ///
    /// # Errors
    /// As [`Self::all`]; [`EnrolmentError::Encoder`] with the names of those of another encoder.
    pub fn all_of(&self, encoder: &str) -> Result<Vec<Enrolment>, EnrolmentError> {
        let enrolled = self.all()?;
        let foreign: Vec<String> =
            enrolled.iter().filter(|one| one.check_encoder(encoder).is_err()).map(|one| one.name.clone()).collect();
        if foreign.is_empty() { Ok(enrolled) } else { Err(EnrolmentError::Encoder(foreign)) }
    }

    fn names(&self) -> Result<Vec<String>, FileError> {
        if !self.folder.exists() {
            return Ok(Vec::new());
        }
        let entries = std::fs::read_dir(&self.folder).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
        let entries = entries.map_err(FileError::on("read folder", &self.folder))?;
        let name = |entry: std::fs::DirEntry| {
            let file = entry.file_name().to_string_lossy().into_owned();
            file.strip_suffix(".json").filter(|name| !name.starts_with('.')).map(str::to_owned)
        };
        let mut names: Vec<String> = entries.into_iter().filter_map(name).collect();
        names.sort();
        Ok(names)
    }

    /// Keeps a speaker, in place of what was known of one of that name.
    ///
    /// # Errors
    /// A folder that can't be written to.
    pub fn keep(&self, enrolment: &Enrolment) -> Result<PathBuf, EnrolmentError> {
        let path = self.path(&enrolment.name);
        write_json(&path, enrolment)?;
        Ok(path)
    }

    /// Removes a speaker, even one whose file is broken.
    ///
    /// # Errors
    /// An unknown name, or a folder that can't be written to.
    pub fn forget(&self, name: &str) -> Result<(), EnrolmentError> {
        let path = self.path(name);
        if path.exists() {
            return Ok(remove_if_there(&path)?);
        }
        let likeness = |other: &String| (strsim::jaro_winkler(name, other) * 1e6) as u64;
        let nearest = self.names()?.into_iter().max_by_key(likeness);
        let nearest = nearest.filter(|other| strsim::jaro_winkler(name, other) > 0.75);
        Err(EnrolmentError::Unknown { name: name.to_owned(), nearest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anna() -> Enrolment {
        let utterance = |embedding: [f32; 2], speech_s| EnrolledUtterance {
            file: "a.wav".to_owned(),
            hash: "h".to_owned(),
            speech_s,
            embedding: embedding.to_vec(),
        };
        let utterances = vec![utterance([1.0, 0.0], 2.0), utterance([0.0, 1.0], 3.5)];
        Enrolment { utterances, ..Enrolment::new("anna", "encoder") }
    }

    #[test]
    fn what_is_kept_is_found_until_it_is_forgotten() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let known = Enrolments::new(&folder.path().join("deep/speakers"));
        assert_eq!(known.all().expect("an empty list"), []);
        known.keep(&anna()).expect("a writable folder");
        assert_eq!(known.all().expect("the list"), [anna()]);
        assert_eq!(known.find("anna").expect("the file"), Some(anna()));
        assert_eq!((anna().embedding(), anna().speech()), (vec![0.5f32.sqrt(); 2], Seconds(5.5)));
        let error = known.forget("ana").expect_err("another name").to_string();
        assert_eq!(error, "nobody is enrolled as \"ana\"; did you mean \"anna\"?");
        known.forget("anna").expect("the file");
        assert_eq!(known.find("anna").expect("no file"), None);
    }

    #[test]
    fn embeddings_of_another_encoder_are_refused() {
        assert!(anna().check_encoder("encoder").is_ok());
        let error = anna().check_encoder("other").expect_err("another encoder").to_string();
        assert!(error.starts_with("anna was enrolled with another speaker encoder"), "{error}");
    }

    #[test]
    fn broken_files_are_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let known = Enrolments::new(folder.path());
        let message = |content: &str| {
            std::fs::write(folder.path().join("eva.json"), content).expect("a file");
            known.all().expect_err("a broken file").to_string()
        };
        assert!(message("{").contains("eva.json is not a valid enrolment: EOF"), "{}", message("{"));
        assert!(message("{\"schema_version\": 7}").contains("has schema version 7, this program reads 1"));
        let of_another = serde_json::to_string(&anna()).expect("JSON");
        assert!(message(&of_another).contains("it is that of \"anna\""), "{}", message(&of_another));
        let empty = serde_json::to_string(&Enrolment::new("eva", "encoder")).expect("JSON");
        assert!(message(&empty).contains("embeddings are missing"), "{}", message(&empty));
        known.forget("eva").expect("broken files can be forgotten");
    }
}
