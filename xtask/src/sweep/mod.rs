//! `cargo xtask sweep`: autoencoders on sounds (Sec. 4.2), the AUC table and Figure 4.

mod claims;
mod comparison;
mod dcase;
mod figures;
mod maxima;
mod metrics;
mod report;
mod results;
mod scorer;
mod scores;
mod select;
mod sounds;
mod tables;
mod timeline;
mod training;

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use clap::Args;
use features::testset::TestSet;
use harness::progress::Progress;
use harness::provenance::Provenance;
use harness::{
    BadInput, Cell, DeviceKind, Failure, FrozenPlan, Others, Plan, Run, Training, Workspace, stop,
};
use models::Parameters;

use crate::columns;
use crate::config::{self, Impossible, Kind, Override, SweepCell, SweepExperiment, Variant, Varied};
use crate::failure::stopped;
use crate::queue::{self, Made, Part, QueueArgs, Workload};
use crate::run_args::{Places, RunArgs};

use claims::Claims;
pub(crate) use metrics::Condition;
use metrics::Metrics;
use results::Results;
use scores::Scores;
pub(crate) use scores::read_conditions;
use select::{Pattern, chosen};
use sounds::Sounds;
use tables::Tables;

/// Arguments of `sweep`.
#[derive(Debug, Args)]
pub(crate) struct SweepArgs {
    /// What to run
    #[arg(default_value = "experiments/toycar.yaml")]
    config: PathBuf,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    queue: QueueArgs,
    /// Only cells of which the name holds this, or is this where it has a `*`, such as 'FCN40-*-bu-*'
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    only: Option<Pattern>,
}

/// Runs `sweep`.
///
/// # Errors
/// [`BadInput`] before any work; a run that was stopped; a cell that failed, after all others were done.
pub(crate) fn run(args: &SweepArgs) -> Result<()> {
    let experiment = load(&args.config, &args.run.overrides())?;
    let places = args.run.places(&args.config)?;
    if args.run.plan {
        return plan(args, &experiment, &places);
    }
    let provenance = Provenance::now(args.run.jobs(), args.run.card(experiment.plain.device)?);
    let opened = Opened::new(experiment, places)?;
    let Opened { cells, places, .. } = &opened;
    let asked = chosen(args.only.as_ref(), cells, |cell| &cell.cell.net.label)?;
    let asked_for = || cells.iter().filter(|cell| asked.contains(&cell.cell.net.label));
    if args.queue.is_asked() {
        let asked_for: Vec<&Cell> = asked_for().map(|cell| &cell.cell).collect();
        return queue::submit(&args.queue, &args.run, &args.config, places, &asked_for, &provenance);
    }
    let earlier = cells.iter().map(|cell| results::read(cell, places)).collect::<Result<Vec<_>>>()?;
    let missing = asked_for().filter(|cell| places.lacks(&cell.cell)).collect();
    let failures = opened.make(&[missing], Others::Await, &provenance, |_, _| Ok(()))?;
    opened.conclude(earlier, failures, &provenance)
}

/// An experiment whose sounds were found.
struct Opened {
    experiment: Varied<SweepExperiment>,
    sounds: Sounds,
    cells: Vec<SweepCell>,
    places: Places,
}

impl Opened {
    fn new(experiment: Varied<SweepExperiment>, places: Places) -> Result<Self> {
        let sounds = Sounds::open(&experiment)?;
        let cells = cells(&experiment, &sounds)?;
        Ok(Self { experiment, sounds, cells, places })
    }

    /// Makes tables, figures and report of the scores that there are; `earlier` are those that were read before.
    fn conclude(
        self,
        earlier: Vec<Option<Scores>>,
        failures: Vec<Failure>,
        provenance: &Provenance,
    ) -> Result<()> {
        let Self { experiment, sounds, cells, places } = self;
        let mut scores = Vec::with_capacity(cells.len());
        for (cell, earlier) in cells.iter().zip(earlier) {
            places.nets.tidy(&cell.cell.net.name);
            scores.push(earlier.map_or_else(|| results::read(cell, &places), |scores| Ok(Some(scores)))?);
        }
        let results = Results::new(cells, scores, failures);
        let concluded = places.folder.alone(|| conclude(&experiment, &sounds, &results, &places, provenance));
        match (results.verdict(), concluded) {
            // What could not be written hides no cell that failed.
            (Err(verdict), Err(error)) => Err(anyhow!("{error:#}\n{verdict:#}")),
            (verdict, concluded) => verdict.and(concluded),
        }
    }
}

/// Opens a frozen sweep, to be made in parts.
///
/// # Errors
/// Sounds that are not there, or are others than those that were frozen.
pub(crate) fn open_frozen(plan: &FrozenPlan) -> Result<Box<dyn Workload>> {
    let experiment = load(&plan.settings(), &[])?;
    Ok(Box::new(Opened::new(experiment, Places::of(plan))?))
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
        let of = |part: &Part<'_>| {
            let asked = |cell: &&SweepCell| part.scores.contains(&cell.cell.score);
            self.cells.iter().filter(asked).collect()
        };
        let cells: Vec<Vec<&SweepCell>> = parts.iter().map(of).collect();
        let made = |index: usize, failures: &[Failure]| made(parts[index].number, failures);
        self.make(&cells, Others::Leave, provenance, made).map(drop)
    }

    fn collect(self: Box<Self>, failures: Vec<Failure>, provenance: &Provenance) -> Result<()> {
        let none = self.cells.iter().map(|_| None).collect();
        self.conclude(none, failures, provenance)
    }
}

/// Every cell of the experiment, in the order of tables.
fn cells(experiment: &Varied<SweepExperiment>, sounds: &Sounds) -> Result<Vec<SweepCell>, BadInput> {
    let machines = sounds.machines();
    let machines =
        machines.iter().map(|machine| on_machine(experiment, &sounds.of_machine(machine.as_deref())));
    Ok(machines.collect::<Result<Vec<_>, _>>()?.concat())
}

/// The cells of a machine: what varies lies side by side, network by network.
fn on_machine(
    experiment: &Varied<SweepExperiment>,
    sounds: &config::Sounds,
) -> Result<Vec<SweepCell>, BadInput> {
    let variants = experiment.variants.iter().map(|variant| variant_on_machine(variant, sounds));
    let mut cells = variants.collect::<Result<Vec<_>, _>>()?.concat();
    let mut networks: Vec<String> = Vec::new();
    for cell in &cells {
        if !networks.contains(&cell.network) {
            networks.push(cell.network.clone());
        }
    }
    cells.sort_by_key(|cell| networks.iter().position(|network| *network == cell.network));
    Ok(cells)
}

fn variant_on_machine(
    variant: &Variant<SweepExperiment>,
    sounds: &config::Sounds,
) -> Result<Vec<SweepCell>, BadInput> {
    let Variant { experiment, .. } = variant;
    let mut cells = Vec::new();
    for model in experiment.models() {
        for &loss in &experiment.losses {
            let of_seed = |seed| SweepCell::new(variant, &model, loss, seed, sounds);
            let of_seeds = experiment.seeds.iter().map(of_seed).collect::<Result<Vec<_>, Impossible>>();
            cells.extend(of_seeds.map_err(|Impossible { key, what }| BadInput(format!("{key}: {what}")))?);
        }
    }
    Ok(cells)
}

/// Makes tables, figures and report from the scored nets.
fn conclude(
    experiment: &Varied<SweepExperiment>,
    sounds: &Sounds,
    results: &Results,
    places: &Places,
    provenance: &Provenance,
) -> Result<()> {
    let folder = &places.folder;
    let tables = Tables::new(results, &sounds.operations())?;
    let claims = Claims::decide(results, &tables)?;
    let training = training::rows(&places.nets, results)?;
    if !results.runs.is_empty() {
        // Else the tables of an earlier run stay.
        let varied: Vec<&str> = experiment.axes.iter().map(|axis| axis.key.as_str()).collect();
        let all = [tables.all().as_slice(), &[("training", training::table(&training))]].concat();
        columns::write(folder, &varied, &all)?;
        folder.write_cells(results.runs.iter().map(|run| &run.cell.cell))?;
    }
    let figures = &figures::draw(places, results, &tables)?;
    let content = report::Content {
        experiment,
        sounds,
        results,
        tables: &tables,
        claims: &claims,
        training: &training,
        figures,
        provenance,
    };
    report::write(places, &content)?;
    for folder in dcase::write(folder, &sounds.trained_on().set, results)? {
        harness::tell!("scores and decisions as DCASE task 2 has them: {}", folder.display());
    }
    crate::print(&report::text(&sounds.trained_on().set, results, &tables, &claims));
    crate::print(&format!("Tables, figures and report.html are in {}\n", folder.path().display()));
    Ok(())
}

/// Loads the test sounds of the experiment in the file `config`, with `changes`, one machine after the other: gives
/// `each` the machine, its sounds, and that every how-many-th of each kind is scored.
///
/// # Errors
/// [`BadInput`], and those of `each`.
pub(crate) fn each_test_set(
    config: &Path,
    changes: &[Override],
    mut each: impl FnMut(Option<&str>, &TestSet, usize) -> Result<()>,
) -> Result<()> {
    let experiment = load(config, changes)?;
    let sounds = Sounds::open(&experiment)?;
    for machine in sounds.machines() {
        let tests = sounds.tests(machine.as_deref())?;
        each(machine.as_deref(), &tests, experiment.plain.scoring.every)?;
    }
    Ok(())
}

fn load(config: &Path, changes: &[Override]) -> Result<Varied<SweepExperiment>, BadInput> {
    let path = config.display();
    if config::kind(config)? != Kind::Sweep {
        let what = format!("{path}: found a ring, expected a sweep; run `cargo xtask verify {path}`");
        return Err(BadInput(what));
    }
    let experiment: Varied<SweepExperiment> = config::load_varied(config, changes)?;
    if experiment.variants.iter().any(|variant| variant.experiment.data != experiment.plain.data) {
        let what =
            format!("{path}: vary: found a key of `data`, expected others: one run has one set of sounds");
        return Err(BadInput(what));
    }
    let seen = |variant: &SweepExperiment| {
        let variant = Variant { point: config::Point::new(), experiment: variant.clone() };
        let cells = variant_on_machine(&variant, &config::Sounds::default());
        cells
            .map(|cells| cells.into_iter().map(|cell| (cell.cell.score, cell.scoring)).collect::<Vec<_>>())
            .ok()
    };
    RunArgs::check_idle(config, experiment.idle(seen))?;
    Ok(experiment)
}

/// Prints the nets and scores; makes nothing.
fn plan(args: &SweepArgs, experiment: &Varied<SweepExperiment>, places: &Places) -> Result<()> {
    let folder = sounds::to_be_made(&experiment.plain)?;
    let cells = match &folder {
        // Names hold a hash of the sounds, which are not there: nothing is.
        Some(_) => on_machine(experiment, &config::Sounds::default())?,
        None => cells(experiment, &Sounds::open(experiment)?)?,
    };
    let asked = chosen(args.only.as_ref(), &cells, |cell| &cell.cell.net.label)?;
    let cells = cells.into_iter().map(|cell| cell.cell).filter(|cell| asked.contains(&cell.net.label));
    let cells: Vec<Cell> = cells.collect();
    crate::print(&Plan::new(&cells, &places.nets, &places.scores, &places.folder).to_string());
    if let Some(folder) = folder {
        crate::print(&format!("after {} is made; names with a hash change then\n", folder.display()));
    }
    Ok(())
}

impl Opened {
    /// Makes what is missing of `parts`, one after the other, of one machine after the other, so that only one has its
    /// sounds in memory; `made` is told of each part when it was worked on, with what failed of it.
    fn make(
        &self,
        parts: &[Vec<&SweepCell>],
        others: Others,
        provenance: &Provenance,
        made: impl Fn(usize, &[Failure]) -> Result<()>,
    ) -> Result<Vec<Failure>> {
        let Self { sounds, cells, places, .. } = self;
        if parts.iter().all(Vec::is_empty) {
            let (count, folder) = (cells.len(), places.folder.path().display());
            harness::tell!("All that is asked for of {count} nets is trained and scored in {folder}");
            return Ok(Vec::new());
        }
        stop::listen()?;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(provenance.threads).build()?;
        let mut failures = vec![Vec::new(); parts.len()];
        let machines = sounds.machines();
        for (number, machine) in (1..).zip(&machines) {
            let of_machine = |cell: &&SweepCell| cell.machine == *machine;
            let all: Vec<&SweepCell> = parts.concat().into_iter().filter(of_machine).collect();
            if all.is_empty() || stop::asked() {
                continue;
            }
            let of = machine.as_deref().map_or(String::new(), |machine| {
                format!("{machine}, machine {number} of {}: ", machines.len())
            });
            let progress = Progress::new(&of);
            let read_by = all.iter().map(|cell| &cell.cell.net.settings.data);
            let material = match sounds.load(machine.as_deref(), read_by) {
                Ok(material) => material,
                Err(error) if machines.len() == 1 => return Err(error.into()),
                // The nets of other machines do not suffer for the sounds of this one.
                Err(error) => {
                    let failed = |cell: &&SweepCell| Failure {
                        label: cell.cell.net.label.clone(),
                        why: error.to_string(),
                    };
                    for (part, failures) in parts.iter().zip(&mut failures) {
                        failures.extend(part.iter().filter(|cell| of_machine(cell)).map(failed));
                    }
                    progress.say(&format!("{}: failed: {error}", machine.as_deref().unwrap_or_default()));
                    continue;
                }
            };
            let score = |cell: &Cell, parameters: &Parameters, workspace: &mut Workspace| {
                let cell = all.iter().find(|other| other.cell.score == cell.score);
                let cell = cell.expect("it is one of these");
                let scores = Scores::of(cell, parameters, &material, &pool)?;
                let metrics = Metrics::of(&scores)?;
                scores.write(workspace)?;
                workspace.add("metrics.json", (serde_json::to_string_pretty(&metrics)? + "\n").as_bytes())?;
                Ok(metrics.summary(cell.scoring.file))
            };
            let training = Training {
                nets: &places.nets,
                sounds: Some(&material.training),
                trained_on: &sounds.trained_on(),
                provenance,
                progress: &progress,
            };
            let run =
                Run { training, scores: &places.scores, jobs: provenance.threads, others, score: &score };
            for (part, failures) in parts.iter().zip(&mut failures) {
                let is_missing = |cell: &&SweepCell| {
                    of_machine(cell) && !places.have(&cell.cell.net.name, &cell.cell.score)
                };
                let missing: Vec<&Cell> =
                    part.iter().copied().filter(is_missing).map(|cell| &cell.cell).collect();
                if !missing.is_empty() && !stop::asked() {
                    failures.extend(run.make(&missing)?);
                }
            }
        }
        for (index, failures) in failures.iter().enumerate() {
            made(index, failures)?;
        }
        let failures = failures.concat();
        stopped(&failures)?;
        Ok(failures)
    }
}
