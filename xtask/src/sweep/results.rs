//! The finished cells of a sweep, with their scores.

use anyhow::Result;

use super::scores::Scores;
use crate::config::{Loss, SweepCell};
use crate::harness::{CellName, Failure, Plan, Planned, State, Store};

/// A finished cell.
pub(super) struct Run {
    /// Its name.
    pub(super) name: CellName,
    /// What was run.
    pub(super) cell: SweepCell,
    /// What came of it.
    pub(super) scores: Scores,
}

/// What is there after a run.
pub(super) struct Results {
    /// Finished cells, in the order of tables.
    pub(super) runs: Vec<Run>,
    /// Cells that failed, or cannot be read, and why.
    pub(super) failures: Vec<Failure>,
    /// Cells that nobody asked for yet, and those of them that are damaged, with why.
    pub(super) missing: Vec<String>,
}

impl Results {
    /// Reads the finished cells of `plan`; what `failures` names is a hole, and so is what cannot be read.
    pub(super) fn read(plan: &Plan<SweepCell>, failures: &[Failure], store: &Store) -> Self {
        let mut results = Self { runs: Vec::new(), failures: Vec::new(), missing: Vec::new() };
        for Planned { name, cell, .. } in &plan.0 {
            if let Some(failure) = failures.iter().find(|(failed, _)| failed == name) {
                results.failures.push(failure.clone());
                continue;
            }
            match store.state(name, cell) {
                State::Done => match Scores::read(store, name) {
                    Ok(scores) => results.runs.push(Run { name: name.clone(), cell: cell.clone(), scores }),
                    Err(error) => results.failures.push((name.clone(), format!("{error:#}"))),
                },
                State::Damaged(why) => results.missing.push(format!("{name} (damaged: {why})")),
                _ => results.missing.push(name.to_string()),
            }
        }
        results
    }

    /// The models, in the order of tables.
    pub(super) fn models(&self) -> Vec<String> {
        let mut models: Vec<String> = self.runs.iter().map(|run| run.cell.model_name()).collect();
        models.dedup();
        models
    }

    /// The runs of a model and loss, by seed.
    pub(super) fn of(&self, model: &str, loss: Loss) -> Vec<&Run> {
        self.runs.iter().filter(|run| run.cell.loss == loss && run.cell.model_name() == model).collect()
    }

    /// The runs of `model` with the losses `a` and `b` of each seed that has both.
    pub(super) fn pairs(&self, model: &str, a: Loss, b: Loss) -> Vec<[&Run; 2]> {
        let others = self.of(model, b);
        let twin = |run: &Run| others.iter().copied().find(|other| other.cell.seed == run.cell.seed);
        self.of(model, a).into_iter().filter_map(|run| Some([run, twin(run)?])).collect()
    }

    /// Fails when a cell failed.
    pub(super) fn verdict(&self) -> Result<()> {
        crate::harness::verdict(&self.failures)
    }
}
