//! The cells of a results folder: which are done, and how one becomes so.
//!
//! A cell is trained in a hidden folder beside its place, and is done when that folder is renamed to its name.
//! `SHA256SUMS` in it tells a whole cell from a damaged one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use eval::atomic::write_atomically;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::identity::{hex, to_yaml};
use super::{CellName, Lock};
use crate::failure::BadInput;

const SUMS: &str = "SHA256SUMS";
const RESOLVED: &str = "resolved.yaml";

/// Lines of a failed cell's log that are told.
const LAST_LINES: usize = 5;

/// A results folder.
#[derive(Debug)]
pub(crate) struct Store {
    root: PathBuf,
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
    /// The results folder at `root`, which need not exist.
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
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
            return match check_sums(&folder).and_then(|()| check_resolved(&folder, resolved)) {
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
        fs::create_dir_all(&folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
        Ok(Workspace { folder, place })
    }

    /// The last lines of the log of a cell whose training was stopped, if it has one.
    pub(crate) fn last_words(&self, name: &CellName) -> Option<String> {
        let log = fs::read_to_string(self.partial(name).join("log.txt")).ok()?;
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

/// The hidden folder of a cell that is being trained.
#[derive(Debug)]
pub(crate) struct Workspace {
    folder: PathBuf,
    place: PathBuf,
}

impl Workspace {
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

    /// Makes the folder the finished cell: drops what is not of `files`, adds the settings and the sums, syncs, renames.
    ///
    /// # Errors
    /// A file of `files` that is missing, and those of writing.
    pub(crate) fn finish(self, resolved: &impl Serialize, files: &[&str]) -> Result<()> {
        self.write(RESOLVED, to_yaml(resolved).as_bytes())?;
        let mut files: Vec<&str> = files.iter().copied().chain([RESOLVED]).collect();
        files.sort_unstable();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let wanted =
                path.file_name().and_then(|name| name.to_str()).is_some_and(|name| files.contains(&name));
            if !wanted {
                fs::remove_file(&path).with_context(|| format!("{}: cannot be removed", path.display()))?;
            }
        }
        let mut sums = String::new();
        for file in files {
            sums += &format!("{}  {file}\n", sum(&self.path(file)).map_err(anyhow::Error::msg)?);
        }
        self.write(SUMS, sums.as_bytes())?;
        fs::rename(&self.folder, &self.place)
            .with_context(|| format!("{}: cannot be made", self.place.display()))?;
        let cells = self.place.parent().expect("a cell lies in a folder");
        Ok(File::open(cells)?.sync_all()?)
    }
}

fn sum(path: &Path) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(hex(&Sha256::digest(bytes)))
}

/// Compares every file of `folder` with its sum, as `sha256sum --check` does.
fn check_sums(folder: &Path) -> Result<(), String> {
    let sums = fs::read_to_string(folder.join(SUMS)).map_err(|error| format!("{SUMS}: {error}"))?;
    for line in sums.lines() {
        let (expected, file) = line.split_once("  ").ok_or_else(|| format!("{SUMS}: found `{line}`"))?;
        let found = sum(&folder.join(file))?;
        if found != expected {
            return Err(format!(
                "{file}: found sha256 {}..., expected {}...",
                &found[..8],
                &expected[..8.min(expected.len())]
            ));
        }
    }
    if sums.is_empty() { Err(format!("{SUMS}: is empty")) } else { Ok(()) }
}

fn check_resolved(folder: &Path, resolved: &impl Serialize) -> Result<(), String> {
    let found = fs::read_to_string(folder.join(RESOLVED)).map_err(|error| format!("{RESOLVED}: {error}"))?;
    if found == to_yaml(resolved) { Ok(()) } else { Err(format!("{RESOLVED}: holds other settings")) }
}

/// The settings in which the file at `path` and `resolved` differ, as `key old -> new`.
fn differences(path: &Path, resolved: &impl Serialize) -> String {
    let read =
        fs::read_to_string(path).ok().and_then(|text| serde_yaml::from_str::<serde_json::Value>(&text).ok());
    let (Some(old), Ok(new)) = (read, serde_json::to_value(resolved)) else {
        return format!("{} cannot be read", path.display());
    };
    let mut found = Vec::new();
    compare("", &old, &new, &mut found);
    found.join(", ")
}

fn compare(key: &str, old: &serde_json::Value, new: &serde_json::Value, found: &mut Vec<String>) {
    match (old, new) {
        (serde_json::Value::Object(old), serde_json::Value::Object(new)) => {
            let null = serde_json::Value::Null;
            let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for part in keys {
                let key = if key.is_empty() { part.clone() } else { format!("{key}.{part}") };
                compare(&key, old.get(part).unwrap_or(&null), new.get(part).unwrap_or(&null), found);
            }
        }
        _ if old != new => found.push(format!("{key} {old} -> {new}")),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        workspace.append("checkpoint", "to be dropped").unwrap();
        workspace.finish(settings, &["metrics.json"]).unwrap();
    }

    #[test]
    fn a_cell_goes_from_missing_to_done_and_from_damaged_to_done() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let (name, settings) = settings(4.0);
        let _lock = store.open().unwrap();
        assert_eq!(store.state(&name, &settings), State::Missing);
        store.workspace(&name).unwrap().write("metrics.json", b"half").unwrap();
        assert_eq!(store.state(&name, &settings), State::Missing, "a partial cell is not done");
        finished(&store, &name, &settings);
        assert_eq!(store.state(&name, &settings), State::Done);
        assert!(!store.folder(&name).join("checkpoint").exists());
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
        let store = Store::at(folder.path());
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
        let store = Store::at(folder.path());
        let (name, settings) = settings(4.0);
        let _lock = store.open().unwrap();
        let damages: [fn(&Path); 5] = [
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
        let refusal = Store::at(&folder.path().join("file/results")).open().unwrap_err().to_string();
        assert!(refusal.contains("file/results: cannot be made"), "{refusal}");
    }
}
