//! The form since PyTorch 1.6: a ZIP archive of uncompressed entries, `<name>/data.pkl` and `<name>/data/<key>`.

use std::{collections::HashMap, rc::Rc};

use super::{PyTorchError, machine::run, reader::Reader, storage::Storages, value::Value};

/// The header of a ZIP archive's first entry.
pub(super) const MAGIC: &[u8] = b"PK\x03\x04";
const ENTRY: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
/// Length of the end record without its comment.
const END_LEN: usize = 22;
const DAMAGED: PyTorchError = PyTorchError::Damaged("its ZIP archive is malformed");

pub(super) fn read(bytes: &[u8]) -> Result<(Rc<Value>, Storages<'_>), PyTorchError> {
    let entries = entries(bytes)?;
    let pickle = entries.keys().find_map(|name| name.strip_suffix("/data.pkl"));
    let root = pickle.ok_or(PyTorchError::Damaged("it has no entry data.pkl"))?.to_string();
    if entries.get(&format!("{root}/byteorder")).is_some_and(|order| *order == b"big") {
        return Err(PyTorchError::Unsupported("big-endian numbers".to_string()));
    }
    let object = run(&mut Reader(entries[&format!("{root}/data.pkl")]))?.value;
    let key = |name: &str| Some(name.strip_prefix(&root)?.strip_prefix("/data/")?.to_string());
    let storages = entries.iter().filter_map(|(name, bytes)| Some((key(name)?, *bytes))).collect();
    Ok((object, Storages(storages)))
}

/// The entries by name, as the central directory lists them.
fn entries(bytes: &[u8]) -> Result<HashMap<String, &[u8]>, PyTorchError> {
    let start = bytes.len().saturating_sub(END_LEN + usize::from(u16::MAX));
    let tail = &bytes[start..];
    let end = tail.windows(END.len()).rposition(|window| window == END).ok_or(DAMAGED)?;
    let mut record = Reader(&tail[end..]);
    record.take(10)?;
    let count = record.uint(2)?;
    let (_size, offset) = (record.uint(4)?, record.uint(4)?);
    if count == u64::from(u16::MAX) || offset == u64::from(u32::MAX) {
        return Err(PyTorchError::Unsupported("a ZIP64 archive".to_string()));
    }

    let mut directory = Reader(bytes.get(offset as usize..).ok_or(DAMAGED)?);
    let mut entries = HashMap::new();
    for _ in 0..count {
        let (name, content) = entry(bytes, &mut directory)?;
        entries.insert(name, content);
    }
    Ok(entries)
}

/// Reads one entry of the directory, and finds its content.
fn entry<'a>(bytes: &'a [u8], directory: &mut Reader) -> Result<(String, &'a [u8]), PyTorchError> {
    if directory.take(4)? != ENTRY {
        return Err(DAMAGED);
    }
    directory.take(6)?;
    let method = directory.uint(2)?;
    directory.take(8)?;
    let (packed, len) = (directory.uint(4)?, directory.uint(4)?);
    let (name_len, extra_len, comment_len) = (directory.uint(2)?, directory.uint(2)?, directory.uint(2)?);
    directory.take(8)?;
    let offset = directory.uint(4)?;
    let name = String::from_utf8_lossy(directory.take(name_len as usize)?).into_owned();
    directory.take((extra_len + comment_len) as usize)?;
    if method != 0 || packed != len {
        return Err(PyTorchError::Unsupported("a compressed archive".to_string()));
    }

    // The header before the content can be longer than the directory says: PyTorch aligns contents with it.
    let mut local = Reader(bytes.get(offset as usize..).ok_or(DAMAGED)?);
    local.take(26)?;
    let skip = local.uint(2)? + local.uint(2)?;
    local.take(skip as usize)?;
    Ok((name, local.take(len as usize)?))
}
