//! The nets of a sweep that are scored, with their scores.

use anyhow::Result;
use harness::Failure;
use losses::ObjectiveName;

use super::scores::Scores;
use crate::config::{Model, SweepCell};
use crate::failure::verdict;
use crate::run_args::Places;

/// A scored net.
pub(super) struct Run {
    /// What was asked for.
    pub(super) cell: SweepCell,
    /// What came of it.
    pub(super) scores: Scores,
}

/// What is there after a run.
pub(super) struct Results {
    /// Scored nets, in the order of tables.
    pub(super) runs: Vec<Run>,
    /// Cells that failed, and why.
    pub(super) failures: Vec<Failure>,
    /// Cells that are not there, and that nobody asked for yet.
    pub(super) missing: Vec<String>,
}

/// The scores of `cell`, if they are there; damaged ones are out of the way then, to be made again.
pub(super) fn read(cell: &SweepCell, places: &Places) -> Result<Option<Scores>> {
    let score = &cell.cell.score;
    if !places.scores.has(score) {
        return Ok(None);
    }
    let why = match Scores::read(&places.scores, score) {
        Ok(scores) => return Ok(Some(scores)),
        Err(why) => why,
    };
    let aside = places.scores.set_aside(score)?;
    let (label, aside) = (&cell.cell.net.label, aside.display());
    harness::tell!(
        "{label}: its score is damaged ({why}); it is scored again, and the damaged one lies in {aside}"
    );
    Ok(None)
}

impl Results {
    /// `cells` with the scores that there are of each; what `failures` names is a hole.
    pub(super) fn new(cells: Vec<SweepCell>, scores: Vec<Option<Scores>>, failures: Vec<Failure>) -> Self {
        let mut results = Self { runs: Vec::new(), failures, missing: Vec::new() };
        for (cell, scores) in cells.into_iter().zip(scores) {
            let label = &cell.cell.net.label;
            match scores {
                Some(scores) => results.runs.push(Run { cell, scores }),
                None if results.failures.iter().any(|failure| failure.label == *label) => {}
                None => results.missing.push(label.clone()),
            }
        }
        results
    }

    /// The models, in the order of tables.
    pub(super) fn models(&self) -> Vec<Model> {
        let mut models: Vec<Model> = self.runs.iter().map(|run| run.cell.model.clone()).collect();
        models.dedup();
        models
    }

    /// The models that are looked at where their training is longest: what figures show, but for that of length.
    pub(super) fn longest(&self) -> Vec<Model> {
        let models = self.models();
        let is_longest = |model: &&Model| {
            let same = models.iter().filter(|other| other.whole() == model.whole());
            same.map(Model::until).max() == Some(model.until())
        };
        models.iter().filter(is_longest).cloned().collect()
    }

    /// The runs of a model and loss, by seed.
    pub(super) fn of(&self, model: &Model, loss: ObjectiveName) -> Vec<&Run> {
        self.runs.iter().filter(|run| run.cell.loss == loss && run.cell.model == *model).collect()
    }

    /// Fails when a cell failed.
    pub(super) fn verdict(&self) -> Result<()> {
        verdict(&self.failures)
    }
}
