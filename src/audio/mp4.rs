//! The edit list of MP4 and M4A files (ISO/IEC 14496-12, 8.6.6), which symphonia does not apply: it says how much of
//! the encoder's delay to leave out at the start, and where the sound ends.

use std::io::{Read, Seek, SeekFrom};

use crate::units::Seconds;

/// No real file has so many boxes on one level before the one that is looked for.
const MAX_BOXES: usize = 4_096;
/// Enough for the edit list of any recording.
const MAX_PAYLOAD: u64 = 4_096;
const SOUND: &[u8; 4] = b"soun";

/// Which part of a track is to be heard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Edit {
    /// Where it starts.
    pub start: Seconds,
    /// How long it is, if the list is simple enough to tell.
    pub duration: Option<Seconds>,
}

/// A box, without its header: the kind, the first byte and the one after the last.
struct Mp4Box {
    kind: [u8; 4],
    start: u64,
    end: u64,
}

/// The edit of the first sound track of `source`, if it is an MP4 file that has one. What can't be understood is no
/// error here: then the track is heard as a whole. The position afterwards is undefined.
pub(super) fn sound_edit(source: &mut (impl Read + Seek), len: u64) -> Option<Edit> {
    let file = Mp4Box { kind: *b"file", start: 0, end: len };
    if children(source, &file).next()?.kind != *b"ftyp" {
        return None;
    }
    let movie = child(source, &file, b"moov")?;
    let movie_scale = timescale(source, &movie, b"mvhd")?;
    let tracks: Vec<Mp4Box> = children(source, &movie).filter(|found| found.kind == *b"trak").collect();
    let track = tracks.into_iter().find(|track| is_sound(source, track))?;
    let media = child(source, &track, b"mdia")?;
    let media_scale = timescale(source, &media, b"mdhd")?;
    let edits = child(source, &track, b"edts")?;
    let list = child(source, &edits, b"elst")?;
    first_edit(&payload(source, &list)?, movie_scale, media_scale)
}

fn is_sound(source: &mut (impl Read + Seek), track: &Mp4Box) -> bool {
    let handler = child(source, track, b"mdia").and_then(|media| child(source, &media, b"hdlr"));
    handler.and_then(|handler| payload(source, &handler)).is_some_and(|bytes| bytes.get(8..12) == Some(SOUND))
}

/// The units per second of a movie or media header, which stand after two dates of 4 or 8 bytes.
fn timescale(source: &mut (impl Read + Seek), parent: &Mp4Box, kind: &[u8; 4]) -> Option<f64> {
    let header = child(source, parent, kind)?;
    let bytes = payload(source, &header)?;
    let offset = if *bytes.first()? == 1 { 20 } else { 12 };
    Some(f64::from(u32_at(&bytes, offset)?)).filter(|&scale| scale > 0.0)
}

fn first_edit(list: &[u8], movie_scale: f64, media_scale: f64) -> Option<Edit> {
    let wide = *list.first()? == 1;
    let count = u32_at(list, 4)? as usize;
    let entry_len = if wide { 20 } else { 12 };
    let entries = list.get(8..)?.chunks_exact(entry_len).take(count).map(|entry| match wide {
        true => Some((u64_at(entry, 0)?, u64_at(entry, 8)? as i64)),
        false => Some((u64::from(u32_at(entry, 0)?), i64::from(u32_at(entry, 4)? as i32))),
    });
    // An entry with a negative time is a pause before the sound.
    let heard: Vec<(u64, i64)> = entries.flatten().filter(|&(_, start)| start >= 0).collect();
    let &(duration, start) = heard.first()?;
    let duration = Some(Seconds(duration as f64 / movie_scale)).filter(|d| heard.len() == 1 && d.0 > 0.0);
    Some(Edit { start: Seconds(start as f64 / media_scale), duration })
}

fn child(source: &mut (impl Read + Seek), parent: &Mp4Box, kind: &[u8; 4]) -> Option<Mp4Box> {
    children(source, parent).find(|found| found.kind == *kind)
}

fn payload(source: &mut (impl Read + Seek), found: &Mp4Box) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    source.seek(SeekFrom::Start(found.start)).ok()?;
    source.take((found.end - found.start).min(MAX_PAYLOAD)).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The boxes in `parent`, in order, up to the first that is damaged.
fn children<'a, S: Read + Seek>(source: &'a mut S, parent: &Mp4Box) -> impl Iterator<Item = Mp4Box> + use<'a, S> {
    let (mut position, end) = (parent.start, parent.end);
    std::iter::from_fn(move || {
        let found = box_at(source, position, end)?;
        position = found.end;
        Some(found)
    })
    .take(MAX_BOXES)
}

/// The box at `position`, if it is whole and ends by `end`.
fn box_at(source: &mut (impl Read + Seek), position: u64, end: u64) -> Option<Mp4Box> {
    let mut header = [0; 16];
    source.seek(SeekFrom::Start(position)).ok()?;
    source.read_exact(&mut header[..8]).ok()?;
    let (header_len, size) = match u32_at(&header, 0)? {
        // The last box of a file may leave its size open.
        0 => (8, end.checked_sub(position)?),
        1 => {
            source.read_exact(&mut header[8..]).ok()?;
            (16, u64_at(&header, 8)?)
        }
        size => (8, u64::from(size)),
    };
    let box_end = position.checked_add(size).filter(|&box_end| size >= header_len && box_end <= end)?;
    Some(Mp4Box { kind: [header[4], header[5], header[6], header[7]], start: position + header_len, end: box_end })
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|&chunk| u32::from_be_bytes(chunk))
}

fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    bytes.get(offset..)?.first_chunk().map(|&chunk| u64::from_be_bytes(chunk))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let size = (content.len() as u32 + 8).to_be_bytes();
        [size.as_slice(), kind, content].concat()
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    fn track(handler: &[u8; 4], scale: u32, list: &[u32]) -> Vec<u8> {
        let header = boxed(b"mdhd", &words(&[0, 0, 0, scale, 0, 0]));
        let handler = boxed(b"hdlr", &[&[0; 8], handler.as_slice(), &[0; 12]].concat());
        let edits = boxed(b"edts", &boxed(b"elst", &words(list)));
        boxed(b"trak", &[edits, boxed(b"mdia", &[header, handler].concat())].concat())
    }

    fn movie(tracks: &[Vec<u8>]) -> Vec<u8> {
        let header = boxed(b"mvhd", &words(&[0, 0, 0, 1_000, 0]));
        let movie = boxed(b"moov", &[header, tracks.concat()].concat());
        [boxed(b"ftyp", b"M4A "), boxed(b"free", &[]), movie].concat()
    }

    fn edit_of(bytes: &[u8]) -> Option<Edit> {
        sound_edit(&mut Cursor::new(bytes), bytes.len() as u64)
    }

    #[test]
    fn the_edit_of_the_sound_track_is_found() {
        let picture = track(b"vide", 90_000, &[0, 1, 7, 7, 0x1_0000]);
        let sound = track(SOUND, 44_100, &[0, 1, 500, 1_024, 0x1_0000]);
        let expected = Edit { start: Seconds(1_024.0 / 44_100.0), duration: Some(Seconds(0.5)) };
        assert_eq!(edit_of(&movie(&[picture, sound])), Some(expected));
    }

    #[test]
    fn a_pause_before_the_sound_is_passed_over() {
        let sound = track(SOUND, 8_000, &[0, 2, 40, u32::MAX, 0x1_0000, 2_000, 80, 0x1_0000]);
        let expected = Edit { start: Seconds(0.01), duration: Some(Seconds(2.0)) };
        assert_eq!(edit_of(&movie(&[sound])), Some(expected));
    }

    #[test]
    fn a_list_that_cuts_leaves_the_length_open() {
        let sound = track(SOUND, 8_000, &[0, 2, 1_000, 80, 0x1_0000, 1_000, 16_000, 0x1_0000]);
        assert_eq!(edit_of(&movie(&[sound])), Some(Edit { start: Seconds(0.01), duration: None }));
    }

    #[test]
    fn other_and_damaged_files_have_no_edit() {
        assert_eq!(edit_of(b""), None);
        assert_eq!(edit_of(b"RIFF\x24\0\0\0WAVEfmt "), None);
        let whole = movie(&[track(SOUND, 8_000, &[0, 1, 1_000, 80, 0x1_0000])]);
        for len in 0..whole.len() {
            assert_eq!(edit_of(&whole[..len]), None, "cut to {len} bytes");
        }
        assert_eq!(edit_of(&movie(&[track(SOUND, 0, &[0, 1, 1_000, 80, 0x1_0000])])), None);
        assert_eq!(edit_of(&movie(&[track(SOUND, 8_000, &[0])])), None);
    }
}
