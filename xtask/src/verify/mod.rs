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
use harness::{BadInput, Cell, Plan};

use crate::columns;
use crate::config::{self, Impossible, Kind, RingCell, RingExperiment, Varied};
use crate::run_args::{Places, RunArgs};

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
    if config::kind(&args.config)? != Kind::Ring {
        let path = args.config.display();
        let what = format!("{path}: found a sweep, expected a ring; run `cargo xtask sweep {path}`");
        return Err(BadInput(what).into());
    }
    let experiment: Varied<RingExperiment> = config::load_varied(&args.config, &args.run.overrides())?;
    let seen = |variant: &RingExperiment| {
        let cells = variant.cells("").ok()?;
        Some(cells.into_iter().map(|cell| cell.cell.score).collect::<Vec<_>>())
    };
    RunArgs::check_idle(&args.config, experiment.idle(seen))?;
    let card = args.run.card(experiment.plain.device)?;
    let places = args.run.places(&args.config)?;
    let run = Run { places, jobs: args.run.jobs(), card, plan: args.run.plan };
    if experiment.axes.is_empty() { run.ring(&experiment.plain) } else { readings::run(&run, &experiment) }
}

/// Where and how a command runs.
struct Run {
    places: Places,
    jobs: usize,
    card: Option<usize>,
    plan: bool,
}

impl Run {
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
        let results = results::make(cells, &self.places, &provenance)?;
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
