//! Files that appear whole or not at all.

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

#[cfg(test)]
mod tests {
    use super::*;

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
