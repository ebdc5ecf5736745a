//! The nets of the ring that are asked for: making what is not there, and reading what is.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use anyhow::Result;
use harness::progress::Progress;
use harness::provenance::Provenance;
use harness::{Cell, Failure, Others, Run, TrainedOn, Training, Workspace, stop};
use losses::ObjectiveName;
use models::Parameters;

use super::judge::{Judge, METRICS, Metrics};
use crate::config::RingCell;
use crate::failure::{stopped, verdict};
use crate::run_args::Places;

/// A scored net.
pub(super) struct RunResult {
    /// What was asked for.
    pub(super) cell: RingCell,
    /// What came of it.
    pub(super) metrics: Metrics,
}

/// What is there after a run.
pub(super) struct Results {
    /// Scored nets, in the order of the plan.
    pub(super) runs: Vec<RunResult>,
    /// Cells that failed, and why.
    pub(super) failures: Vec<Failure>,
}

/// Makes what is not there of `cells`, `provenance.threads` groups side by side, and reads what is.
///
/// # Errors
/// A folder that cannot be made; [`stop::Stopped`] where the run is asked to stop. A cell that fails does not stop the
/// others: it is told of in the results.
pub(super) fn make(cells: Vec<RingCell>, places: &Places, provenance: &Provenance) -> Result<Results> {
    set_damaged_aside(&cells, places)?;
    let missing: Vec<&RingCell> = cells.iter().filter(|cell| places.lacks(&cell.cell)).collect();
    let failures = if missing.is_empty() {
        told_done(&cells, places)
    } else {
        make_missing(&missing, places, Others::Await, provenance)?
    };
    stopped(&failures)?;
    Ok(Results::read(cells, failures, places))
}

fn told_done(cells: &[RingCell], places: &Places) -> Vec<Failure> {
    harness::tell!("All {} nets are trained and scored in {}", cells.len(), places.folder.path().display());
    Vec::new()
}

/// Scores and nets that disagree with their own hash are out of the way before anything is made. Nets too, for figures
/// are drawn of them.
fn set_damaged_aside(cells: &[RingCell], places: &Places) -> Result<()> {
    for net in cells.iter().map(|cell| &cell.cell.net).filter(|net| places.nets.has(&net.name)) {
        if let Err(why) = harness::parameters(&places.nets, net) {
            let aside = places.nets.set_aside(&net.name)?;
            let aside = aside.display();
            harness::tell!(
                "{}: its net is damaged ({why:#}); it is trained again, and the damaged one lies in {aside}",
                net.label
            );
        }
    }
    for cell in cells.iter().filter(|cell| places.scores.has(&cell.cell.score)) {
        if let Err(why) = read(cell, places) {
            let aside = places.scores.set_aside(&cell.cell.score)?;
            let (label, aside) = (&cell.cell.net.label, aside.display());
            harness::tell!(
                "{label}: its score is damaged ({why}); it is scored again, and the damaged one lies in {aside}"
            );
        }
    }
    Ok(())
}

fn read(cell: &RingCell, places: &Places) -> Result<Metrics, String> {
    let bytes = places.scores.read(&cell.cell.score, METRICS)?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{METRICS}: {error}"))
}

/// Makes the net and score of each of `cells`; the cells that failed.
///
/// # Errors
/// A folder that cannot be made.
pub(super) fn make_missing(
    cells: &[&RingCell],
    places: &Places,
    others: Others,
    provenance: &Provenance,
) -> Result<Vec<Failure>> {
    let judges = judges(cells)?;
    let by_score: BTreeMap<_, _> = cells.iter().map(|cell| (&cell.cell.score, *cell)).collect();
    let score = |cell: &Cell, parameters: &Parameters, workspace: &mut Workspace| {
        let cell = by_score[&cell.score];
        judges[&Judge::key(&cell.scoring)].score(cell, parameters, workspace)?;
        Ok(String::new())
    };
    stop::listen()?;
    let progress = Progress::new("");
    let trained_on =
        TrainedOn { set: "2-D ring".to_owned(), root: None, command: std::env::args().collect() };
    let training = Training {
        nets: &places.nets,
        sounds: None,
        trained_on: &trained_on,
        provenance,
        progress: &progress,
    };
    let run = Run { training, scores: &places.scores, jobs: provenance.threads, others, score: &score };
    run.make(&cells.iter().map(|cell| &cell.cell).collect::<Vec<_>>())
}

/// The judge of each grid that the cells have.
fn judges(cells: &[&RingCell]) -> Result<BTreeMap<String, Judge>> {
    let mut judges = BTreeMap::new();
    for cell in cells {
        if let Entry::Vacant(place) = judges.entry(Judge::key(&cell.scoring)) {
            place.insert(Judge::new(&cell.scoring)?);
        }
    }
    Ok(judges)
}

impl Results {
    /// Reads what is there of `cells`; what `failures` names is a hole, and so is what is not there.
    pub(super) fn read(cells: Vec<RingCell>, failures: Vec<Failure>, places: &Places) -> Self {
        let mut results = Self { runs: Vec::new(), failures };
        for cell in cells {
            places.nets.tidy(&cell.cell.net.name);
            let label = &cell.cell.net.label;
            if results.failures.iter().any(|failure| failure.label == *label) {
                continue;
            }
            match read(&cell, places) {
                Ok(metrics) => results.runs.push(RunResult { cell, metrics }),
                Err(why) => results.failures.push(Failure { label: label.clone(), why }),
            }
        }
        results
    }

    /// The losses that have a run, in the order of tables.
    pub(super) fn losses(&self) -> Vec<ObjectiveName> {
        let mut losses: Vec<ObjectiveName> = self.runs.iter().map(|run| run.cell.loss).collect();
        losses.sort_unstable();
        losses.dedup();
        losses
    }

    /// The runs of each seed that has one of every loss of `losses`, in their order.
    pub(super) fn whole_seeds(&self, losses: &[ObjectiveName]) -> Vec<Vec<&RunResult>> {
        let find = |seed, loss: &ObjectiveName| {
            self.runs.iter().find(|run| run.cell.seed() == seed && run.cell.loss == *loss)
        };
        let mut seeds: Vec<u64> = self.runs.iter().map(|run| run.cell.seed()).collect();
        seeds.sort_unstable();
        seeds.dedup();
        seeds.into_iter().filter_map(|seed| losses.iter().map(|loss| find(seed, loss)).collect()).collect()
    }

    /// Fails when a cell failed.
    pub(super) fn verdict(&self) -> Result<()> {
        verdict(&self.failures)
    }
}
