//! One cell in training, from its last checkpoint where there is one.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use features::rng::{Purpose, stream};
use models::{Batch, Checkpoint, Engine, Parameters};

use super::history::{History, Update};
use crate::config::SweepCell;
use crate::harness::progress::{Line, Progress};
use crate::harness::provenance::{Origin, Provenance};
use crate::harness::{CHECKPOINT, HISTORY, LOG, Planned, SUMS_OF_HISTORY, Store, Workspace};

/// The sums behind the history up to `step`: beside the checkpoint of that step.
fn sums(step: u64) -> String {
    format!("{SUMS_OF_HISTORY}{step}.csv")
}

/// A cell in training.
pub(super) struct Trainer<'a> {
    pub(super) planned: &'a Planned<SweepCell>,
    pub(super) workspace: Workspace,
    engine: Box<dyn Engine>,
    history: History,
    /// Updates made.
    step: u64,
    /// Since when, and from which update on, this run trains the cell.
    opened: (Instant, u64),
    line: Line,
}

impl<'a> Trainer<'a> {
    /// Opens the cell's hidden folder and goes on from what is there.
    pub(super) fn open(
        planned: &'a Planned<SweepCell>,
        store: &Store,
        provenance: &Provenance,
        progress: &Progress,
    ) -> Result<Self> {
        let cell = &planned.cell;
        let workspace = store.workspace(&planned.name)?;
        let (checkpoint, history) = resume(&workspace, cell, progress)?;
        let step = checkpoint.optimizer.step;
        let updates = cell.training.updates();
        workspace.append(
            LOG,
            &format!(
                "{}: from update {step} of {updates}, by source {}",
                provenance.started, provenance.source
            ),
        )?;
        Origin::record(&workspace, step, provenance)?;
        let engine = cell.engine.engine(cell.training(), checkpoint)?;
        progress.skip(step);
        let line = progress.line(planned.name.stem());
        Ok(Self { planned, workspace, engine, history, step, opened: (Instant::now(), step), line })
    }

    /// Updates made.
    pub(super) fn step(&self) -> u64 {
        self.step
    }

    /// Whether all updates are made.
    pub(super) fn is_trained(&self) -> bool {
        self.step == self.planned.cell.training.updates()
    }

    /// Makes update `step`, if it is not made; saves where a checkpoint is due.
    pub(super) fn update(&mut self, batch: Batch<'_>, weight_spread: Option<f64>) -> Result<()> {
        let schedule = &self.planned.cell.training;
        let learning_rate = schedule.learning_rate_at(self.step);
        let begun = Instant::now();
        let value = self
            .engine
            .step(batch, learning_rate)
            .with_context(|| format!("on batch {} of seed {}", self.step, self.planned.cell.seed))?;
        self.step += 1;
        let rows = batch.rows.len() / self.planned.cell.dim();
        let seconds = begun.elapsed().as_secs_f64();
        self.history.add(Update { value, weight_spread, learning_rate, rows, seconds });
        let every = schedule.checkpoint_every * schedule.batches_per_epoch;
        if self.step.is_multiple_of(every) || self.step == schedule.updates() {
            self.save()?;
        }
        let (begun, first) = self.opened;
        self.line.set(|| {
            // By the clock: batches and the group's other cells take their time too.
            let rate = (self.step - first) as f64 / begun.elapsed().as_secs_f64();
            let (epoch, objective) =
                (self.step.div_ceil(schedule.batches_per_epoch), self.history.objective());
            let left = Duration::from_secs(((schedule.updates() - self.step) as f64 / rate) as u64);
            let left = humantime::format_duration(left);
            format!(
                "epoch {epoch} of {}  objective {objective:.3}  {rate:.1} updates/s  {left} left",
                schedule.epochs
            )
        });
        Ok(())
    }

    /// Writes a checkpoint of this very step.
    pub(super) fn save(&self) -> Result<()> {
        // The sums first: a checkpoint never stands without what led to it.
        self.workspace.write(&sums(self.step), &self.history.to_bytes()?)?;
        self.workspace.write(CHECKPOINT, &self.engine.checkpoint()?.to_bytes())?;
        self.workspace.write(HISTORY, &self.history.to_csv()?)?;
        self.workspace.append(
            LOG,
            &format!("saved at update {}: objective {:.6}", self.step, self.history.objective()),
        )?;
        self.workspace.remove_all(|name| name.starts_with(SUMS_OF_HISTORY) && name != sums(self.step))
    }

    /// `history.csv`.
    pub(super) fn history(&self) -> Result<Vec<u8>> {
        self.history.to_csv()
    }

    /// Ends training: the parameters.
    pub(super) fn parameters(&self) -> Result<Parameters> {
        Ok(self.engine.checkpoint()?.parameters)
    }
}

/// The last checkpoint with the history up to it, or the start of training.
fn resume(workspace: &Workspace, cell: &SweepCell, progress: &Progress) -> Result<(Checkpoint, History)> {
    let path = workspace.path(CHECKPOINT);
    if path.exists() {
        match read(workspace, cell) {
            Ok(resumed) => return Ok(resumed),
            Err(error) => {
                let why = format!("the training that was stopped is damaged ({error:#}); starting over");
                progress.say(&format!("{}: {why}", path.display()));
                workspace.append(LOG, &why)?;
            }
        }
    }
    let rng = &mut stream(cell.seed, Purpose::Init, 0);
    let parameters = Parameters::draw(cell.architecture()?, cell.initial(), rng);
    let start = Checkpoint::start(parameters, cell.training().amsgrad);
    Ok((start, History::new(cell.training.batches_per_epoch)))
}

fn read(workspace: &Workspace, cell: &SweepCell) -> Result<(Checkpoint, History)> {
    let path = workspace.path(CHECKPOINT);
    let bytes = fs::read(&path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let checkpoint = Checkpoint::from_bytes(&bytes, &path, &cell.architecture()?, cell.training().amsgrad)?;
    let (step, updates) = (checkpoint.optimizer.step, cell.training.updates());
    ensure!(step <= updates, "{}: found {step} updates, expected {updates} at most", path.display());
    let history = History::read(&workspace.path(&sums(step)), cell.training.batches_per_epoch, step)?;
    Ok((checkpoint, history))
}
