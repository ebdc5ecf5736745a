//! One run at a time on the folder in which a set grows.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::SynthError;

/// Held while a run writes into a folder. The kernel lets go of it when the process ends, however it ends,
/// so that a lock is never stale.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Locks `folder`, which exists.
    ///
    /// # Errors
    /// Another run that holds it, with its process id; a folder that cannot be written.
    pub(crate) fn take(folder: &Path) -> Result<Self, SynthError> {
        let path = folder.join(".lock");
        let unwritable = |error: std::io::Error| {
            SynthError::Refused(format!(
                "{}: cannot be written ({error}); expected a folder of this user",
                path.display()
            ))
        };
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = open.map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).map_err(unwritable)?;
                let holder = if holder.is_empty() { "another run" } else { holder.trim_end() };
                let what = format!(
                    "{}: in use by {holder}; wait for it, or choose another folder",
                    folder.display()
                );
                return Err(SynthError::Refused(what));
            }
            Err(TryLockError::Error(error)) => return Err(unwritable(error)),
        }
        let holder = format!("process {}\n", std::process::id());
        file.set_len(0).map_err(unwritable)?;
        file.seek(SeekFrom::Start(0)).map_err(unwritable)?;
        file.write_all(holder.as_bytes()).map_err(unwritable)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_run_is_told_who_holds_the_folder_until_it_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let held = Lock::take(folder.path()).unwrap();
        let refusal = Lock::take(folder.path()).unwrap_err().to_string();
        assert!(refusal.contains(&format!("process {}", std::process::id())), "{refusal}");
        drop(held);
        Lock::take(folder.path()).unwrap();
    }
}
