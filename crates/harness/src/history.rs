//! What happens in training, stretch by stretch: `history.csv`, and the sums behind it that a resumed training needs.

use anyhow::{Result, ensure};
use losses::Value;
use serde::{Deserialize, Serialize};

/// Sums over the updates of a stretch, whole or begun.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Stretch {
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
pub(crate) struct Update {
    /// The objective before it.
    pub(crate) value: Value,
    /// Step size.
    pub(crate) learning_rate: f64,
    /// Rows of the batch.
    pub(crate) rows: usize,
    /// How long it took.
    pub(crate) seconds: f64,
}

/// The history of a net: a line for each `every` updates.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct History {
    every: u64,
    stretches: Vec<Stretch>,
}

/// A line of `history.csv`: means over the updates of a stretch; the last column tells of the machine alone.
#[derive(Debug, Default, Serialize)]
struct Line {
    update: u64,
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
    /// The history of a training before its first update.
    pub(crate) fn new(every: u64) -> Self {
        Self { every, stretches: Vec::new() }
    }

    /// Adds an update.
    pub(crate) fn add(&mut self, update: Update) {
        if self.stretches.last().is_none_or(|stretch| stretch.updates >= self.every) {
            self.stretches.push(Stretch::default());
        }
        let stretch = self.stretches.last_mut().expect("one was added");
        let Value { total, normal, anomalous, mean_score, max_score, weight_spread } = update.value;
        stretch.updates += 1;
        stretch.objective += total;
        stretch.normal += normal;
        stretch.anomalous += anomalous;
        stretch.mean_score += mean_score;
        stretch.max_score = stretch.max_score.max(max_score);
        stretch.weight_spread += weight_spread.unwrap_or(f64::NAN);
        stretch.learning_rate = update.learning_rate;
        stretch.rows += update.rows as u64;
        stretch.seconds += update.seconds;
    }

    /// The mean objective of the stretch at hand.
    pub(crate) fn objective(&self) -> f64 {
        self.stretches.last().map_or(f64::NAN, |stretch| stretch.objective / stretch.updates as f64)
    }

    /// `history.csv`.
    pub(crate) fn to_csv(&self) -> Result<Vec<u8>> {
        let mut update = 0;
        let lines = self.stretches.iter().map(|stretch| {
            update += stretch.updates;
            let mean = |sum: f64| format!("{:.6}", sum / stretch.updates as f64);
            let spread = stretch.weight_spread;
            Line {
                update,
                objective: mean(stretch.objective),
                normal: mean(stretch.normal),
                anomalous: mean(stretch.anomalous),
                mean_score_normal: mean(stretch.mean_score),
                max_score_normal: format!("{:.6}", stretch.max_score),
                weight_spread: if spread.is_nan() { String::new() } else { mean(spread) },
                learning_rate: format!("{:.3e}", stretch.learning_rate),
                rows_per_second: format!("{:.0}", stretch.rows as f64 / stretch.seconds),
            }
        });
        crate::csv_rows::to_csv(&lines.collect::<Vec<_>>())
    }

    /// The sums, exactly.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        crate::csv_rows::to_csv(&self.stretches)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote after `step` updates.
    ///
    /// # Errors
    /// Bytes that are damaged, or of another step. Stretches of another length are what they were.
    pub(crate) fn read(bytes: &[u8], every: u64, step: u64) -> Result<Self> {
        let stretches: Vec<Stretch> = crate::csv_rows::read_csv(bytes)?;
        let counted: u64 = stretches.iter().map(|stretch| stretch.updates).sum();
        ensure!(counted == step, "history: found {counted} updates, expected {step}");
        Ok(Self { every, stretches })
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
            weight_spread: None,
        };
        Update { value, learning_rate: 1e-3, rows: 10, seconds: 0.1 }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_history_that_was_saved_goes_on_to_the_same_bytes(numbers in prop::collection::vec(-1e3..1e3, 1..40), at in 0usize..40) {
            let at = at.min(numbers.len());
            let mut straight = History::new(7);
            numbers.iter().for_each(|number| straight.add(update(*number)));
            let mut first = History::new(7);
            numbers[..at].iter().for_each(|number| first.add(update(*number)));
            let mut resumed = History::read(&first.to_bytes().unwrap(), 7, at as u64).unwrap();
            numbers[at..].iter().for_each(|number| resumed.add(update(*number)));
            prop_assert_eq!(resumed.to_csv().unwrap(), straight.to_csv().unwrap());
        }
    }

    #[test]
    fn a_history_of_another_step_is_refused() {
        let mut history = History::new(2);
        (0..3).for_each(|_| history.add(update(1.0)));
        let bytes = history.to_bytes().unwrap();
        assert!(History::read(&bytes, 2, 3).is_ok());
        assert!(History::read(&bytes, 2, 2).is_err());
        assert!(History::read(b"updates,objective\n1,x\n", 2, 1).is_err());
    }
}
