//! `cargo xtask verify`: the 2-D ring of Sec. 4.1, Table 1 and Figures 2 and 3.

mod cells;
mod claims;
mod figures;
mod readings;
mod report;
mod score;
mod table1;
mod train;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use crate::config::{self, EngineKind, Kind, Loss, Override, Readings, RingCell, RingExperiment};
use crate::failure::BadInput;
use crate::harness::provenance::Provenance;
use crate::harness::{Lock, Store};

use cells::Cells;

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// What to run
    #[arg(default_value = "experiments/ring.yaml")]
    config: PathBuf,
    /// Train seeds 0 to N - 1, instead of as many as the file says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    seeds: Option<u64>,
    /// Cells trained side by side [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// What trains
    #[arg(long)]
    engine: Option<EngineKind>,
    /// Change a value of the file, such as loss.sigma=2.0; may be given again
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Override>,
    /// Results folder [default: results/NAME, after the file NAME.yaml]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// List the cells, done, missing or stale and why, and train nothing
    #[arg(long)]
    plan: bool,
}

/// Runs `verify`.
///
/// # Errors
/// [`BadInput`] before any work; a cell that failed, after all others were done.
pub(crate) fn run(args: &VerifyArgs) -> Result<()> {
    let out = match &args.out {
        Some(out) => out.clone(),
        None => Path::new("results").join(args.config.file_stem().unwrap_or_default()),
    };
    let run = Run { store: Store::at(&out, &train::FILES), jobs: jobs(args.jobs), plan: args.plan };
    match config::kind(&args.config)? {
        Kind::Ring => run.ring(&args.ring()?),
        Kind::RingReadings => readings::run(&run, &args.readings()?),
    }
}

impl VerifyArgs {
    /// What the arguments change in a file.
    fn overrides(&self) -> Vec<Override> {
        let seeds = self.seeds.map(|seeds| Override::new("seeds", seeds.into()));
        let engine = self.engine.map(|engine| {
            let name = serde_yaml::to_value(engine).expect("an engine's name is plain data");
            Override::new("engine", name)
        });
        self.set.iter().cloned().chain(seeds).chain(engine).collect()
    }

    fn ring(&self) -> Result<RingExperiment, BadInput> {
        config::load(&self.config, &self.overrides())
    }

    fn readings(&self) -> Result<Vec<(config::Reading, RingExperiment)>, BadInput> {
        if self.engine.is_some() {
            let what = "--engine: found with a table of readings, expected with a single experiment; name the engine in a reading";
            return Err(BadInput(what.to_owned()));
        }
        config::load::<Readings>(&self.config, &self.overrides())?.experiments(&self.config)
    }
}

fn jobs(asked: Option<u16>) -> usize {
    asked.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
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
        crate::print(&claims::to_text(&claims));
        crate::print(&format!("Tables, figures and report.html are in {}\n", self.store.root().display()));
        results.verdict()
    }
}
