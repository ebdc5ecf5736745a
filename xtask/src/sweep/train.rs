//! Trains the cells of a group side by side on the same batches, then scores and finishes each.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Error, Result};
use features::batch::{BatchConfig, BatchMaker, Prefetch};
use losses::Kde;
use models::Batch;
use rayon::ThreadPool;

use super::groups::Group;
use super::metrics::Metrics;
use super::scores::Scores;
use super::sounds::Material;
use super::trainer::Trainer;
use crate::config::{FileScoring, SweepCell};
use crate::harness::progress::Progress;
use crate::harness::provenance::{ENV, Provenance};
use crate::harness::{Failure, HISTORY, LOG, Planned, Store, failure, stop};

/// Every file of a finished cell but its settings.
pub(super) const FILES: [&str; 9] = [
    HISTORY,
    "scores.csv",
    "operations.csv",
    "training_scores.csv",
    "timeline.csv",
    "metrics.json",
    "weights.safetensors",
    ENV,
    LOG,
];

/// What the trainings of a run share.
pub(super) struct Context<'a> {
    pub(super) store: &'a Store,
    pub(super) batch: BatchConfig,
    pub(super) material: &'a Material,
    pub(super) provenance: &'a Provenance,
    pub(super) progress: &'a Progress,
    /// The score by which a finished cell is told of.
    pub(super) file: FileScoring,
    /// Scores files in parallel.
    pub(super) scoring: &'a ThreadPool,
}

/// Trains, scores and finishes every cell of `group`; the cells that failed, which do not stop the others.
pub(super) fn train(group: &Group<'_>, context: &Context<'_>) -> Vec<Failure> {
    let (mut trainers, mut failures) = (Vec::new(), Vec::new());
    for planned in group {
        match Trainer::open(planned, context.store, context.provenance, context.progress) {
            Ok(trainer) => trainers.push(trainer),
            Err(error) => failures.push(context.failed(planned, 0, &error)),
        }
    }
    let mut spent = Spent::default();
    if let Err(error) = update_all(&mut trainers, context, &mut spent, &mut failures) {
        // What made all of its updates needs no other batch, and is finished.
        let left = trainers.extract_if(.., |trainer| !trainer.is_trained());
        failures.extend(left.map(|trainer| context.failed(trainer.planned, trainer.step(), &error)));
    }
    for trainer in trainers {
        let _ = trainer.workspace.append(LOG, &spent.to_string()); // for who wonders; nothing depends on it
        let saved = if stop::asked() { trainer.save() } else { finish(&trainer, context) };
        failures.extend(saved.err().map(|error| context.failed(trainer.planned, trainer.step(), &error)));
    }
    failures
}

impl Context<'_> {
    /// Tells that a cell failed after `step` updates, in its log too.
    fn failed(&self, planned: &Planned<SweepCell>, step: u64, error: &Error) -> Failure {
        self.progress.leave_out(planned.cell.training.updates() - step);
        self.store.tell(&planned.name, LOG, &format!("failed: {error:#}"));
        self.progress.say(&format!("{}: failed: {error:#}", planned.name));
        failure(self.store, &planned.name, error)
    }
}

/// Makes all updates that are left to make; a cell that fails is dropped from `trainers`.
fn update_all(
    trainers: &mut Vec<Trainer<'_>>,
    context: &Context<'_>,
    spent: &mut Spent,
    failures: &mut Vec<Failure>,
) -> Result<()> {
    let Some(first) = trainers.first() else { return Ok(()) };
    let (cell, updates) = (first.planned.cell.clone(), first.planned.cell.training.updates());
    let start = trainers.iter().map(Trainer::step).min().unwrap_or(updates);
    let training = context.material.training.clone();
    let maker = BatchMaker::new(training, &context.batch, &cell.model.front_end.log_mel())?;
    let mut batches = Prefetch::start(maker, cell.seed, start..updates);
    let mut density = Density { kde: Kde::new(cell.dim(), cell.training().kde, 1)?, weights: Vec::new() };
    for step in start..updates {
        if stop::asked() || trainers.is_empty() {
            return Ok(());
        }
        let Some(batch) = timed(&mut spent.waiting, || batches.next_batch()) else { break };
        let batch = batch?;
        let weighted = |trainer: &Trainer<'_>| trainer.planned.cell.training().objective.is_weighted();
        let due = |trainer: &Trainer<'_>| trainer.step() == step;
        let spread = if trainers.iter().any(|trainer| due(trainer) && weighted(trainer)) {
            Some(timed(&mut spent.densities, || density.weigh(batch.normal_rows(), batch.normal)))
        } else {
            None
        };
        let mut failed = Vec::new();
        for (index, trainer) in trainers.iter_mut().enumerate().filter(|(_, trainer)| due(trainer)) {
            let weights = weighted(trainer).then_some(density.weights.as_slice());
            let rows = Batch { rows: &batch.rows, normal: batch.normal, weights };
            let spread = spread.filter(|_| weights.is_some());
            match timed(&mut spent.updates, || trainer.update(rows, spread)) {
                Ok(()) => context.progress.advance(1),
                Err(error) => failed.push((index, error)),
            }
        }
        for (index, error) in failed.into_iter().rev() {
            let trainer = trainers.remove(index);
            failures.push(context.failed(trainer.planned, trainer.step(), &error));
        }
    }
    Ok(())
}

/// Where the time of a group's updates went.
#[derive(Default)]
struct Spent {
    /// For batches that were not made yet.
    waiting: Duration,
    densities: Duration,
    /// Updates, checkpoints included.
    updates: Duration,
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [waiting, densities, updates] =
            [self.waiting, self.densities, self.updates].map(|time| time.as_secs_f64());
        write!(
            f,
            "time of its group: {updates:.1} s of updates, {densities:.1} s of densities, {waiting:.1} s of waiting for batches"
        )
    }
}

/// What `work` gives; the time it took is added to `spent`.
fn timed<T>(spent: &mut Duration, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    *spent += begun.elapsed();
    done
}

/// The weights of a batch, estimated once for all nets that take them.
struct Density {
    kde: Kde,
    weights: Vec<f32>,
}

impl Density {
    /// Estimates the weights of `count` rows; their standard deviation over their mean.
    fn weigh(&mut self, rows: &[f32], count: usize) -> f64 {
        self.weights.resize(count, 0.0);
        self.kde.weights(rows, &mut self.weights);
        let number = count as f64;
        let mean = self.weights.iter().map(|weight| f64::from(*weight)).sum::<f64>() / number;
        let square =
            self.weights.iter().map(|weight| (f64::from(*weight) - mean).powi(2)).sum::<f64>() / number;
        square.sqrt() / mean
    }
}

/// Scores the tests and makes the cell a finished one.
fn finish(trainer: &Trainer<'_>, context: &Context<'_>) -> Result<()> {
    let (Planned { name, cell, .. }, workspace) = (trainer.planned, &trainer.workspace);
    let (begun, parameters) = (Instant::now(), trainer.parameters()?);
    let scores = Scores::of(cell, &parameters, context.material, context.scoring)?;
    let metrics = Metrics::of(&scores)?;
    workspace.append(
        LOG,
        &format!("scored {} files in {:.1} s", scores.files.len(), begun.elapsed().as_secs_f64()),
    )?;
    workspace.write(HISTORY, &trainer.history()?)?;
    scores.write(workspace)?;
    workspace.write("metrics.json", (serde_json::to_string_pretty(&metrics)? + "\n").as_bytes())?;
    workspace.write("weights.safetensors", &parameters.to_bytes())?;
    workspace.finish(cell)?;
    context.progress.say(&format!("{name}: {}", metrics.summary(context.file)));
    Ok(())
}
