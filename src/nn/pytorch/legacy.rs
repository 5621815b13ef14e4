//! The form before PyTorch 1.6: a magic number, a version, facts of the machine, the object, the keys of the storages,
//! each as a pickle, and then the storages themselves.

use std::rc::Rc;

use super::{PyTorchError, machine::run, reader::Reader, storage::Storages, value::Value};

/// The pickle of the magic number 0x1950a86a20f9469cfc6c.
pub(super) const MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
/// The only version there was.
const VERSION: i64 = 1001;

pub(super) fn read(bytes: &[u8]) -> Result<(Rc<Value>, Storages<'_>), PyTorchError> {
    let mut reader = Reader(&bytes[MAGIC.len()..]);
    match run(&mut reader)?.value.int() {
        Some(VERSION) => {}
        version => return Err(PyTorchError::Unsupported(format!("version {version:?} of the older form"))),
    }
    let _machine = run(&mut reader)?;
    let object = run(&mut reader)?;
    let keys = run(&mut reader)?.value;

    let mut storages = Storages::default();
    for key in keys.items().unwrap_or_default().iter().filter_map(|key| key.str()) {
        let kind = object.kinds.get(key).ok_or(PyTorchError::Damaged("it has numbers of an unknown type"))?;
        let count = usize::try_from(reader.uint(8)?).unwrap_or(usize::MAX);
        let bytes = reader.take(count.saturating_mul(kind.elt_size_in_bytes()))?;
        storages.0.insert(key.to_string(), bytes);
    }
    Ok((object.value, storages))
}
