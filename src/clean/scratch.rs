//! A recording on its way: cleaned, not levelled yet, in a nameless file that the system removes when it is closed.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, Write},
    path::Path,
};

/// Samples that are read at once.
const BLOCK: usize = 1 << 15;
const SAMPLE: usize = size_of::<f32>();

/// Takes samples.
#[derive(Debug)]
pub struct ScratchWriter {
    file: BufWriter<File>,
}

impl ScratchWriter {
    /// Begins a file on the disk of `folder`.
    ///
    /// # Errors
    /// A folder that can't be written to.
    pub fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self { file: BufWriter::with_capacity(1 << 17, tempfile::tempfile_in(folder)?) })
    }

    /// Appends samples.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn push(&mut self, samples: &[f32]) -> io::Result<()> {
        samples.iter().try_for_each(|sample| self.file.write_all(&sample.to_le_bytes()))
    }

    /// Ends it.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn finish(self) -> io::Result<Scratch> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(Scratch { file: BufReader::with_capacity(1 << 17, file) })
    }
}

/// Samples to be read.
#[derive(Debug)]
pub struct Scratch {
    file: BufReader<File>,
}

impl Scratch {
    /// Begins again with the first sample.
    ///
    /// # Errors
    /// A disk that fails.
    pub fn rewind(&mut self) -> io::Result<()> {
        self.file.rewind()
    }
}

impl Iterator for Scratch {
    type Item = io::Result<Vec<f32>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut bytes = vec![0; BLOCK * SAMPLE];
        let mut filled = 0;
        while filled < bytes.len() {
            match self.file.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Some(Err(error)),
            }
        }
        let sample = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().unwrap_or_default());
        let samples: Vec<f32> = bytes[..filled].chunks_exact(SAMPLE).map(sample).collect();
        (!samples.is_empty()).then_some(Ok(samples))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_and_nothing_is_left_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let samples: Vec<f32> = (0..100_000).map(|i| i as f32 / 7.0).collect();
        let mut writer = ScratchWriter::new(folder.path()).unwrap();
        samples.chunks(999).for_each(|block| writer.push(block).unwrap());
        let mut scratch = writer.finish().unwrap();
        assert_eq!(scratch.by_ref().flat_map(Result::unwrap).collect::<Vec<f32>>(), samples);
        scratch.rewind().unwrap();
        assert_eq!(scratch.flat_map(Result::unwrap).collect::<Vec<f32>>(), samples);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
