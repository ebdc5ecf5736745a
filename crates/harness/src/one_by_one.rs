//! Trains nets side by side on the same mini-batches, each by an engine of its own.

use std::time::Instant;

use anyhow::{Context, Result};
use losses::{Weigher, Weighting};
use models::{Batch, Engine};

use crate::follower::{self, Follower, Opened, finish_reached, is_reached};
use crate::history::Update;
use crate::record::Record;
use crate::source::Source;
use crate::stop;
use crate::training::{Outcomes, Training, ended, finished, guarded};

/// A net in training by its engine.
struct Trainer<'a> {
    record: Record<'a>,
    engine: Box<dyn Engine>,
}

/// Trains the nets that were `opened`, which share every mini-batch, and finishes those that follow them.
pub(crate) fn train<'a>(
    opened: Vec<Opened<'a>>,
    mut followers: Vec<Follower<'a>>,
    training: &Training<'_>,
) -> Outcomes<'a> {
    let mut outcomes = Vec::new();
    let mut trainers = Vec::new();
    for (record, checkpoint) in opened {
        let settings = &record.net.settings;
        match guarded(|| Ok(settings.engine.engine(settings.training(), checkpoint)?)) {
            Ok(engine) => trainers.push(Trainer { record, engine }),
            Err(error) => {
                outcomes.extend(follower::end_with(&mut followers, &record, &error, training));
                outcomes.push(ended(&record, &error, training));
            }
        }
    }
    if let Err(error) = guarded(|| update_all(&mut trainers, &mut followers, &mut outcomes, training)) {
        // What made all of its updates needs no other batch, and is finished.
        for trainer in trainers.extract_if(.., |trainer| !trainer.record.is_trained()) {
            outcomes.extend(follower::end_with(&mut followers, &trainer.record, &error, training));
            outcomes.push(ended(&trainer.record, &error, training));
        }
    }
    outcomes.extend(follower::stopped(followers));
    for Trainer { record, engine } in trainers {
        outcomes.push(finished(record, || Ok(engine.checkpoint()?), training));
    }
    outcomes
}

/// Makes all updates that are left to make; a net that fails is dropped from `trainers`, and those that follow it from
/// `followers`.
fn update_all<'a>(
    trainers: &mut Vec<Trainer<'a>>,
    followers: &mut Vec<Follower<'a>>,
    outcomes: &mut Outcomes<'a>,
    training: &Training<'_>,
) -> Result<()> {
    let Some(first) = trainers.first() else { return Ok(()) };
    let settings = &first.record.net.settings;
    let updates = trainers.iter().map(|trainer| trainer.record.length()).max().unwrap_or(0);
    let start = trainers.iter().map(|trainer| trainer.record.step()).min().unwrap_or(updates);
    for trainer in trainers.iter() {
        outcomes.extend(trainer.pass_on(followers, training)?); // where it was left
    }
    let mut source = Source::start(&settings.data, training.sounds, settings.seed, start..updates)?;
    let mut weights = SharedWeights::new(trainers)?;
    for step in start..updates {
        if stop::asked() || trainers.is_empty() {
            return Ok(());
        }
        let (rows, normal) = source.batch(step)?;
        weights.forget();
        let mut failures = Vec::new();
        // A net that an earlier run left further waits for the others; one that ends earlier makes no more.
        let due = |trainer: &Trainer<'_>| trainer.record.step() == step && !trainer.record.is_trained();
        for (index, trainer) in trainers.iter_mut().enumerate().filter(|(_, trainer)| due(trainer)) {
            let weighting = trainer.record.net.settings.objective.weighting;
            let batch = Batch { rows, normal, weights: weights.of(weighting, rows, normal) };
            match guarded(|| trainer.update(batch)).and_then(|()| trainer.pass_on(followers, training)) {
                Ok(passed) => {
                    training.progress.advance();
                    outcomes.extend(passed);
                }
                Err(error) => failures.push((index, error)),
            }
        }
        for (index, error) in failures.into_iter().rev() {
            let Trainer { record, .. } = trainers.remove(index);
            outcomes.extend(follower::end_with(followers, &record, &error, training));
            outcomes.push(ended(&record, &error, training));
        }
    }
    Ok(())
}

impl<'a> Trainer<'a> {
    /// Makes the next update; saves where a checkpoint is due.
    fn update(&mut self, batch: Batch<'_>) -> Result<()> {
        let Self { record, engine } = self;
        let learning_rate = record.learning_rate();
        let begun = Instant::now();
        let step = engine.step(batch, learning_rate);
        let settings = &record.net.settings;
        let value = step.with_context(|| format!("on batch {} of seed {}", record.step(), settings.seed))?;
        let rows = batch.rows.len() / settings.architecture.dim();
        record.add(Update { value, learning_rate, rows, seconds: begun.elapsed().as_secs_f64() });
        if record.is_due() {
            record.save(&engine.checkpoint()?)?;
        }
        Ok(())
    }

    /// Finishes the followers that are as long as this net is now.
    fn pass_on(&self, followers: &mut Vec<Follower<'a>>, training: &Training<'_>) -> Result<Outcomes<'a>> {
        if !is_reached(followers, &self.record) {
            return Ok(Vec::new());
        }
        Ok(finish_reached(followers, &self.record, &self.engine.checkpoint()?, training))
    }
}

/// The weights of a mini-batch, computed once for all nets that take them.
struct SharedWeights {
    /// Each weighting that is not uniform and reads rows alone, and whether its weights are those of the batch at hand.
    weighers: Vec<(Weighting, Weigher, bool)>,
    /// As many zeros as a batch has normal rows: such a weighting reads no score.
    no_scores: Vec<f32>,
    /// D, features of a row.
    dim: usize,
}

impl SharedWeights {
    fn new(trainers: &[Trainer<'_>]) -> Result<Self> {
        let mut weighers: Vec<(Weighting, Weigher, bool)> = Vec::new();
        for settings in trainers.iter().map(|trainer| &trainer.record.net.settings) {
            let weighting = settings.objective.weighting;
            let known = weighers.iter().any(|(other, ..)| *other == weighting);
            if !known && weighting != Weighting::Uniform && !weighting.reads_scores() {
                weighers.push((weighting, Weigher::new(weighting, settings.architecture.dim(), 1)?, false));
            }
        }
        let dim = trainers.first().map_or(0, |trainer| trainer.record.net.settings.architecture.dim());
        Ok(Self { weighers, no_scores: Vec::new(), dim })
    }

    fn forget(&mut self) {
        self.weighers.iter_mut().for_each(|(.., current)| *current = false);
    }

    /// The weights of the normal rows of a batch; none where the engine is to weigh them.
    fn of(&mut self, weighting: Weighting, rows: &[f32], normal: usize) -> Option<&[f32]> {
        let (_, weigher, current) = self.weighers.iter_mut().find(|(other, ..)| *other == weighting)?;
        if !*current {
            self.no_scores.resize(normal, 0.0);
            *current = true;
            return Some(weigher.weigh(&rows[..normal * self.dim], &self.no_scores[..normal]));
        }
        Some(weigher.weights())
    }
}
