//! Files that appear whole or not at all.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Write},
    path::Path,
};

use serde::Serialize;
use tempfile::NamedTempFile;

use crate::error::FileError;

/// What temporary files end in; whatever ends so was left by a run that was killed.
pub const PART: &str = ".part";

/// Writes `bytes` to a temporary name in the same folder, syncs and renames: a reader never sees half a file.
///
/// Missing parent folders are made.
///
/// # Errors
/// A folder that can't be written to.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    fill_atomically(path, |file| file.write_all(bytes))
}

/// Writes `value` as indented JSON, in the manner of [`write_atomically`].
///
/// # Errors
/// A folder that can't be written to.
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), FileError> {
    fill_atomically(path, |file| {
        serde_json::to_writer_pretty(&mut *file, value)?;
        file.write_all(b"\n")
    })
}

/// Copies `source` to `path`, in the manner of [`write_atomically`]; shares the disk blocks where the system can.
///
/// # Errors
/// A source that can't be read or a folder that can't be written to.
pub fn copy_atomically(source: &Path, path: &Path) -> Result<(), FileError> {
    let mut from = File::open(source).map_err(FileError::on("read", source))?;
    fill_atomically(path, |file| io::copy(&mut from, file).map(drop))
}

/// The BLAKE3 hash of a file's content, in hexadecimal, and its length in bytes.
///
/// # Errors
/// A file that can't be read.
pub fn hash(path: &Path) -> Result<(String, u64), FileError> {
    let mut file = File::open(path).map_err(FileError::on("read", path))?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    let mut total = 0;
    loop {
        let read = file.read(&mut buffer).map_err(FileError::on("read", path))?;
        if read == 0 {
            return Ok((hasher.finalize().to_hex().to_string(), total));
        }
        hasher.update(&buffer[..read]);
        total += read as u64;
    }
}

pub fn fill_atomically(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), FileError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(FileError::on("create", folder))?;
    let written = temporary_in(folder).and_then(|mut temporary| {
        fill(temporary.as_file_mut())?;
        temporary.as_file().sync_all()?;
        temporary.persist(path)?;
        sync_folder(folder);
        Ok(())
    });
    written.map_err(FileError::on("write", path))
}

fn temporary_in(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".writing-").suffix(PART);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As for any new file: what the umask leaves, not the owner alone.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Makes a rename last. Not every system can sync a folder.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// Removes a file if it is there.
///
/// # Errors
/// A folder that can't be written to.
pub fn remove_if_there(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::on("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Locks a file, which is made if need be, as long as it is open; the system lets go of it if the process is killed.
/// None if somebody else holds it.
///
/// # Errors
/// A file that can't be made or locked.
pub fn lock(path: &Path) -> Result<Option<File>, FileError> {
    let file = File::create(path).map_err(FileError::on("create", path))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(None),
        // Some network file systems know no locks; then nothing guards against a second run.
        Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => {
            Err(FileError::on("lock", path)(error))
        }
        _ => Ok(Some(file)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_json(&path, &[1, 2]).unwrap();
        let failed = fill_atomically(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        assert_eq!(failed.unwrap_err().to_string(), format!("cannot write {}: disk full", path.display()));
        assert_eq!(fs::read_to_string(&path).unwrap(), "[\n  1,\n  2\n]\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_last_write_wins_and_folders_are_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/file.json");
        for text in ["first", "second"] {
            write_atomically(&path, text.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "second");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_in_the_way_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write_atomically(folder.path(), b"x").is_err());
    }

    #[test]
    fn one_holds_a_lock_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".lock");
        let held = lock(&path).unwrap();
        assert!(held.is_some() && lock(&path).unwrap().is_none());
        drop(held);
        assert!(lock(&path).unwrap().is_some());
        assert!(lock(folder.path()).is_err());
    }

    #[test]
    fn the_hash_is_that_of_the_content() {
        let folder = tempfile::tempdir().unwrap();
        let (source, copy) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&source, vec![7; 200_000]).unwrap();
        copy_atomically(&source, &copy).unwrap();
        assert_eq!(hash(&source).unwrap(), hash(&copy).unwrap());
        assert_eq!(hash(&source).unwrap(), (blake3::hash(&[7; 200_000]).to_hex().to_string(), 200_000));
    }
}
