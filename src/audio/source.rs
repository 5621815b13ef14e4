//! What the decoder reads from, and what it is when it is not audio.

use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

/// The longest beginning of a file that tells what it is.
const MAGIC_LEN: u64 = 512;

/// How the files begin that are mistaken for audio, or are audio of a kind that is not read: offset, bytes, name.
const OTHER_KINDS: [(usize, &[u8], &str); 17] = [
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media (ASF)"),
    (0, b"#!AMR", "AMR"),
    (0, b"caff", "Core Audio (CAF)"),
    (0, b"MThd", "MIDI"),
    (0, b"MAC ", "Monkey's Audio"),
    (0, b"wvpk", "WavPack"),
    (0, b"MPCK", "Musepack"),
    (0, b"DSD ", "DSD"),
    (0, b".snd", "Sun audio (AU)"),
    (0, b".RMF", "RealMedia"),
    (8, b"AVI ", "AVI video"),
    (0, b"\x89PNG", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"\x7fELF", "a program"),
];

/// A reader that can seek, with the length that symphonia wants to know.
pub(super) struct Source<R> {
    reader: R,
    len: u64,
}

impl<R: Read + Seek> Source<R> {
    pub fn new(mut reader: R) -> io::Result<Self> {
        let len = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(0))?;
        Ok(Self { reader, len })
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    /// What the content seems to be, for an error message; the position is the start afterwards.
    pub fn kind(&mut self) -> io::Result<String> {
        let mut start = Vec::new();
        self.reader.seek(SeekFrom::Start(0))?;
        self.reader.by_ref().take(MAGIC_LEN).read_to_end(&mut start)?;
        self.reader.seek(SeekFrom::Start(0))?;
        Ok(kind_of(&start))
    }
}

fn kind_of(start: &[u8]) -> String {
    let known =
        OTHER_KINDS.iter().find(|(offset, magic, _)| start.get(*offset..).is_some_and(|s| s.starts_with(magic)));
    match (known, std::str::from_utf8(start)) {
        (Some((_, _, name)), _) => (*name).to_owned(),
        (None, Ok(text)) if !text.contains(|c: char| c.is_control() && !c.is_whitespace()) => "text".to_owned(),
        (None, _) => "bytes of no known audio format".to_owned(),
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl<R: Seek> Seek for Source<R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.reader.seek(position)
    }
}

impl<R: Read + Seek + Send + Sync> MediaSource for Source<R> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_are_called_by_their_name() {
        assert_eq!(kind_of(b"\x89PNG\r\n"), "a PNG image");
        assert_eq!(kind_of(b"RIFF\0\0\0\0AVI LIST"), "AVI video");
        assert_eq!(kind_of("She said: «good».\n".as_bytes()), "text");
        assert_eq!(kind_of(&[0, 1, 2, 3, 255]), "bytes of no known audio format");
    }
}
