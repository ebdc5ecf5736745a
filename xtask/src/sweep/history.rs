//! What happens in training, epoch by epoch: `history.csv`, and the sums behind it that a resumed training needs.

use std::path::Path;

use anyhow::{Result, ensure};
use losses::Value;
use serde::{Deserialize, Serialize};

/// Sums over the updates of an epoch, whole or begun.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Epoch {
    updates: u64,
    objective: f64,
    normal: f64,
    anomalous: f64,
    mean_score: f64,
    max_score: f64,
    weight_spread: f64,
    learning_rate: f64,
    rows: u64,
    seconds: f64,
}

/// One update, as far as the history tells of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Update {
    /// The objective before it.
    pub(super) value: Value,
    /// Standard deviation of the weights over their mean; none where there are none.
    pub(super) weight_spread: Option<f64>,
    /// Step size.
    pub(super) learning_rate: f64,
    /// Rows of the batch.
    pub(super) rows: usize,
    /// How long it took.
    pub(super) seconds: f64,
}

/// The history of a cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct History {
    batches_per_epoch: u64,
    epochs: Vec<Epoch>,
}

/// A line of `history.csv`: means over the updates of an epoch; the last column tells of the machine alone.
#[derive(Debug, Serialize)]
struct Line {
    epoch: usize,
    updates: u64,
    objective: String,
    normal: String,
    anomalous: String,
    mean_score_normal: String,
    max_score_normal: String,
    weight_spread: String,
    learning_rate: String,
    rows_per_second: String,
}

impl History {
    /// The history of a training that has epochs of so many batches, before its first update.
    pub(super) fn new(batches_per_epoch: u64) -> Self {
        Self { batches_per_epoch, epochs: Vec::new() }
    }

    /// Adds an update.
    pub(super) fn add(&mut self, update: Update) {
        if self.epochs.last().is_none_or(|epoch| epoch.updates == self.batches_per_epoch) {
            self.epochs.push(Epoch::default());
        }
        let epoch = self.epochs.last_mut().expect("one was added");
        let Value { total, normal, anomalous, mean_score, max_score } = update.value;
        epoch.updates += 1;
        epoch.objective += total;
        epoch.normal += normal;
        epoch.anomalous += anomalous;
        epoch.mean_score += mean_score;
        epoch.max_score = epoch.max_score.max(max_score);
        epoch.weight_spread += update.weight_spread.unwrap_or(f64::NAN);
        epoch.learning_rate = update.learning_rate;
        epoch.rows += update.rows as u64;
        epoch.seconds += update.seconds;
    }

    /// The mean objective of the epoch at hand.
    pub(super) fn objective(&self) -> f64 {
        self.epochs.last().map_or(f64::NAN, |epoch| epoch.objective / epoch.updates as f64)
    }

    /// `history.csv`.
    pub(super) fn to_csv(&self) -> Result<Vec<u8>> {
        let lines = self.epochs.iter().enumerate().map(|(index, epoch)| {
            let mean = |sum: f64| format!("{:.6}", sum / epoch.updates as f64);
            let spread = epoch.weight_spread;
            Line {
                epoch: index + 1,
                updates: epoch.updates,
                objective: mean(epoch.objective),
                normal: mean(epoch.normal),
                anomalous: mean(epoch.anomalous),
                mean_score_normal: mean(epoch.mean_score),
                max_score_normal: format!("{:.6}", epoch.max_score),
                weight_spread: if spread.is_nan() { String::new() } else { mean(spread) },
                learning_rate: format!("{:.3e}", epoch.learning_rate),
                rows_per_second: format!("{:.0}", epoch.rows as f64 / epoch.seconds),
            }
        });
        super::rows::to_csv(lines)
    }

    /// The sums, exactly.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>> {
        super::rows::to_csv(self.epochs.iter())
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote after `step` updates.
    ///
    /// # Errors
    /// A file that is not there, damaged, or of another step.
    pub(super) fn read(path: &Path, batches_per_epoch: u64, step: u64) -> Result<Self> {
        let epochs: Vec<Epoch> = super::rows::read_csv(path)?;
        let counted: u64 = epochs.iter().map(|epoch| epoch.updates).sum();
        let whole = epochs.iter().rev().skip(1).all(|epoch| epoch.updates == batches_per_epoch);
        ensure!(
            counted == step && whole,
            "{}: found {counted} updates, expected {step} in epochs of {batches_per_epoch}",
            path.display()
        );
        Ok(Self { batches_per_epoch, epochs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn update(number: f64) -> Update {
        let value = Value {
            total: number,
            normal: number * 3.0,
            anomalous: number / 7.0,
            mean_score: 1.0,
            max_score: number,
        };
        Update { value, weight_spread: None, learning_rate: 1e-3, rows: 10, seconds: 0.1 }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_history_that_was_saved_goes_on_to_the_same_bytes(numbers in prop::collection::vec(-1e3..1e3, 1..40), at in 0usize..40) {
            let at = at.min(numbers.len());
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("sums.csv");
            let mut straight = History::new(7);
            numbers.iter().for_each(|number| straight.add(update(*number)));
            let mut first = History::new(7);
            numbers[..at].iter().for_each(|number| first.add(update(*number)));
            std::fs::write(&path, first.to_bytes().unwrap()).unwrap();
            let mut resumed = History::read(&path, 7, at as u64).unwrap();
            numbers[at..].iter().for_each(|number| resumed.add(update(*number)));
            prop_assert_eq!(resumed.to_csv().unwrap(), straight.to_csv().unwrap());
        }
    }

    #[test]
    fn a_history_of_another_step_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sums.csv");
        let mut history = History::new(2);
        (0..3).for_each(|_| history.add(update(1.0)));
        std::fs::write(&path, history.to_bytes().unwrap()).unwrap();
        assert!(History::read(&path, 2, 3).is_ok());
        assert!(History::read(&path, 2, 2).is_err() && History::read(&path, 3, 3).is_err());
        std::fs::write(&path, "updates,objective\n1,x\n").unwrap();
        assert!(History::read(&path, 2, 1).is_err());
        assert!(History::read(&folder.path().join("none"), 2, 1).is_err());
    }
}
