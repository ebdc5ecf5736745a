//! `cargo xtask sweep`: autoencoders on sounds (Sec. 4.2), the AUC table and Figure 4.

mod cells;
mod claims;
mod dcase;
mod figures;
mod groups;
mod history;
mod maxima;
mod metrics;
mod report;
mod results;
mod rows;
mod scorer;
mod scores;
mod select;
mod sounds;
mod tables;
mod timeline;
mod train;
mod trainer;
mod training;

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;

use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};

use crate::config::{self, Kind, SweepCell, SweepExperiment};
use crate::failure::BadInput;
use crate::harness::progress::Progress;
use crate::harness::provenance::Provenance;
use crate::harness::{CellName, Failure, LOG, Plan, Planned, Store, stop};
use crate::run_args::RunArgs;

use cells::{cells, chosen, stems};
use claims::Claims;
use groups::groups;
use results::Results;
use select::Pattern;
use sounds::Sounds;
use tables::Tables;
use train::Context;

/// Arguments of `sweep`.
#[derive(Debug, Args)]
pub(crate) struct SweepArgs {
    /// What to run
    #[arg(default_value = "experiments/toycar.yaml")]
    config: PathBuf,
    #[command(flatten)]
    run: RunArgs,
    /// Only cells of which the name holds this, or is this where it has a `*`, such as 'FCN40-*-bu-*'
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    only: Option<Pattern>,
    /// Where nets are trained
    #[arg(long, default_value = "cpu")]
    device: Device,
}

/// Where nets are trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Device {
    /// On this machine's cores.
    Cpu,
}

/// Runs `sweep`.
///
/// # Errors
/// [`BadInput`] before any work; a run that was stopped; a cell that failed, after all others were done.
pub(crate) fn run(args: &SweepArgs) -> Result<()> {
    let Device::Cpu = args.device;
    let experiment = load(args)?;
    let store = Store::at(&args.run.out(&args.config), &train::FILES);
    if args.run.plan {
        return plan(args, &experiment, &store);
    }
    let provenance = Provenance::now(args.run.jobs());
    // The lock first: what is there must not change between the look and the work.
    let _lock = store.open()?;
    let sounds = Sounds::open(&experiment)?;
    let all = cells(&experiment, &sounds);
    let asked = chosen(args.only.as_ref(), all.clone(), |(name, _)| name.stem())?;
    let cells = Plan::new(&store, all);
    let asked = |name: &CellName| asked.iter().any(|(other, _)| other == name);
    let failures = train_all(&cells, asked, &experiment, &sounds, &store, &provenance)?;
    let results = Results::read(&cells, &failures, &store);
    let concluded = conclude(&experiment, &sounds, &results, &store, &provenance);
    match (results.verdict(), concluded) {
        // What could not be written hides no cell that failed.
        (Err(verdict), Err(error)) => Err(anyhow!("{error:#}\n{verdict:#}")),
        (verdict, concluded) => verdict.and(concluded),
    }
}

/// Makes tables, figures and report from the finished cells.
fn conclude(
    experiment: &SweepExperiment,
    sounds: &Sounds,
    results: &Results,
    store: &Store,
    provenance: &Provenance,
) -> Result<()> {
    let tables = Tables::new(results, &experiment.scoring, &sounds.operations())?;
    let claims = Claims::decide(results, &tables, experiment.scoring.file)?;
    let training = training::rows(store, results)?;
    if !results.runs.is_empty() {
        tables.write(store)?; // else the tables of an earlier run stay
        training::write(&training, store.root())?;
    }
    let figures = &figures::draw(store, experiment, results, &tables)?;
    report::write(
        store,
        &report::Content {
            experiment,
            sounds,
            results,
            tables: &tables,
            claims: &claims,
            training: &training,
            figures,
            provenance,
        },
    )?;
    for folder in dcase::write(store, results, &experiment.scoring)? {
        eprintln!("scores and decisions as DCASE task 2 has them: {}", folder.display());
    }
    crate::print(&report::text(results, &tables, &claims));
    crate::print(&format!("Tables, figures and report.html are in {}\n", store.root().display()));
    Ok(())
}

fn load(args: &SweepArgs) -> Result<SweepExperiment, BadInput> {
    let path = args.config.display();
    match config::kind(&args.config)? {
        Kind::Sweep => config::load(&args.config, &args.run.overrides()),
        _ => {
            Err(BadInput(format!("{path}: found a ring, expected a sweep; run `cargo xtask verify {path}`")))
        }
    }
}

/// Prints the cells; trains nothing.
fn plan(args: &SweepArgs, experiment: &SweepExperiment, store: &Store) -> Result<()> {
    let Some(folder) = sounds::to_be_made(experiment)? else {
        let all = cells(experiment, &Sounds::open(experiment)?);
        Plan::new(store, chosen(args.only.as_ref(), all, |(name, _)| name.stem())?).print(store);
        return Ok(());
    };
    let stems = chosen(args.only.as_ref(), stems(experiment), |stem| stem)?;
    stems.iter().for_each(|stem| crate::print(&format!("{:8}{stem}\n", "missing")));
    let (count, root) = (stems.len(), store.root().display());
    crate::print(&format!(
        "{count} of {count} cells to train in {root}, after {} is made\n",
        folder.display()
    ));
    Ok(())
}

/// Trains what is not done, one machine after the other, so that only one has its sounds in memory.
fn train_all(
    plan: &Plan<SweepCell>,
    asked: impl Fn(&CellName) -> bool,
    experiment: &SweepExperiment,
    sounds: &Sounds,
    store: &Store,
    provenance: &Provenance,
) -> Result<Vec<Failure>> {
    let pending = plan.begin(store, asked);
    if pending.is_empty() {
        return Ok(Vec::new());
    }
    stop::listen()?;
    let (jobs, begun) = (provenance.threads, Instant::now());
    let what = format!("Training {} of {} cells", pending.len(), plan.0.len());
    let updates = pending.iter().map(|planned| planned.cell.training.updates()).sum();
    let progress = Progress::new(&what, updates);
    let scoring = rayon::ThreadPoolBuilder::new().num_threads(jobs).build()?;
    let mut failures = Vec::new();
    let machines = sounds.machines();
    for machine in &machines {
        let cells: Vec<&Planned<SweepCell>> =
            pending.iter().copied().filter(|planned| planned.cell.machine == *machine).collect();
        if cells.is_empty() || stop::asked() {
            continue;
        }
        let its_cells = cells.iter().map(|planned| &planned.cell);
        let material = match sounds.load(machine.as_deref(), its_cells, &experiment.batch()) {
            Ok(material) => material,
            Err(error) if machines.len() == 1 => return Err(error.into()),
            // The nets of other machines do not suffer for the sounds of this one.
            Err(error) => {
                for Planned { name, cell, .. } in &cells {
                    store.tell(name, LOG, &format!("failed: {error}"));
                    progress.leave_out(cell.training.updates());
                    failures.push((name.clone(), error.to_string()));
                }
                progress.say(&format!("{}: failed: {error}", machine.as_deref().unwrap_or_default()));
                continue;
            }
        };
        let context = Context {
            store,
            batch: experiment.batch(),
            material: &material,
            provenance,
            progress: &progress,
            file: experiment.scoring.file,
            scoring: &scoring,
        };
        failures.extend(side_by_side(&cells, jobs, &context));
    }
    progress.finish();
    stop::verdict(&failures)?;
    eprintln!("{what}: {:.1} s with {jobs} at a time", begun.elapsed().as_secs_f64());
    Ok(failures)
}

/// Trains groups of cells, `jobs` at a time.
///
/// Plain threads and no rayon pool: a worker that waits for its files to be scored would begin another group
/// meanwhile, and come back to its own only when that one is trained.
fn side_by_side(cells: &[&Planned<SweepCell>], jobs: usize, context: &Context<'_>) -> Vec<Failure> {
    let queue = Mutex::new(groups(cells, jobs).into_iter());
    let failures = Mutex::new(Vec::new());
    let work = || {
        loop {
            let next = queue.lock().expect("no thread panics with the queue").next();
            let Some(group) = next.filter(|_| !stop::asked()) else { return };
            let failed = train::train(&group, context);
            failures.lock().expect("no thread panics with the failures").extend(failed);
        }
    };
    std::thread::scope(|scope| {
        (0..jobs).for_each(|_| {
            scope.spawn(work);
        });
    });
    failures.into_inner().expect("all threads have ended")
}
