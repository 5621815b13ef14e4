//! What a file says of its content: title, artist and so on.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

use serde::{Deserialize, Serialize};
use symphonia::core::formats::FormatReader;
use symphonia::core::meta::{MetadataRevision, RawValue, StandardTag, Tag};

/// Tags, as far as they are text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tags {
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// Who is heard.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub artist: Option<String>,
    /// The album, or the name of a series.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub album: Option<String>,
    /// When it was recorded or published, as the file puts it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub date: Option<String>,
    /// Everything else, by the file's own names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub other: BTreeMap<String, String>,
}

impl Tags {
    /// Longer texts (lyrics, whole documents) are cut.
    const LONGEST: usize = 1_000;
    /// A list of tags that is longer is none.
    const LONGEST_LIST: u64 = 1 << 20;
    /// More tags than this are no description.
    const MOST: usize = 100;

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What a reader has found so far.
    pub(super) fn of(format: &mut dyn FormatReader) -> Self {
        let mut tags = Self::default();
        if let Some(revision) = format.metadata().skip_to_latest() {
            tags.take(revision);
        }
        tags
    }

    /// What the `INFO` list of a WAV file says, from where `source` stands: symphonia 0.6.1 reads it and drops it.
    pub(super) fn of_wav(source: &mut (impl Read + Seek)) -> Self {
        let mut tags = Self::default();
        // A file that breaks off has said what it has to say.
        let _ = tags.read_wav(source);
        tags
    }

    fn read_wav(&mut self, source: &mut (impl Read + Seek)) -> io::Result<()> {
        let mut riff = [0; 12];
        source.read_exact(&mut riff)?;
        if &riff[..4] != b"RIFF" || &riff[8..] != b"WAVE" {
            return Ok(());
        }
        for _ in 0..Self::MOST {
            let mut head = [0; 8];
            source.read_exact(&mut head)?;
            let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
            let padded = i64::from(length) + i64::from(length % 2);
            if &head[..4] == b"LIST" && u64::from(length) <= Self::LONGEST_LIST {
                let mut list = vec![0; padded as usize];
                source.read_exact(&mut list)?;
                self.take_info(&list);
            } else {
                source.seek(SeekFrom::Current(padded))?;
            }
        }
        Ok(())
    }

    fn take_info(&mut self, list: &[u8]) {
        let Some(mut rest) = list.strip_prefix(b"INFO") else { return };
        while let Some((head, after)) = rest.split_first_chunk::<8>() {
            let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
            let Some(value) = after.get(..length) else { return };
            rest = after.get(length + length % 2..).unwrap_or_default();
            let name = String::from_utf8_lossy(&head[..4]).into_owned();
            let Some(text) = clean(String::from_utf8_lossy(value).trim_end_matches('\0')) else { continue };
            let known = match name.as_str() {
                "INAM" => &mut self.title,
                "IART" => &mut self.artist,
                "IPRD" => &mut self.album,
                "ICRD" => &mut self.date,
                _ => {
                    self.other.insert(name, text);
                    continue;
                }
            };
            known.get_or_insert(text);
        }
    }

    fn take(&mut self, revision: &MetadataRevision) {
        let tracks = revision.per_track.iter().map(|track| &track.metadata);
        for tag in std::iter::once(&revision.media).chain(tracks).flat_map(|container| &container.tags) {
            self.add(tag);
        }
    }

    fn add(&mut self, tag: &Tag) {
        let Some(text) = text(&tag.raw.value) else { return };
        let known = match &tag.std {
            Some(StandardTag::TrackTitle(_)) => &mut self.title,
            Some(StandardTag::Artist(_)) => &mut self.artist,
            Some(StandardTag::Album(_)) => &mut self.album,
            Some(
                StandardTag::RecordingDate(_)
                | StandardTag::RecordingYear(_)
                | StandardTag::ReleaseDate(_)
                | StandardTag::ReleaseYear(_)
                | StandardTag::OriginalRecordingDate(_),
            ) => &mut self.date,
            _ => {
                if self.other.len() < Self::MOST {
                    self.other.entry(tag.raw.key.clone()).or_insert(text);
                }
                return;
            }
        };
        known.get_or_insert(text);
    }
}

/// A value as text; none for pictures and the like, and for nothing.
fn text(value: &RawValue) -> Option<String> {
    let text = match value {
        RawValue::Binary(_) | RawValue::Flag => return None,
        RawValue::String(text) => text.as_str().to_owned(),
        RawValue::StringList(list) => list.join("; "),
        other => other.to_string(),
    };
    clean(&text)
}

/// Without control characters, and not too long; none if nothing is left.
fn clean(text: &str) -> Option<String> {
    let clean: String = text.chars().filter(|c| !c.is_control()).take(Tags::LONGEST).collect();
    Some(clean.trim().to_owned()).filter(|text| !text.is_empty())
}
