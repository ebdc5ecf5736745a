//! `cargo xtask verify`: the 2-D ring of Sec. 4.1, Table 1 and Figures 2 and 3.

mod cells;
mod claims;
mod figures;
mod readings;
mod report;
mod score;
mod table1;
mod train;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::config::{self, Kind, Loss, Readings, RingCell, RingExperiment};
use crate::failure::BadInput;
use crate::harness::provenance::Provenance;
use crate::harness::{Lock, Store};
use crate::run_args::RunArgs;

use cells::Cells;

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// What to run
    #[arg(default_value = "experiments/ring.yaml")]
    config: PathBuf,
    #[command(flatten)]
    run: RunArgs,
}

/// Runs `verify`.
///
/// # Errors
/// [`BadInput`] before any work; a cell that failed, after all others were done.
pub(crate) fn run(args: &VerifyArgs) -> Result<()> {
    let store = Store::at(&args.run.out(&args.config), &train::FILES);
    let run = Run { store, jobs: args.run.jobs(), plan: args.run.plan };
    match config::kind(&args.config)? {
        Kind::Ring => run.ring(&args.ring()?),
        Kind::RingReadings => readings::run(&run, &args.readings()?),
        Kind::Sweep => {
            let path = args.config.display();
            Err(BadInput(format!("{path}: found a sweep, expected a ring; run `cargo xtask sweep {path}`"))
                .into())
        }
    }
}

impl VerifyArgs {
    fn ring(&self) -> Result<RingExperiment, BadInput> {
        config::load(&self.config, &self.run.overrides())
    }

    fn readings(&self) -> Result<Vec<(config::Reading, RingExperiment)>, BadInput> {
        if self.run.engine.is_some() {
            let what = "--engine: found with a table of readings, expected with a single experiment; name the engine in a reading";
            return Err(BadInput(what.to_owned()));
        }
        config::load::<Readings>(&self.config, &self.run.overrides())?.experiments(&self.config)
    }
}

/// Where and how a command runs.
struct Run {
    store: Store,
    jobs: usize,
    plan: bool,
}

impl Run {
    /// Locks the results folder and looks at what there is of `cells`; where only the plan is asked for, prints that
    /// and locks nothing.
    fn begin(&self, cells: Vec<RingCell>) -> Result<Option<(Lock, Cells)>> {
        if self.plan {
            Cells::new(&self.store, cells).print_plan(&self.store);
            return Ok(None);
        }
        // The lock first: what is there must not change between the look and the work.
        let lock = self.store.open()?;
        Ok(Some((lock, Cells::new(&self.store, cells))))
    }

    fn ring(&self, experiment: &RingExperiment) -> Result<()> {
        let cells: Vec<RingCell> = (0..experiment.seeds)
            .flat_map(|seed| Loss::ALL.map(|loss| experiment.cell("ring", loss, seed)))
            .collect();
        let Some((_lock, cells)) = self.begin(cells)? else { return Ok(()) };
        let provenance = Provenance::now(self.jobs);
        let results = cells.run(&self.store, self.jobs, &provenance)?;
        let table = table1::Table1::new(experiment, &results.runs.iter().collect::<Vec<_>>())?;
        let claims = claims::decide(&results)?;
        if !results.runs.is_empty() {
            table.write(&self.store, &results.runs)?; // else the tables of an earlier run stay
        }
        let figures = figures::draw(&self.store, experiment, &results)?;
        report::write(
            &self.store,
            &report::Content {
                experiment,
                table: &table,
                claims: &claims,
                figures,
                results: &results,
                provenance: &provenance,
            },
        )?;
        crate::print(&table.to_text());
        crate::print(&crate::report::claims_text("Claims of Sec. 4.1.2", &claims));
        crate::print(&format!("Tables, figures and report.html are in {}\n", self.store.root().display()));
        results.verdict()
    }
}
