//! A list of cells: which are done, and training those that are not.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Instant;

use anyhow::Result;
use rayon::prelude::*;

use super::score::{Judge, Metrics};
use super::train::train;
use crate::config::{Loss, RingCell};
use crate::harness::progress::Progress;
use crate::harness::provenance::Provenance;
use crate::harness::{CellName, Failure, Plan, Planned, Store, failure, stop, verdict};

/// The cells of the ring.
pub(super) struct Cells(Plan<RingCell>);

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
    pub(super) failures: Vec<Failure>,
}

impl Cells {
    pub(super) fn new(store: &Store, cells: Vec<RingCell>) -> Self {
        let named =
            cells.into_iter().map(|cell| (CellName::new(&cell.model, cell.loss, cell.seed, &cell), cell));
        Self(Plan::new(store, named))
    }

    /// Lists each cell with done, missing, stale or damaged, and why.
    pub(super) fn print_plan(&self, store: &Store) {
        self.0.print(store);
    }

    /// Trains what is not done, `jobs` cells side by side, and reads what is.
    ///
    /// # Errors
    /// Threads that do not start; [`stop::Stopped`] where the run is asked to stop. A cell that fails does not stop the
    /// others: it is told of in the results.
    pub(super) fn run(&self, store: &Store, jobs: usize, provenance: &Provenance) -> Result<Results> {
        let pending = self.0.begin(store, |_| true);
        let mut results = Results { runs: Vec::new(), failures: Vec::new() };
        if !pending.is_empty() {
            results.failures = self.train(&pending, store, jobs, provenance)?;
        }
        for Planned { name, cell, .. } in &self.0.0 {
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
        pending: &[&Planned<RingCell>],
        store: &Store,
        jobs: usize,
        provenance: &Provenance,
    ) -> Result<Vec<Failure>> {
        let judges = judges(pending.iter().map(|planned| &planned.cell))?;
        let updates = pending.iter().map(|planned| planned.cell.training.updates).sum();
        let what = format!("Training {} of {} cells", pending.len(), self.0.0.len());
        stop::listen()?;
        let progress = Progress::new(&what, updates);
        let begun = Instant::now();
        let failed = |planned: &&Planned<RingCell>| {
            let Planned { name, cell, .. } = planned;
            if stop::asked() {
                return None;
            }
            let error = train(name, cell, &judges[&Judge::key(cell)], store, provenance, &progress).err()?;
            progress.say(&format!("{name}: failed: {error:#}"));
            Some(failure(store, name, &error))
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build()?;
        let failures: Vec<Failure> =
            pool.install(|| pending.par_iter().with_max_len(1).filter_map(failed).collect());
        progress.finish();
        stop::verdict(&failures)?;
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
        verdict(&self.failures)
    }
}
