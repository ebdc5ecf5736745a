//! The folder in which a net or score is made, until it is renamed to its place.
//!
//! Each maker has a folder of its own, so that one that slept, and was taken for dead, disturbs nobody when it wakes.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use features::files::{sync_folder, write_whole};

use crate::lock::Lock;
use crate::shelf::entries;
use crate::sums::{self, SUMS};

/// Parameters and optimizer of a training that goes on, after a line with a hash and one with the net's name.
const CHECKPOINT: &str = "checkpoint";

/// Begins the names of what goes with the checkpoint of an update: the history until then.
const HISTORY_TO: &str = "history-to-";

/// What the makers said.
pub const LOG: &str = "log.txt";

/// Lines of a log that are told of a failure.
const LAST_LINES: usize = 5;

/// The folder in which a net or score is made.
#[derive(Debug)]
pub struct Workspace {
    folder: PathBuf,
    place: PathBuf,
    lock: Lock,
    /// `SHA256SUMS` of the files that are added.
    sums: String,
}

/// A maker that found its lock taken over: it slept for longer than a lease.
#[derive(Debug, thiserror::Error)]
#[error("another process has taken this over, as this one showed no sign of life; it goes on there")]
pub struct TakenOver;

impl Workspace {
    /// Opens `folder` for what will lie at `place`, with what earlier makers, who are dead, saved of it.
    pub(crate) fn open(folder: PathBuf, place: PathBuf, lock: Lock) -> Result<Self> {
        let made = fs::create_dir(&folder).and_then(|()| sync_folder(&folder));
        made.with_context(|| format!("{}: cannot be made", folder.display()))?;
        let workspace = Self { folder, place, lock, sums: String::new() };
        let mut earlier = workspace.others();
        earlier.sort_by_key(|folder| last_update(folder));
        if let Some(last) = earlier.last() {
            workspace.adopt(last).with_context(|| format!("{}: cannot be taken over", last.display()))?;
        }
        for folder in earlier {
            let _ = fs::remove_dir_all(folder); // what cannot be removed is in nobody's way
        }
        Ok(workspace)
    }

    /// Folders of other makers of the same.
    fn others(&self) -> Vec<PathBuf> {
        let prefix = format!(".{}.", self.name());
        let is_other = |path: &PathBuf| {
            let name = path.file_name().and_then(OsStr::to_str);
            *path != self.folder && path.is_dir() && name.is_some_and(|name| name.starts_with(&prefix))
        };
        entries(self.parent()).filter(is_other).collect()
    }

    fn parent(&self) -> &Path {
        self.place.parent().expect("a net or score lies in a folder")
    }

    /// Copies what a dead maker left. A copy, not a move: who is not dead after all may still write there.
    fn adopt(&self, earlier: &Path) -> io::Result<()> {
        for path in entries(earlier) {
            if let Some(name) = path.file_name()
                && path.extension().is_none_or(|ending| ending != "tmp")
            {
                fs::copy(&path, self.folder.join(name))?;
            }
        }
        Ok(())
    }

    /// Fails where another process has taken over.
    fn check(&self) -> Result<()> {
        if self.lock.is_mine() { Ok(()) } else { Err(TakenOver.into()) }
    }

    /// `written`, but for [`TakenOver`] where it failed since another process has taken over: that one removes this
    /// folder, also while this one is in the middle of writing.
    fn unless_taken_over<T>(&self, written: Result<T>) -> Result<T> {
        written.or_else(|error| self.check().and(Err(error)))
    }

    /// Writes a file that tells of the making: it is no part of what is made.
    ///
    /// # Errors
    /// A full disk and its like, with the path.
    pub fn write(&self, file: &str, bytes: &[u8]) -> Result<()> {
        self.unless_taken_over(write_whole(&self.folder.join(file), bytes).map_err(Into::into))
    }

    /// Reads what [`write`](Self::write) wrote, here or in the hands of an earlier maker.
    pub fn read(&self, file: &str) -> Option<Vec<u8>> {
        fs::read(self.folder.join(file)).ok()
    }

    /// Adds a line to the log.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn log(&self, line: &str) -> Result<()> {
        let path = self.folder.join(LOG);
        let write = || writeln!(File::options().create(true).append(true).open(&path)?, "{line}");
        self.unless_taken_over(write().with_context(|| format!("{}: cannot be written", path.display())))
    }

    /// The last lines of the log.
    pub fn last_words(&self) -> Option<String> {
        let log = fs::read_to_string(self.folder.join(LOG)).ok()?;
        let lines: Vec<&str> = log.lines().collect();
        Some(lines[lines.len().saturating_sub(LAST_LINES)..].join("\n"))
    }

    /// Saves the state after `update` updates.
    ///
    /// # Errors
    /// [`TakenOver`]; those of writing.
    pub fn save(&self, update: u64, checkpoint: &[u8], history: &[u8]) -> Result<()> {
        self.check()?;
        let of_update = format!("{HISTORY_TO}{update}");
        // The history first: a checkpoint never stands without what led to it.
        self.write(&of_update, &self.seal(history))?;
        self.write(CHECKPOINT, &self.seal(checkpoint))?;
        for path in entries(&self.folder) {
            let name = path.file_name().and_then(|name| name.to_str());
            if name.is_some_and(|name| name.starts_with(HISTORY_TO) && name != of_update) {
                let _ = fs::remove_file(path); // what stays is known by its update
            }
        }
        Ok(())
    }

    /// `bytes` with the name of what they belong to, and a hash of both.
    fn seal(&self, bytes: &[u8]) -> Vec<u8> {
        sums::sealed(&[self.name().as_bytes(), b"\n", bytes].concat())
    }

    /// What [`seal`](Self::seal) made, if it is whole and belongs here.
    fn unseal(&self, file: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let content =
            sums::unsealed(sealed).with_context(|| format!("{file}: disagrees with its own hash"))?;
        let end = content.iter().position(|byte| *byte == b'\n').unwrap_or(content.len());
        let name = String::from_utf8_lossy(&content[..end]);
        ensure!(name == self.name(), "{file}: found that of {name}, expected that of {}", self.name());
        Ok(content[end + 1..].to_vec())
    }

    fn name(&self) -> Cow<'_, str> {
        self.place.file_name().map(OsStr::to_string_lossy).unwrap_or_default()
    }

    /// The bytes of the checkpoint that was saved last, none where nothing was.
    ///
    /// # Errors
    /// A file that cannot be read, is not whole, or is that of another net.
    pub fn checkpoint(&self) -> Result<Option<Vec<u8>>> {
        let path = self.folder.join(CHECKPOINT);
        match fs::read(&path) {
            Ok(sealed) => self.unseal(CHECKPOINT, &sealed).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("{}: cannot be read", path.display())),
        }
    }

    /// The history until update `update`, which goes with the checkpoint of that update.
    ///
    /// # Errors
    /// A history that is not there, or not whole.
    pub fn history_to(&self, update: u64) -> Result<Vec<u8>> {
        let file = format!("{HISTORY_TO}{update}");
        let sealed = self.read(&file).with_context(|| format!("{file}: is not there"))?;
        self.unseal(&file, &sealed)
    }

    /// Adds a file to what is made.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn add(&mut self, file: &str, bytes: &[u8]) -> Result<()> {
        self.write(file, bytes)?;
        self.sums += &sums::line(file, bytes);
        Ok(())
    }

    /// Makes the folder what it was for: adds the sums, syncs, renames; the checkpoint goes only then. Never replaces
    /// what is there already, which counts instead; whether it was this one's that counts.
    ///
    /// # Errors
    /// [`TakenOver`]; those of writing.
    pub fn finish(self) -> Result<bool> {
        self.write(SUMS, self.sums.as_bytes())?;
        self.check()?;
        match fs::rename(&self.folder, &self.place) {
            Ok(()) => {
                let synced = sync_folder(&self.place);
                synced.with_context(|| format!("{}: cannot be synced", self.place.display()))?;
                remove_leavings(&self.place);
                Ok(true)
            }
            // A folder that holds something is never replaced.
            Err(_) if self.place.exists() => {
                let _ = fs::remove_dir_all(&self.folder);
                Ok(false)
            }
            Err(error) => {
                let failed = Err(error).with_context(|| format!("{}: cannot be made", self.place.display()));
                self.unless_taken_over(failed)
            }
        }
    }
}

/// Removes from what is finished what its making left there. It is whole with it or without, so that what cannot be
/// removed stays; and so does what somebody else has put there.
pub(crate) fn remove_leavings(place: &Path) {
    for path in entries(place) {
        let name = path.file_name().and_then(|name| name.to_str());
        let left = |name: &str| name == CHECKPOINT || name.starts_with(HISTORY_TO) || name.ends_with(".tmp");
        if name.is_some_and(left) {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Updates of the last state saved in the folder of a maker.
pub(crate) fn last_update(folder: &Path) -> Option<u64> {
    let update = |path: PathBuf| path.file_name()?.to_str()?.strip_prefix(HISTORY_TO)?.parse().ok();
    entries(folder).filter_map(update).max()
}
