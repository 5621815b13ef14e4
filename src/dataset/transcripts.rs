//! Transcripts that lie beside recordings.

use std::{
    collections::HashMap,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use super::manifest::Transcript;

/// Longer files are not transcripts of one recording.
const LONGEST_BYTES: u64 = 1 << 18;
/// A table of this form may hold hundreds of thousands of lines.
const LONGEST_TABLE_BYTES: u64 = 1 << 28;
/// Texts beside a recording `a.wav`: `a.txt` or `a.lab`.
const EXTENSIONS: [&str; 2] = ["txt", "lab"];
/// Tables in LJSpeech form: `a|as written|as spoken`, beside the recordings or a folder above.
const TABLE: &str = "metadata.csv";

/// Looks transcripts up; tables are read once.
#[derive(Debug, Default)]
pub struct Transcripts {
    /// By the table's path: name of the recording to text.
    tables: HashMap<PathBuf, HashMap<String, String>>,
}

impl Transcripts {
    /// What is said in `recording`, if that is beside it; a text of its own goes before a table.
    pub fn find(&mut self, recording: &Path) -> Option<Transcript> {
        beside(recording).or_else(|| self.in_table(recording))
    }

    fn in_table(&mut self, recording: &Path) -> Option<Transcript> {
        let name = recording.file_stem()?.to_string_lossy();
        recording.ancestors().skip(1).take(2).find_map(|folder| {
            let path = folder.join(TABLE);
            let table = self.tables.entry(path.clone()).or_insert_with(|| read_table(&path));
            let text = table.get(name.as_ref())?.clone();
            Some(Transcript { text, origin: path.display().to_string() })
        })
    }
}

fn beside(recording: &Path) -> Option<Transcript> {
    EXTENSIONS.iter().find_map(|extension| {
        let path = recording.with_extension(extension);
        let text = read_text(&path, LONGEST_BYTES)?.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then(|| Transcript { text, origin: path.display().to_string() })
    })
}

fn read_table(path: &Path) -> HashMap<String, String> {
    let text = read_text(path, LONGEST_TABLE_BYTES).unwrap_or_default();
    let line = |line: &str| {
        let mut columns = line.split('|').map(str::trim);
        let name = columns.next()?;
        let written = columns.next()?;
        // The third column, if there is one, has numbers and abbreviations written out.
        let text = columns.next().filter(|spoken| !spoken.is_empty()).unwrap_or(written);
        let stem = name.rsplit('/').next().unwrap_or(name);
        let stem = stem.strip_suffix(".wav").or_else(|| stem.strip_suffix(".flac")).unwrap_or(stem);
        (!stem.is_empty() && !text.is_empty()).then(|| (stem.to_owned(), text.to_owned()))
    };
    text.lines().filter_map(line).collect()
}

/// The text of a file; none if it is not there, too long, or not UTF-8, of which the latter two are logged.
fn read_text(path: &Path, longest_bytes: u64) -> Option<String> {
    if !path.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(longest_bytes + 1).read_to_end(&mut bytes));
    let problem = match (read, String::from_utf8(bytes)) {
        (Err(error), _) => error.to_string(),
        (Ok(length), _) if length as u64 > longest_bytes => format!("more than {longest_bytes} bytes"),
        (Ok(_), Err(_)) => "not UTF-8".to_owned(),
        (Ok(_), Ok(text)) => return Some(text.trim_start_matches('\u{feff}').to_owned()),
    };
    tracing::warn!("{} is not used as a transcript: {problem}", path.display());
    None
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn text(transcripts: &mut Transcripts, recording: PathBuf) -> Option<String> {
        transcripts.find(&recording).map(|transcript| transcript.text)
    }

    #[test]
    fn own_texts_go_before_tables() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("wavs")).unwrap();
        fs::write(root.join(TABLE), "\u{feff}a|No. 1|number one\r\nb|second\nc.wav| |\n\nnonsense\nd|x|\n").unwrap();
        fs::write(root.join("wavs/b.txt"), "its own\n text \n").unwrap();
        fs::write(root.join("wavs/a.txt"), " \n").unwrap();
        fs::write(root.join("wavs/e.lab"), "labelled").unwrap();
        fs::write(root.join("wavs/f.txt"), [0xff, 0xfe, 0x00]).unwrap();
        let mut transcripts = Transcripts::default();
        for (name, expected) in [
            ("a.wav", Some("number one")),
            ("b.flac", Some("its own text")),
            ("c.wav", None),
            ("d.wav", Some("x")),
            ("e.wav", Some("labelled")),
            ("f.wav", None),
            ("g.wav", None),
        ] {
            assert_eq!(text(&mut transcripts, root.join("wavs").join(name)).as_deref(), expected, "{name}");
        }
    }
}
