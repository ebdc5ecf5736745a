//! `cargo xtask verify`: the 2-D ring of Sec. 4.1, Table 1 and Figures 2 and 3.

mod claims;
mod figures;
mod judge;
mod readings;
mod reference;
mod report;
mod results;
mod table1;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use harness::provenance::Provenance;
use harness::{BadInput, Cell, DeviceKind, Failure, FrozenPlan, Others, Plan};

use crate::columns;
use crate::config::{self, Impossible, Kind, Override, RingCell, RingExperiment, Varied};
use crate::failure::stopped;
use crate::queue::{self, Made, Part, QueueArgs, Workload};
use crate::run_args::{Places, RunArgs};
use results::Results;

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// What to run
    #[arg(default_value = "experiments/ring.yaml")]
    config: PathBuf,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    queue: QueueArgs,
}

/// Runs `verify`.
///
/// # Errors
/// [`BadInput`] before any work; a cell that failed, after all others were done.
pub(crate) fn run(args: &VerifyArgs) -> Result<()> {
    if config::kind(&args.config)? != Kind::Ring {
        let path = args.config.display();
        let what = format!("{path}: found a sweep, expected a ring; run `cargo xtask sweep {path}`");
        return Err(BadInput(what).into());
    }
    let experiment = load(&args.config, &args.run.overrides())?;
    let card = args.run.card(experiment.plain.device)?;
    let places = args.run.places(&args.config)?;
    let jobs = args.run.jobs();
    let run = Run { places, jobs, card, plan: args.run.plan, collected: None };
    if args.queue.is_asked() && !args.run.plan {
        let cells = cells(&experiment)?;
        let cells: Vec<&Cell> = cells.iter().map(|cell| &cell.cell).collect();
        let provenance = Provenance::now(jobs, card);
        return queue::submit(&args.queue, &args.run, &args.config, &run.places, &cells, &provenance);
    }
    run.conclude(&experiment)
}

fn load(config: &Path, changes: &[Override]) -> Result<Varied<RingExperiment>, BadInput> {
    let experiment: Varied<RingExperiment> = config::load_varied(config, changes)?;
    let seen = |variant: &RingExperiment| {
        let cells = variant.cells("").ok()?;
        Some(cells.into_iter().map(|cell| cell.cell.score).collect::<Vec<_>>())
    };
    RunArgs::check_idle(config, experiment.idle(seen))?;
    Ok(experiment)
}

/// Every cell of the experiment, in the order of tables.
fn cells(experiment: &Varied<RingExperiment>) -> Result<Vec<RingCell>, BadInput> {
    if experiment.axes.is_empty() {
        experiment.plain.cells("ring").map_err(invalid)
    } else {
        readings::cells(experiment)
    }
}

/// A ring, or readings of it, that are made in parts.
struct Opened {
    experiment: Varied<RingExperiment>,
    cells: Vec<RingCell>,
    places: Places,
}

/// Opens a frozen ring, to be made in parts.
///
/// # Errors
/// A plan whose settings were changed.
pub(crate) fn open_frozen(plan: &FrozenPlan) -> Result<Box<dyn Workload>> {
    let experiment = load(&plan.settings(), &[])?;
    Ok(Box::new(Opened { cells: cells(&experiment)?, experiment, places: Places::of(plan) }))
}

impl Workload for Opened {
    fn device(&self) -> DeviceKind {
        self.experiment.plain.device
    }

    fn places(&self) -> &Places {
        &self.places
    }

    fn cells(&self) -> Vec<&Cell> {
        self.cells.iter().map(|cell| &cell.cell).collect()
    }

    fn make(&self, parts: &[Part<'_>], provenance: &Provenance, made: Made<'_>) -> Result<()> {
        for part in parts {
            let asked = self.cells.iter().filter(|cell| part.scores.contains(&cell.cell.score));
            let missing: Vec<&RingCell> = asked.filter(|cell| self.places.lacks(&cell.cell)).collect();
            let failures = results::make_missing(&missing, &self.places, Others::Leave, provenance)?;
            made(part.number, &failures)?;
            stopped(&failures)?;
        }
        Ok(())
    }

    fn collect(self: Box<Self>, failures: Vec<Failure>, provenance: &Provenance) -> Result<()> {
        let Self { experiment, places, .. } = *self;
        let Provenance { threads: jobs, card, .. } = *provenance;
        Run { places, jobs, card, plan: false, collected: Some(failures) }.conclude(&experiment)
    }
}

/// Where and how a command runs.
struct Run {
    places: Places,
    jobs: usize,
    card: Option<usize>,
    plan: bool,
    /// Where other processes made the nets: what failed there, and nothing is made here.
    collected: Option<Vec<Failure>>,
}

impl Run {
    fn conclude(&self, experiment: &Varied<RingExperiment>) -> Result<()> {
        if experiment.axes.is_empty() {
            self.ring(&experiment.plain)
        } else {
            readings::run(self, experiment)
        }
    }

    /// Makes what is not there of `cells`, where other processes do not, and reads what is.
    fn results(&self, cells: Vec<RingCell>, provenance: &Provenance) -> Result<Results> {
        match &self.collected {
            Some(failures) => Ok(Results::read(cells, failures.clone(), &self.places)),
            None => results::make(cells, &self.places, provenance),
        }
    }

    /// Where only the plan is asked for, prints it; whether it was.
    fn planned(&self, cells: &[RingCell]) -> bool {
        if self.plan {
            let cells: Vec<Cell> = cells.iter().map(|cell| cell.cell.clone()).collect();
            let Places { nets, scores, folder } = &self.places;
            crate::print(&Plan::new(&cells, nets, scores, folder).to_string());
        }
        self.plan
    }

    fn ring(&self, experiment: &RingExperiment) -> Result<()> {
        let cells = experiment.cells("ring").map_err(invalid)?;
        if self.planned(&cells) {
            return Ok(());
        }
        let provenance = Provenance::now(self.jobs, self.card);
        let results = self.results(cells, &provenance)?;
        let folder = &self.places.folder;
        folder.alone(|| {
            let table = table1::Table1::new(experiment, &results.runs.iter().collect::<Vec<_>>())?;
            let claims = claims::decide(&results)?;
            if !results.runs.is_empty() {
                columns::write(folder, &[], &table.all(&results.runs))?; // else the tables of an earlier run stay
                folder.write_cells(results.runs.iter().map(|run| &run.cell.cell))?;
            }
            let figures = figures::draw(&self.places, experiment, &results)?;
            let content = report::Content {
                experiment,
                table: &table,
                claims: &claims,
                figures,
                results: &results,
                provenance: &provenance,
            };
            report::write(&self.places, &content)?;
            crate::print(&table.to_text());
            crate::print(&crate::report::claims_text("Claims of Sec. 4.1.2", &claims));
            Ok(())
        })?;
        let reference = Path::new("results/reference").join(folder.path().file_name().unwrap_or_default());
        crate::print(&reference::compare(&results, &reference).unwrap_or_default());
        crate::print(&format!("Tables, figures and report.html are in {}\n", folder.path().display()));
        results.verdict()
    }
}

/// Of an experiment that was validated: not to be seen.
fn invalid(Impossible { key, what }: Impossible) -> BadInput {
    BadInput(format!("{key}: {what}"))
}
