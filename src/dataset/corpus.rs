//! Reading the corpora that base models are trained on.
//!
//! A corpus is a folder whose sub-folders hold one of:
//! `utterances.tsv` with the columns `id`, `speaker` and, if known, `text`, the audio in `<speaker>/<id>.*`;
//! `metadata.jsonl` with those fields, the audio alike;
//! `metadata.csv` in LJSpeech form (`id|text|normalised text`), one speaker, the audio beside it;
//! or audio alone, named `<speaker>-<anything>.*`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::FileError;

/// One recorded utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct CorpusUtterance {
    /// `<collection>/<id>`, unique in the corpus.
    pub key: String,
    /// The sub-folder that it is from.
    pub collection: String,
    /// The speaker; the same person has the same name in all collections.
    pub speaker: String,
    /// The recording.
    pub path: PathBuf,
    /// What is said, if known.
    pub text: Option<String>,
}

/// Why a corpus could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// A file or folder could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A table's line is not as expected.
    #[error("{}:{line}: expected {expected}, found `{found}`", path.display())]
    Line { path: PathBuf, line: usize, expected: &'static str, found: String },
    /// No collection was found.
    #[error("{} holds no collection: expected sub-folders with utterances.tsv, metadata.csv or metadata.jsonl", .0.display())]
    Empty(PathBuf),
}

#[derive(Deserialize)]
struct JsonRow {
    id: String,
    speaker: String,
    text: String,
}

/// What a table says of one utterance.
struct Row {
    id: String,
    speaker: String,
    text: Option<String>,
}

/// Reads all collections below `folder`, in order of name; utterances without a recording are left out.
pub fn read_corpus(folder: &Path) -> Result<Vec<CorpusUtterance>, CorpusError> {
    let mut utterances = Vec::new();
    for collection in sorted_entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        let name = file_name(&collection);
        let recordings = recordings_below(&collection)?;
        for row in rows(&collection, &recordings)? {
            if let Some(path) = recordings.get(&row.id) {
                let key = format!("{name}/{}", row.id);
                let (speaker, path, text) = (row.speaker, path.clone(), row.text);
                utterances.push(CorpusUtterance { key, collection: name.clone(), speaker, path, text });
            }
        }
    }
    if utterances.is_empty() { Err(CorpusError::Empty(folder.to_path_buf())) } else { Ok(utterances) }
}

fn rows(collection: &Path, recordings: &HashMap<String, PathBuf>) -> Result<Vec<Row>, CorpusError> {
    let table = |name: &str| Some(collection.join(name)).filter(|path| path.is_file());
    if let Some(path) = table("utterances.tsv") {
        tab_separated(&path)
    } else if let Some(path) = table("metadata.jsonl") {
        json_lines(&path)
    } else if let Some(path) = table("metadata.csv") {
        lj_speech(&path, &file_name(collection))
    } else {
        let mut ids: Vec<&String> = recordings.keys().filter(|id| id.contains('-')).collect();
        ids.sort();
        let speaker = |id: &str| id.split('-').next().unwrap_or(id).to_string();
        Ok(ids.into_iter().map(|id| Row { id: id.clone(), speaker: speaker(id), text: None }).collect())
    }
}

fn tab_separated(path: &Path) -> Result<Vec<Row>, CorpusError> {
    let text = read(path)?;
    let mut lines = text.lines().enumerate();
    let header: Vec<&str> = lines.next().map(|(_, line)| line.split('\t').collect()).unwrap_or_default();
    let column = |name: &str| header.iter().position(|&title| title == name);
    let bad = |line, expected, found: &str| CorpusError::Line {
        path: path.to_path_buf(),
        line,
        expected,
        found: found.to_string(),
    };
    let (Some(id), Some(speaker)) = (column("id"), column("speaker")) else {
        return Err(bad(1, "a header with the columns id and speaker", &header.join(" ")));
    };
    let row = |(number, line): (usize, &str)| {
        let cells: Vec<&str> = line.split('\t').collect();
        let cell = |index: usize| cells.get(index).map(|cell| (*cell).to_string());
        match (cell(id), cell(speaker)) {
            (Some(id), Some(speaker)) => Ok(Row { id, speaker, text: column("text").and_then(cell) }),
            _ => Err(bad(number + 1, "as many cells as the header has", line)),
        }
    };
    lines.filter(|(_, line)| !line.is_empty()).map(row).collect()
}

fn json_lines(path: &Path) -> Result<Vec<Row>, CorpusError> {
    let text = read(path)?;
    let row = |(number, line): (usize, &str)| {
        let JsonRow { id, speaker, text } = serde_json::from_str(line).map_err(|_| CorpusError::Line {
            path: path.to_path_buf(),
            line: number + 1,
            expected: "an object with id, speaker and text",
            found: line.chars().take(80).collect(),
        })?;
        Ok(Row { id, speaker, text: Some(text) })
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(row).collect()
}

fn lj_speech(path: &Path, speaker: &str) -> Result<Vec<Row>, CorpusError> {
    let text = read(path)?;
    let row = |line: &str| {
        let mut cells = line.split('|');
        let id = cells.next().unwrap_or_default().to_string();
        Row { id, speaker: speaker.to_string(), text: cells.next_back().map(str::to_string) }
    };
    Ok(text.lines().filter(|line| !line.is_empty()).map(row).collect())
}

/// Audio files up to two folders down, by file stem.
fn recordings_below(folder: &Path) -> Result<HashMap<String, PathBuf>, CorpusError> {
    let mut found = HashMap::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(folder) = pending.pop() {
        for path in sorted_entries(&folder)? {
            if path.is_dir() {
                pending.push(path);
            } else if crate::audio::is_audio_path(&path) {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                found.insert(stem, path);
            }
        }
    }
    Ok(found)
}

fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let list = std::fs::read_dir(folder).map_err(FileError::on("read", folder))?;
    let mut paths = Vec::new();
    for entry in list {
        paths.push(entry.map_err(FileError::on("read", folder))?.path());
    }
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String, FileError> {
    std::fs::read_to_string(path).map_err(FileError::on("read", path))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        folder
    }

    #[test]
    fn every_kind_of_table_is_read() {
        let folder = corpus(&[
            ("a/utterances.tsv", "id\tspeaker\tgender\ttext\n1-x\t1\tF\thello there\n2-x\t2\tM\tmissing\n"),
            ("a/1/1-x.wav", ""),
            ("b/metadata.csv", "L1|Dr. No|Doctor No\n"),
            ("b/L1.wav", ""),
            ("c/metadata.jsonl", "{\"id\": \"7\", \"speaker\": \"eva\", \"text\": \"Yes.\", \"speed\": 1}\n"),
            ("c/eva/7.wav", ""),
            ("d/19-198-0000.wav", ""),
        ]);
        let found = read_corpus(folder.path()).expect("a corpus");
        let brief: Vec<_> = found.iter().map(|u| (u.key.as_str(), u.speaker.as_str(), u.text.as_deref())).collect();
        let expected = [
            ("a/1-x", "1", Some("hello there")),
            ("b/L1", "b", Some("Doctor No")),
            ("c/7", "eva", Some("Yes.")),
            ("d/19-198-0000", "19", None),
        ];
        assert_eq!(brief, expected);
    }

    #[test]
    fn a_bad_line_is_named() {
        let folder = corpus(&[("a/metadata.jsonl", "{\"id\": 1}\n")]);
        let error = read_corpus(folder.path()).expect_err("a bad line");
        assert!(
            error.to_string().contains("metadata.jsonl:1: expected an object with id, speaker and text"),
            "{error}"
        );
        let empty = corpus(&[]);
        assert!(matches!(read_corpus(empty.path()), Err(CorpusError::Empty(_))));
    }
}
