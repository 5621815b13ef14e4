//! Audio to a file, all or nothing, or to a pipe.

use std::fs;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::encoder::{Encode, Patch};
use super::error::{AudioError, check_rate};
use super::flac::{FlacEncoder, MAX_FLAC_CHANNELS};
use super::ogg_opus::{MAX_OPUS_CHANNELS, OggOpusEncoder};
use super::output::OutputFormat;
use super::wav::{MAX_WAV_CHANNELS, WavEncoder};
use crate::error::FileError;
use crate::files;
use crate::units::SampleRate;

/// Writes audio in a stream.
///
/// A file appears under its name only when it is complete: until [`AudioWriter::finish`] it has a temporary name in
/// the same folder, and a writer that is dropped before leaves nothing behind.
pub struct AudioWriter {
    encoder: Box<dyn Encode>,
    target: Target,
    channels: usize,
    samples: u64,
    cleaned: Vec<f32>,
    bytes: Vec<u8>,
}

enum Target {
    File { file: BufWriter<NamedTempFile>, path: PathBuf },
    Stream(Box<dyn Write + Send>),
}

impl AudioWriter {
    /// Starts a file. The folder must exist; a file of the same name is replaced at the end.
    ///
    /// # Errors
    /// A folder that can't be written to, a path that is something other than a file, or a rate or number of channels
    /// that the format can't hold.
    pub fn create(path: &Path, format: OutputFormat, rate: SampleRate, channels: usize) -> Result<Self, AudioError> {
        let encoder = encoder(format, rate, channels, None)?;
        let path = final_path(path)?;
        let file = temporary_beside(&path).map_err(FileError::on("create", &path))?;
        Self::start(encoder, Target::File { file: BufWriter::new(file), path }, channels)
    }

    /// Starts a stream to an output that can't go back, such as standard output. `frames` is the length where it is
    /// known in advance; otherwise the header says that the audio lasts until the stream ends.
    ///
    /// # Errors
    /// An output that fails, or a rate or number of channels that the format can't hold.
    pub fn to_stream(
        output: Box<dyn Write + Send>,
        format: OutputFormat,
        rate: SampleRate,
        channels: usize,
        frames: Option<u64>,
    ) -> Result<Self, AudioError> {
        let encoder = encoder(format, rate, channels, frames)?;
        Self::start(encoder, Target::Stream(output), channels)
    }

    fn start(mut encoder: Box<dyn Encode>, mut target: Target, channels: usize) -> Result<Self, AudioError> {
        target.write(&encoder.header()?)?;
        Ok(Self { encoder, target, channels, samples: 0, cleaned: Vec::new(), bytes: Vec::new() })
    }

    /// Appends interleaved samples. They are clipped to -1..1 and rounded to the nearest value of the format; what is
    /// not a number becomes 0. Nothing may be written after an error.
    ///
    /// # Errors
    /// Part of a frame, an output that fails, or one that has become too long for its format.
    pub fn write(&mut self, samples: &[f32]) -> Result<(), AudioError> {
        if !samples.len().is_multiple_of(self.channels) {
            return Err(AudioError::PartialFrame { samples: samples.len(), channels: self.channels });
        }
        self.samples += samples.len() as u64;
        self.cleaned.clear();
        self.cleaned.extend(samples.iter().map(|&sample| if sample.is_finite() { sample } else { 0.0 }));
        self.bytes.clear();
        self.encoder.encode(&self.cleaned, &mut self.bytes)?;
        self.target.write(&self.bytes)
    }

    /// How many frames have been written.
    pub fn frames(&self) -> u64 {
        self.samples / self.channels as u64
    }

    /// Ends the output. A file is synced and takes its name now.
    ///
    /// # Errors
    /// An output that fails: then no file of that name is made or changed.
    pub fn finish(mut self) -> Result<(), AudioError> {
        self.bytes.clear();
        let patches = self.encoder.finish(&mut self.bytes)?;
        self.target.write(&self.bytes)?;
        match self.target {
            Target::Stream(mut output) => Ok(output.flush()?),
            Target::File { mut file, path } => {
                apply(&mut file, &patches)?;
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                publish(file, &path).map_err(|source| FileError::on("write", &path)(source).into())
            }
        }
    }
}

impl Target {
    fn write(&mut self, bytes: &[u8]) -> Result<(), AudioError> {
        match self {
            Self::Stream(output) => Ok(output.write_all(bytes)?),
            Self::File { file, path } => Ok(file.write_all(bytes).map_err(FileError::on("write", path))?),
        }
    }
}

fn encoder(
    format: OutputFormat,
    rate: SampleRate,
    channels: usize,
    frames: Option<u64>,
) -> Result<Box<dyn Encode>, AudioError> {
    check_rate(rate)?;
    let (name, max) = match format {
        OutputFormat::Flac => ("FLAC", MAX_FLAC_CHANNELS),
        OutputFormat::Opus => ("Opus", MAX_OPUS_CHANNELS),
        OutputFormat::Wav16 | OutputFormat::Wav24 | OutputFormat::WavFloat => ("WAV", MAX_WAV_CHANNELS),
    };
    if channels == 0 || channels > max {
        return Err(AudioError::Channels { actual: channels, max, format: name });
    }
    Ok(match format {
        OutputFormat::Flac => Box::new(FlacEncoder::new(rate, channels)?),
        OutputFormat::Opus => Box::new(OggOpusEncoder::new(rate, channels)?),
        _ => Box::new(WavEncoder::new(format, rate, channels as u16, frames)?),
    })
}

/// The file that `path` names, behind a link if it is one: a rename would replace the link instead.
fn final_path(path: &Path) -> Result<PathBuf, FileError> {
    match fs::canonicalize(path) {
        Ok(real) if real.is_file() => Ok(real),
        Ok(_) => Err(FileError::on("write", path)(io::Error::other("it exists and is not a file"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_path_buf()),
        Err(error) => Err(FileError::on("write", path)(error)),
    }
}

fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
    let prefix = format!(".{}.", name.to_string_lossy().chars().take(40).collect::<String>());
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(files::PART);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As for any new file: what the umask leaves, not the owner alone.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(path))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn apply(file: &mut BufWriter<NamedTempFile>, patches: &[Patch]) -> io::Result<()> {
    for patch in patches {
        file.seek(SeekFrom::Start(patch.offset))?;
        file.write_all(&patch.bytes)?;
    }
    Ok(())
}

fn publish(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path)?;
    // The new name is safe only when the folder is on disk as well. Not every system can sync a folder.
    if let Ok(folder) = fs::File::open(folder_of(path)) {
        let _ = folder.sync_all();
    }
    Ok(())
}

#[cfg(test)]
mod tests;
