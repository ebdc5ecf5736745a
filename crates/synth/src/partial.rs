//! The folder beside the target in which a set grows until it is whole.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::SynthError;
use crate::lock::Lock;

/// A set that is being made in `.NAME-partial/set`, locked against other runs. It has one name, so that a run that
/// follows a killed one finds what that left and clears it; a run that fails clears it itself.
pub(super) struct Partial {
    out: PathBuf,
    /// The folder in which `out` will lie.
    parent: PathBuf,
    /// Holds the set and its lock: the lock stays behind when the set is moved.
    folder: PathBuf,
    _lock: Lock,
}

impl Partial {
    /// Locks the folder for the set at `out`, and clears it.
    ///
    /// # Errors
    /// `out` names no folder, or none can be made there; another run is making it.
    pub(super) fn begin(out: &Path) -> Result<Self, SynthError> {
        let name = out.file_name().ok_or_else(|| {
            SynthError::Refused(format!("{} does not name a folder to make", out.display()))
        })?;
        let parent = match out.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let folder = parent.join([".".as_ref(), name, "-partial".as_ref()].into_iter().collect::<OsString>());
        let impossible = |path: &Path, error: io::Error| {
            SynthError::Refused(format!(
                "{}: cannot be made ({error}); expected a place for a folder; choose another",
                path.display()
            ))
        };
        fs::create_dir_all(&folder).map_err(|error| impossible(&folder, error))?;
        let _lock = Lock::take(&folder)?;
        let partial = Self { out: out.to_owned(), parent: parent.to_owned(), folder, _lock };
        let set = partial.set();
        partial.clear().and_then(|()| fs::create_dir(&set)).map_err(|error| impossible(&set, error))?;
        Ok(partial)
    }

    /// Where the files of the set are written.
    pub(super) fn set(&self) -> PathBuf {
        self.folder.join("set")
    }

    /// Moves the whole set to its place.
    pub(super) fn finish(self) -> Result<(), SynthError> {
        let (set, out) = (self.set(), &self.out);
        fs::rename(&set, out).map_err(SynthError::failed("make", out))?;
        let synced = fs::File::open(&self.parent).and_then(|folder| folder.sync_all());
        synced.map_err(SynthError::failed("sync", &self.parent))
    }

    fn clear(&self) -> io::Result<()> {
        match fs::remove_dir_all(self.set()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Drop for Partial {
    /// What cannot be cleared is cleared by the next run.
    fn drop(&mut self) {
        let _ = self.clear();
        // A run that has this lock open and not yet held would hold a lock that nobody else sees; it does no harm
        // once the set is there, for then it finds the set.
        if self.out.exists() {
            let _ = fs::remove_file(self.folder.join(".lock"));
            let _ = fs::remove_dir(&self.folder);
        }
    }
}
