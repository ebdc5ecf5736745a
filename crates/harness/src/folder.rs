//! The folder of an experiment: its tables, figures and report, written by one process at a time.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use features::files::write_whole;
use serde::{Deserialize, Serialize};

use crate::csv_rows::{read_csv, to_csv};
use crate::lock::{Lock, Taken};
use crate::{BadInput, Cell, Name};

/// Between looks whether another process is done with the folder.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// File of an experiment that tells which nets and scores its tables are made of.
const CELLS: &str = "cells.csv";

/// The folder of an experiment.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

/// A line of `cells.csv`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Line {
    cell: String,
    net: Name,
    score: Name,
}

impl Folder {
    /// The folder at `path`, which need not exist.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file.
    ///
    /// # Errors
    /// A full disk and its like, with the path.
    pub fn write(&self, file: &str, bytes: &[u8]) -> Result<()> {
        Ok(write_whole(&self.path.join(file), bytes)?)
    }

    /// Writes which nets and scores the tables are made of.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_cells<'a>(&self, cells: impl Iterator<Item = &'a Cell>) -> Result<()> {
        let line = |cell: &Cell| Line {
            cell: cell.net.label.clone(),
            net: cell.net.name.clone(),
            score: cell.score.clone(),
        };
        self.write(CELLS, &to_csv(&cells.map(line).collect::<Vec<_>>())?)
    }

    /// The net that the tables had for each cell when they were made last, by what people call it.
    pub fn nets(&self) -> BTreeMap<String, Name> {
        self.cells().into_iter().map(|line| (line.cell, line.net)).collect()
    }

    /// The scores of which the tables were made last, in their order.
    pub fn scores(&self) -> Vec<Name> {
        self.cells().into_iter().map(|line| line.score).collect()
    }

    fn cells(&self) -> Vec<Line> {
        let bytes = fs::read(self.path.join(CELLS)).unwrap_or_default();
        read_csv(&bytes).unwrap_or_default()
    }

    /// Does `work` while no other process does such work in this folder.
    ///
    /// # Errors
    /// A folder that cannot be made or written, and those of `work`.
    pub fn alone<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        BadInput::make_folder(&self.path)?;
        let _lock = loop {
            match Lock::take(&self.path.join(".lock"))? {
                Taken::Mine(lock) => break lock,
                Taken::Held(_) => thread::sleep(LOOK_EVERY),
            }
        };
        work()
    }
}
