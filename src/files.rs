//! Files that appear whole or not at all.

use std::io::Write;
use std::path::Path;

use crate::error::FileError;

/// Writes `bytes` to a temporary name in the same folder, syncs and renames: a reader never sees half a file.
///
/// Missing parent folders are made.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(FileError::on("create", folder))?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(FileError::on("write", path))?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(FileError::on("write", path))?;
    file.persist(path).map_err(|error| FileError::on("write", path)(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_write_wins_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("deep/file.json");
        for text in ["first", "second"] {
            write_atomically(&path, text.as_bytes()).expect("a writable folder");
        }
        assert_eq!(std::fs::read_to_string(&path).expect("the file"), "second");
        assert_eq!(std::fs::read_dir(path.parent().expect("a parent")).expect("the folder").count(), 1);
    }

    #[test]
    fn a_folder_in_the_way_is_an_error() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(write_atomically(folder.path(), b"x").is_err());
    }
}
