//! Bytes, read from front to back and never beyond the end.

use super::PyTorchError;

const TRUNCATED: PyTorchError = PyTorchError::Damaged("it ends too early");

/// Bytes that are read from front to back.
#[derive(Debug)]
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], PyTorchError> {
        let (head, tail) = self.0.split_at_checked(count).ok_or(TRUNCATED)?;
        self.0 = tail;
        Ok(head)
    }

    /// Little-endian unsigned number of `count` bytes, eight at most.
    pub(super) fn uint(&mut self, count: usize) -> Result<u64, PyTorchError> {
        Ok(self.take(count)?.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    /// A length of `width` bytes and as many bytes as it says.
    pub(super) fn counted(&mut self, width: usize) -> Result<&'a [u8], PyTorchError> {
        let count = usize::try_from(self.uint(width)?).map_err(|_| TRUNCATED)?;
        self.take(count)
    }

    /// Text up to a newline, which is taken too.
    pub(super) fn line(&mut self) -> Result<String, PyTorchError> {
        let end = self.0.iter().position(|&byte| byte == b'\n').ok_or(TRUNCATED)?;
        let line = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Ok(line)
    }
}
