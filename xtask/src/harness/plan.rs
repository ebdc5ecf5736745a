//! The cells of a run, each with what there is of it.

use anyhow::{Result, anyhow};
use serde::Serialize;

use super::{CellName, State, Store};

/// A cell that is asked for.
#[derive(Debug)]
pub(crate) struct Planned<C> {
    /// Its name.
    pub(crate) name: CellName,
    /// Everything that decides its result.
    pub(crate) cell: C,
    /// What there is of it.
    pub(crate) state: State,
}

/// A cell that failed: why, and the end of its log.
pub(crate) type Failure = (CellName, String);

/// Every cell that is asked for, in the order of tables.
#[derive(Debug)]
pub(crate) struct Plan<C>(pub(crate) Vec<Planned<C>>);

impl<C: Serialize> Plan<C> {
    /// Looks for each of `cells` in `store`.
    pub(crate) fn new(store: &Store, cells: impl IntoIterator<Item = (CellName, C)>) -> Self {
        let planned = cells.into_iter().map(|(name, cell)| {
            let state = store.state(&name, &cell);
            Planned { name, cell, state }
        });
        Self(planned.collect())
    }

    /// Lists each cell with done, missing, stale or damaged, and why.
    pub(crate) fn print(&self, store: &Store) {
        for Planned { name, state, .. } in &self.0 {
            let (word, why) = match state {
                State::Done => ("done", String::new()),
                State::Missing => ("missing", String::new()),
                State::Stale(why) => ("stale", format!("  {why}")),
                State::Damaged(why) => ("damaged", format!("  {why}")),
            };
            crate::print(&format!("{word:8}{name}{why}\n"));
        }
        let (to_train, all) = (self.pending().len(), self.0.len());
        crate::print(&format!("{to_train} of {all} cells to train in {}\n", store.root().display()));
    }

    /// The cells that are not done.
    pub(crate) fn pending(&self) -> Vec<&Planned<C>> {
        self.0.iter().filter(|planned| planned.state != State::Done).collect()
    }

    /// The cells that are to be trained, of those that are `asked` for; says which are damaged, or that all are done.
    pub(crate) fn begin(&self, store: &Store, asked: impl Fn(&CellName) -> bool) -> Vec<&Planned<C>> {
        let done = self.0.iter().filter(|planned| planned.state == State::Done);
        done.for_each(|planned| store.tidy(&planned.name));
        let mut pending = self.pending();
        pending.retain(|planned| asked(&planned.name));
        for Planned { name, state, .. } in &pending {
            if let State::Damaged(why) = state {
                eprintln!("{name}: damaged, is trained again ({why})");
            }
        }
        if pending.is_empty() {
            let asked = self.0.iter().filter(|planned| asked(&planned.name)).count();
            eprintln!("All {asked} cells are done in {}", store.root().display());
        }
        pending
    }
}

/// Why the cell `name` failed, with the end of its log.
pub(crate) fn failure(store: &Store, name: &CellName, error: &anyhow::Error) -> Failure {
    let log = store.last_words(name).map(|words| format!("\nthe end of its log:\n{words}"));
    (name.clone(), format!("{error:#}{}", log.unwrap_or_default()))
}

/// Fails when a cell failed, and tells of each.
pub(crate) fn verdict(failures: &[Failure]) -> Result<()> {
    match failures {
        [] => Ok(()),
        _ => {
            let each: Vec<String> = failures.iter().map(|(name, why)| format!("{name}: {why}")).collect();
            let cells = if failures.len() == 1 { "cell" } else { "cells" };
            Err(anyhow!("{} {cells} failed\n{}", failures.len(), each.join("\n")))
        }
    }
}
