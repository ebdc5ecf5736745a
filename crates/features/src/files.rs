//! Files that appear whole or not at all, and texts that are read only where they can be one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that could not be written; the one that was there before is as it was.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot be written: {source}", path.display())]
pub struct WriteError {
    path: PathBuf,
    source: io::Error,
}

/// Writes `bytes` to `path` through `<path>.tmp` beside it: whoever opens `path` finds the old file or the whole new
/// one, after a kill or a power loss too.
///
/// The folder must exist. Two writers of one path at once are the caller's to prevent.
///
/// # Errors
/// When the file cannot be made, written, synced or renamed; the temporary file is removed.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let temporary = PathBuf::from(format!("{}.tmp", path.display()));
    let outcome = write_and_sync(&temporary, bytes).and_then(|()| {
        fs::rename(&temporary, path)?;
        sync_folder(path)
    });
    outcome.map_err(|source| {
        let _ = fs::remove_file(&temporary); // the first error is the one to tell
        WriteError { path: path.to_owned(), source }
    })
}

fn write_and_sync(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Syncs the folder in which `path` lies: a rename outlives a power loss only then.
///
/// # Errors
/// Those of the file system.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Bytes of the longest text that is read: labels of a day are a few MiB.
const LONGEST_TEXT: u64 = 64 << 20;

/// Reads a text that a person may have named: no folder, device or pipe, which may never end, and no file of another
/// kind and size.
///
/// # Errors
/// What is wrong with the file, for the caller to say where it is and what was expected.
pub fn read_text(path: &Path) -> io::Result<String> {
    // A look before the opening: that of a pipe waits for who writes to it.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("no plain file"));
    }
    if metadata.len() > LONGEST_TEXT {
        let mebibytes = metadata.len() >> 20;
        return Err(io::Error::other(format!("{mebibytes} MiB, more than any text has")));
    }
    fs::read_to_string(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plain_file_of_a_sensible_size_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let large = folder.path().join("large.yaml");
        File::create(&large).unwrap().set_len(LONGEST_TEXT + 1).unwrap();
        let message = |path: &Path| read_text(path).unwrap_err().to_string();
        assert_eq!(message(Path::new("/dev/zero")), "no plain file");
        assert_eq!(message(folder.path()), "no plain file");
        assert_eq!(message(&large), "64 MiB, more than any text has");
        assert_eq!(read_text(&folder.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_failed_write_leaves_what_was_there_and_no_litter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        write_whole(&path, b"old").unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        // A folder cannot be replaced by a file.
        let occupied = folder.path().join("occupied");
        fs::create_dir_all(occupied.join("below")).unwrap();
        let message = write_whole(&occupied, b"x").unwrap_err().to_string();
        assert!(message.contains("occupied: cannot be written"), "{message}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let message = write_whole(&folder.path().join("missing/table.csv"), b"x").unwrap_err().to_string();
        assert!(message.contains("missing/table.csv"), "{message}");
    }
}
