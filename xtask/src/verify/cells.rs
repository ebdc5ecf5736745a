//! A list of cells: which are done, and training those that are not.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Instant;

use anyhow::{Result, anyhow};
use rayon::prelude::*;

use super::score::{Judge, Metrics};
use super::train::train;
use crate::config::{Loss, RingCell};
use crate::harness::progress::Progress;
use crate::harness::provenance::Provenance;
use crate::harness::{CellName, State, Store};

/// Cells with their names and what there is of them.
pub(super) struct Cells(Vec<(CellName, RingCell, State)>);

/// A finished cell.
pub(super) struct RunResult {
    /// Its name.
    pub(super) name: CellName,
    /// What was run.
    pub(super) cell: RingCell,
    /// What came of it.
    pub(super) metrics: Metrics,
}

/// What is there after a run.
pub(super) struct Results {
    /// Finished cells, in the order of the plan.
    pub(super) runs: Vec<RunResult>,
    /// Cells that failed, and why.
    pub(super) failures: Vec<(CellName, String)>,
}

impl Cells {
    pub(super) fn new(store: &Store, cells: Vec<RingCell>) -> Self {
        let planned = cells.into_iter().map(|cell| {
            let name = CellName::new(&cell.model, cell.loss, cell.seed, &cell);
            let state = store.state(&name, &cell);
            (name, cell, state)
        });
        Self(planned.collect())
    }

    /// Lists each cell with done, missing, stale or damaged, and why.
    pub(super) fn print_plan(&self, store: &Store) {
        for (name, _, state) in &self.0 {
            let (word, why) = match state {
                State::Done => ("done", String::new()),
                State::Missing => ("missing", String::new()),
                State::Stale(why) => ("stale", format!("  {why}")),
                State::Damaged(why) => ("damaged", format!("  {why}")),
            };
            crate::print(&format!("{word:8}{name}{why}\n"));
        }
        let to_train = self.pending().count();
        crate::print(&format!(
            "{to_train} of {} cells to train in {}\n",
            self.0.len(),
            store.root().display()
        ));
    }

    fn pending(&self) -> impl Iterator<Item = &(CellName, RingCell, State)> {
        self.0.iter().filter(|(_, _, state)| *state != State::Done)
    }

    /// Trains what is not done, `jobs` cells side by side, and reads what is.
    ///
    /// # Errors
    /// Threads that do not start. A cell that fails does not stop the others: it is told of in the results.
    pub(super) fn run(&self, store: &Store, jobs: usize, provenance: &Provenance) -> Result<Results> {
        let pending: Vec<_> = self.pending().collect();
        for (name, _, state) in &pending {
            if let State::Damaged(why) = state {
                eprintln!("{name}: damaged, is trained again ({why})");
            }
        }
        let mut results = Results { runs: Vec::new(), failures: Vec::new() };
        if pending.is_empty() {
            eprintln!("All {} cells are done in {}", self.0.len(), store.root().display());
        } else {
            results.failures = self.train(&pending, store, jobs, provenance)?;
        }
        for (name, cell, _) in &self.0 {
            if results.failures.iter().any(|(failed, _)| failed == name) {
                continue;
            }
            match store.read_json(name, "metrics.json") {
                Ok(metrics) => {
                    results.runs.push(RunResult { name: name.clone(), cell: cell.clone(), metrics });
                }
                Err(error) => results.failures.push((name.clone(), format!("{error:#}"))),
            }
        }
        Ok(results)
    }

    /// Trains `pending`; the cells that failed, each with the error and the last lines of its log.
    fn train(
        &self,
        pending: &[&(CellName, RingCell, State)],
        store: &Store,
        jobs: usize,
        provenance: &Provenance,
    ) -> Result<Vec<(CellName, String)>> {
        let judges = judges(pending.iter().map(|(_, cell, _)| cell))?;
        let updates = pending.iter().map(|(_, cell, _)| cell.training.updates).sum();
        let what = format!("Training {} of {} cells", pending.len(), self.0.len());
        let progress = Progress::new(&what, updates);
        let begun = Instant::now();
        let failure = |(name, cell, _): &&(CellName, RingCell, State)| {
            let error = train(name, cell, &judges[&Judge::key(cell)], store, provenance, &progress).err()?;
            progress.say(&format!("{name}: failed: {error:#}"));
            let log = store.last_words(name).map(|words| format!("\nthe end of its log:\n{words}"));
            Some((name.clone(), format!("{error:#}{}", log.unwrap_or_default())))
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build()?;
        let failures = pool.install(|| pending.par_iter().with_max_len(1).filter_map(failure).collect());
        progress.finish();
        eprintln!("{what}: {:.1} s with {jobs} at a time", begun.elapsed().as_secs_f64());
        Ok(failures)
    }
}

/// The judge of each grid that the cells have.
fn judges<'a>(cells: impl Iterator<Item = &'a RingCell>) -> Result<BTreeMap<String, Judge>> {
    let mut judges = BTreeMap::new();
    for cell in cells {
        if let Entry::Vacant(place) = judges.entry(Judge::key(cell)) {
            place.insert(Judge::new(cell)?);
        }
    }
    Ok(judges)
}

impl Results {
    /// RE, SNP and BU of each seed of which all three are finished.
    pub(super) fn whole_seeds(&self) -> Vec<[&RunResult; 3]> {
        let find = |seed, loss| self.runs.iter().find(|run| run.cell.seed == seed && run.cell.loss == loss);
        let seeds = self.runs.iter().filter(|run| run.cell.loss == Loss::Re).map(|run| run.cell.seed);
        seeds
            .filter_map(|seed| Some([find(seed, Loss::Re)?, find(seed, Loss::Snp)?, find(seed, Loss::Bu)?]))
            .collect()
    }

    /// Fails when a cell failed.
    pub(super) fn verdict(&self) -> Result<()> {
        match self.failures.as_slice() {
            [] => Ok(()),
            [(name, why), ..] => {
                Err(anyhow!("{} cells failed, the first is {name}:\n{why}", self.failures.len()))
            }
        }
    }
}
