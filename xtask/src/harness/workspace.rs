//! The hidden folder in which a cell is trained, until it is renamed to the finished cell.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use eval::atomic::write_atomically;
use serde::Serialize;

use super::identity::to_yaml;
use super::store::RESOLVED;
use super::sums::write_sums;

/// Parameters and optimizer of a training that goes on.
pub(crate) const CHECKPOINT: &str = "checkpoint.safetensors";

/// Begins the names of files beside the checkpoint that go with it.
pub(crate) const SUMS_OF_HISTORY: &str = "history-sums-";

/// What happens in training.
pub(crate) const HISTORY: &str = "history.csv";

/// What a cell's runs said.
pub(crate) const LOG: &str = "log.txt";

/// The hidden folder of a cell that is being trained.
#[derive(Debug)]
pub(crate) struct Workspace {
    folder: PathBuf,
    place: PathBuf,
    files: Vec<&'static str>,
}

impl Workspace {
    /// The hidden folder `folder` of the cell at `place`, which has `files`.
    pub(super) fn new(folder: PathBuf, place: PathBuf, files: Vec<&'static str>) -> Self {
        Self { folder, place, files }
    }

    /// Where a file of this name lies while the cell is trained.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// Writes a file so that it is there whole or not at all.
    ///
    /// # Errors
    /// A full disk and its like, with the path.
    pub(crate) fn write(&self, file: &str, bytes: &[u8]) -> Result<()> {
        Ok(write_atomically(&self.path(file), |out| out.write_all(bytes))?)
    }

    /// Adds a line to a file.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub(crate) fn append(&self, file: &str, line: &str) -> Result<()> {
        let path = self.path(file);
        let write = || -> io::Result<()> {
            writeln!(File::options().create(true).append(true).open(&path)?, "{line}")
        };
        write().with_context(|| format!("{}: cannot be written", path.display()))
    }

    /// Removes the files whose names are `unwanted`.
    ///
    /// # Errors
    /// A folder that cannot be read or changed.
    pub(crate) fn remove_all(&self, unwanted: impl Fn(&str) -> bool) -> Result<()> {
        let unreadable = || format!("{}: cannot be read", self.folder.display());
        for entry in fs::read_dir(&self.folder).with_context(unreadable)? {
            let path = entry.with_context(unreadable)?.path();
            if path.file_name().and_then(|name| name.to_str()).is_some_and(&unwanted) {
                fs::remove_file(&path).with_context(|| format!("{}: cannot be removed", path.display()))?;
            }
        }
        Ok(())
    }

    /// Makes the folder the finished cell: adds the settings and the sums, syncs, renames. What is not of the cell,
    /// its last checkpoint, goes only then.
    ///
    /// # Errors
    /// A file of the cell that is missing, and those of writing.
    pub(crate) fn finish(&self, resolved: &impl Serialize) -> Result<()> {
        self.write(RESOLVED, to_yaml(resolved).as_bytes())?;
        write_sums(&self.folder, &self.files)?;
        fs::rename(&self.folder, &self.place)
            .with_context(|| format!("{}: cannot be made", self.place.display()))?;
        let cells = self.place.parent().expect("a cell lies in a folder");
        let synced = File::open(cells).and_then(|folder| folder.sync_all());
        synced.with_context(|| format!("{}: cannot be synced", cells.display()))?;
        remove_leavings(&self.place);
        Ok(())
    }
}

/// Removes from a finished cell what training left there: its last checkpoint. The cell is whole with it or without, so
/// that what cannot be removed stays; and so does what somebody else has put there.
pub(super) fn remove_leavings(cell: &Path) {
    for path in fs::read_dir(cell).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().and_then(|name| name.to_str());
        let left =
            |name: &str| name == CHECKPOINT || name.starts_with(SUMS_OF_HISTORY) || name.ends_with(".tmp");
        if name.is_some_and(left) {
            let _ = fs::remove_file(&path);
        }
    }
}
