//! The cells of a results folder: which are done, and how one becomes so.
//!
//! A cell is trained in a hidden folder beside its place, and is done when that folder is renamed to its name.
//! `SHA256SUMS` in it tells a whole cell from a damaged one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::differences::differences;
use super::identity::to_yaml;
use super::sums::check_sums;
use super::workspace::{LOG, remove_leavings};
use super::{CellName, Lock, Workspace};
use crate::failure::BadInput;

/// The settings of a cell, in its folder.
pub(super) const RESOLVED: &str = "resolved.yaml";

/// Lines of a failed cell's log that are told.
const LAST_LINES: usize = 5;

/// A results folder.
#[derive(Debug)]
pub(crate) struct Store {
    root: PathBuf,
    /// The files of a finished cell, in order.
    files: Vec<&'static str>,
}

/// What a results folder holds of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The finished cell.
    Done,
    /// Nothing, or a training that was stopped.
    Missing,
    /// A cell of the same model, loss and seed under other settings: these.
    Stale(String),
    /// A folder of the cell's name that is not whole: why.
    Damaged(String),
}

impl Store {
    /// The results folder at `root`, which need not exist, of cells with `files` beside their settings.
    pub(crate) fn at(root: &Path, files: &[&'static str]) -> Self {
        let mut files: Vec<_> = files.iter().copied().chain([RESOLVED]).collect();
        files.sort_unstable();
        Self { root: root.to_owned(), files }
    }

    /// The folder itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Makes the folder and locks it for a run.
    ///
    /// # Errors
    /// A folder that cannot be made, written or locked.
    pub(crate) fn open(&self) -> Result<Lock, BadInput> {
        fs::create_dir_all(self.cells()).map_err(|error| {
            let path = self.root.display();
            BadInput(format!(
                "{path}: cannot be made ({error}); expected a folder that can be written for --out"
            ))
        })?;
        Lock::take(&self.root)
    }

    fn cells(&self) -> PathBuf {
        self.root.join("cells")
    }

    /// The folder of a finished cell.
    pub(crate) fn folder(&self, name: &CellName) -> PathBuf {
        self.cells().join(name.to_string())
    }

    /// What there is of a cell with the settings `resolved`.
    pub(crate) fn state(&self, name: &CellName, resolved: &impl Serialize) -> State {
        let folder = self.folder(name);
        if folder.exists() {
            return match check_sums(&folder, &self.files).and_then(|()| check_resolved(&folder, resolved)) {
                Ok(()) => State::Done,
                Err(why) => State::Damaged(why),
            };
        }
        match self.other_settings(name) {
            Some(other) => State::Stale(differences(&other.join(RESOLVED), resolved)),
            None => State::Missing,
        }
    }

    /// A finished cell of the same model, loss and seed with another hash; the last by name.
    fn other_settings(&self, name: &CellName) -> Option<PathBuf> {
        let prefix = format!("{}-", name.stem());
        let entries = fs::read_dir(self.cells()).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
        let is_other = |path: &PathBuf| {
            let hash =
                path.file_name().and_then(|file| file.to_str()).and_then(|file| file.strip_prefix(&prefix));
            hash.is_some_and(|hash| hash.len() == 8 && hash.chars().all(|c| c.is_ascii_hexdigit()))
        };
        entries.filter(is_other).max()
    }

    /// Opens the hidden folder in which a cell is trained; it may hold the checkpoint of a training that was
    /// stopped. A damaged cell is set aside first.
    ///
    /// # Errors
    /// A folder that cannot be made or moved.
    pub(crate) fn workspace(&self, name: &CellName) -> Result<Workspace> {
        let place = self.folder(name);
        if place.exists() {
            let aside =
                (1..).map(|n| self.cells().join(format!("{name}.damaged-{n}"))).find(|path| !path.exists());
            let aside = aside.expect("some number is free");
            fs::rename(&place, &aside)
                .with_context(|| format!("{}: cannot be set aside", place.display()))?;
        }
        let folder = self.partial(name);
        let made = fs::create_dir_all(&folder).and_then(|()| File::open(self.cells())?.sync_all());
        made.with_context(|| format!("{}: cannot be made", folder.display()))?;
        Ok(Workspace::new(folder, place, self.files.clone()))
    }

    /// Removes what a run that was killed just after it had finished a cell left there.
    pub(super) fn tidy(&self, name: &CellName) {
        remove_leavings(&self.folder(name));
    }

    /// Adds a line to a file of a cell in training, if it is still in training; where even this fails, so be it.
    pub(crate) fn tell(&self, name: &CellName, file: &'static str, line: &str) {
        let folder = self.partial(name);
        if folder.exists() {
            let _ = Workspace::new(folder, self.folder(name), self.files.clone()).append(file, line);
        }
    }

    /// The last lines of the log of a cell whose training was stopped, if it has one.
    pub(crate) fn last_words(&self, name: &CellName) -> Option<String> {
        let log = fs::read_to_string(self.partial(name).join(LOG)).ok()?;
        let lines: Vec<&str> = log.lines().collect();
        Some(lines[lines.len().saturating_sub(LAST_LINES)..].join("\n"))
    }

    fn partial(&self, name: &CellName) -> PathBuf {
        self.cells().join(format!(".{name}.partial"))
    }

    /// Reads a file of a finished cell as JSON.
    ///
    /// # Errors
    /// A file that is not there or does not parse.
    pub(crate) fn read_json<T: DeserializeOwned>(&self, name: &CellName, file: &str) -> Result<T> {
        let path = self.folder(name).join(file);
        let bytes = fs::read(&path).with_context(|| format!("{}: cannot be read", path.display()))?;
        serde_json::from_slice(&bytes).with_context(|| format!("{}: is not what was written", path.display()))
    }
}

fn check_resolved(folder: &Path, resolved: &impl Serialize) -> Result<(), String> {
    let found = fs::read_to_string(folder.join(RESOLVED)).map_err(|error| format!("{RESOLVED}: {error}"))?;
    if found == to_yaml(resolved) { Ok(()) } else { Err(format!("{RESOLVED}: holds other settings")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::CHECKPOINT;
    use crate::harness::sums::SUMS;

    #[derive(Clone, Serialize)]
    struct Settings {
        sigma: f64,
        training: Vec<u32>,
    }

    fn settings(sigma: f64) -> (CellName, Settings) {
        let settings = Settings { sigma, training: vec![1] };
        (CellName::new("ring", "BU", 0, &settings), settings)
    }

    fn finished(store: &Store, name: &CellName, settings: &Settings) {
        let workspace = store.workspace(name).unwrap();
        workspace.write("metrics.json", b"{}").unwrap();
        workspace.append(CHECKPOINT, "to be dropped").unwrap();
        workspace.finish(settings).unwrap();
    }

    #[test]
    fn a_cell_goes_from_missing_to_done_and_from_damaged_to_done() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path(), &["metrics.json"]);
        let (name, settings) = settings(4.0);
        let _lock = store.open().unwrap();
        assert_eq!(store.state(&name, &settings), State::Missing);
        store.workspace(&name).unwrap().write("metrics.json", b"half").unwrap();
        assert_eq!(store.state(&name, &settings), State::Missing, "a partial cell is not done");
        finished(&store, &name, &settings);
        assert_eq!(store.state(&name, &settings), State::Done);
        let file = |name_of_file: &str| store.folder(&name).join(name_of_file);
        assert!(!file(CHECKPOINT).exists());
        fs::write(file(CHECKPOINT), "of a run that was killed just then").unwrap();
        fs::write(file("notes.md"), "somebody's own").unwrap();
        store.tidy(&name);
        assert!(!file(CHECKPOINT).exists() && file("notes.md").exists());
        assert_eq!(store.state(&name, &settings), State::Done);
        fs::write(store.folder(&name).join("metrics.json"), b"{\"x\":1}").unwrap();
        assert!(
            matches!(store.state(&name, &settings), State::Damaged(why) if why.starts_with("metrics.json: found"))
        );
        finished(&store, &name, &settings);
        assert_eq!(store.state(&name, &settings), State::Done);
        assert!(
            folder.path().join(format!("cells/{name}.damaged-1/metrics.json")).exists(),
            "nothing is lost"
        );
    }

    #[test]
    fn a_cell_under_other_settings_is_stale_and_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path(), &["metrics.json"]);
        let ((old_name, old), (name, new)) = (settings(4.0), settings(2.0));
        let _lock = store.open().unwrap();
        finished(&store, &old_name, &old);
        assert_eq!(store.state(&name, &new), State::Stale("sigma 4.0 -> 2.0".into()));
        finished(&store, &name, &new);
        assert_eq!(store.state(&old_name, &old), State::Done, "both are kept");
    }

    #[test]
    fn every_kind_of_damage_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path(), &["metrics.json"]);
        let (name, settings) = settings(4.0);
        let _lock = store.open().unwrap();
        let damages: [fn(&Path); 7] = [
            |cell| fs::write(cell.join(SUMS), "aéééééé  metrics.json\naéééééé  resolved.yaml\n").unwrap(),
            |cell| {
                let sums = fs::read_to_string(cell.join(SUMS)).unwrap();
                fs::write(cell.join(SUMS), sums.lines().next().unwrap().to_owned() + "\n").unwrap();
            },
            |cell| fs::remove_file(cell.join("metrics.json")).unwrap(),
            |cell| fs::write(cell.join(SUMS), "").unwrap(),
            |cell| fs::remove_file(cell.join(SUMS)).unwrap(),
            |cell| fs::write(cell.join(SUMS), "nonsense\n").unwrap(),
            |cell| fs::write(cell.join(RESOLVED), "[").unwrap(),
        ];
        for damage in damages {
            finished(&store, &name, &settings);
            damage(&store.folder(&name));
            assert!(matches!(store.state(&name, &settings), State::Damaged(_)));
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_bad_input() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let refusal = Store::at(&folder.path().join("file/results"), &[]).open().unwrap_err().to_string();
        assert!(refusal.contains("file/results: cannot be made"), "{refusal}");
    }
}
