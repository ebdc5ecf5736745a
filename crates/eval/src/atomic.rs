//! Files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::EvalError;

/// Writes `path` through `<path>.tmp` beside it: whoever opens `path` finds the old file or the whole new one,
/// after a kill or a power loss too.
///
/// The folder must exist. Two writers of one path at once are the caller's to prevent.
///
/// # Errors
/// When `write` fails or the file cannot be made, synced or renamed; the message names `path`, and the
/// temporary file is removed.
pub fn write_atomically<E>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), E>,
) -> Result<(), EvalError>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let temporary = PathBuf::from(format!("{}.tmp", path.display()));
    let outcome = write_and_sync(&temporary, write).and_then(|()| Ok(rename_and_sync(&temporary, path)?));
    outcome.map_err(|source| {
        let _ = fs::remove_file(&temporary); // the first error is the one to tell
        EvalError::Write { path: path.to_owned(), reason: source }
    })
}

fn write_and_sync<E>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), E>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut file = BufWriter::new(File::create(path)?);
    write(&mut file).map_err(Into::into)?;
    file.flush()?;
    Ok(file.get_ref().sync_all()?)
}

/// A rename outlives a power loss only once the folder is synced too.
fn rename_and_sync(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_litter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        write_atomically(&path, |file| file.write_all(b"old")).unwrap();
        let error = write_atomically(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        let message = error.unwrap_err().to_string();
        assert!(message.contains("table.csv") && message.contains("disk full"), "{message}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing/table.csv");
        let message = write_atomically(&path, |file| file.write_all(b"x")).unwrap_err().to_string();
        assert!(message.contains("missing/table.csv"), "{message}");
    }
}
