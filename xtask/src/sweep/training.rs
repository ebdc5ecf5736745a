//! `training.csv`: what the last epoch of training says of each loss, with what λ and the weights came to.

use std::path::Path;

use anyhow::{Context, Result};
use eval::Table;
use serde::Deserialize;

use super::results::{Results, Run};
use super::rows::read_csv;
use crate::config::Loss;
use crate::harness::{HISTORY, Store};
use crate::spread::Spread;

/// What is read of a line of `history.csv`.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Epoch {
    pub(super) normal: f64,
    anomalous: f64,
    mean_score_normal: f64,
    max_score_normal: f64,
    weight_spread: Option<f64>,
}

/// The last epoch of a model and loss over its seeds.
pub(super) struct TrainingRow {
    pub(super) model: String,
    pub(super) loss: Loss,
    pub(super) seeds: usize,
    /// The first term of the objective (weighted for BU).
    pub(super) normal: Spread,
    /// The anomalous term over λ, which it cannot exceed; none where the loss has no such term.
    pub(super) anomalous_over_lambda: Option<Spread>,
    /// Standard deviation of the weights over their mean; none where there are none.
    pub(super) weight_spread: Option<Spread>,
    /// Mean score of normal rows.
    pub(super) mean_score: Spread,
    /// The largest score of a normal row.
    pub(super) max_score: Spread,
}

/// The history of a finished cell, epoch by epoch.
pub(super) fn history(store: &Store, run: &Run) -> Result<Vec<Epoch>> {
    read_csv(&store.folder(&run.name).join(HISTORY))
}

/// A row for each model and loss that has finished cells.
pub(super) fn rows(store: &Store, results: &Results) -> Result<Vec<TrainingRow>> {
    let mut rows = Vec::new();
    for model in results.models() {
        for loss in Loss::ALL {
            let runs = results.of(&model, loss);
            if !runs.is_empty() {
                rows.push(row(store, &model, loss, &runs)?);
            }
        }
    }
    Ok(rows)
}

fn row(store: &Store, model: &str, loss: Loss, runs: &[&Run]) -> Result<TrainingRow> {
    let last = |run: &&Run| {
        let path = || format!("{}: found no epoch in {HISTORY}", run.name);
        history(store, run)?.last().copied().with_context(path)
    };
    let epochs = runs.iter().map(last).collect::<Result<Vec<Epoch>>>()?;
    let of = |value: fn(&Epoch) -> f64| Spread::of(&epochs.iter().map(value).collect::<Vec<_>>());
    let lambdas = runs.iter().map(|run| run.cell.training().objective.lambda());
    let shares = lambdas.zip(&epochs).filter_map(|(lambda, epoch)| Some(epoch.anomalous / lambda?));
    Ok(TrainingRow {
        model: model.to_owned(),
        loss,
        seeds: runs.len(),
        normal: of(|epoch| epoch.normal)?,
        anomalous_over_lambda: Spread::of_known(shares)?,
        weight_spread: Spread::of_known(epochs.iter().filter_map(|epoch| epoch.weight_spread))?,
        mean_score: of(|epoch| epoch.mean_score_normal)?,
        max_score: of(|epoch| epoch.max_score_normal)?,
    })
}

/// A measure of the table, by its name there.
type Measure = (&'static str, fn(&TrainingRow) -> Option<Spread>);

const MEASURES: [Measure; 5] = [
    ("normal", |row| Some(row.normal)),
    ("anomalous_over_lambda", |row| row.anomalous_over_lambda),
    ("weight_spread", |row| row.weight_spread),
    ("mean_score_normal", |row| Some(row.mean_score)),
    ("max_score_normal", |row| Some(row.max_score)),
];

/// Writes `training.csv` and `training.parquet` to `folder`.
pub(super) fn write(rows: &[TrainingRow], folder: &Path) -> Result<()> {
    let start = Table::new()
        .text("model", rows.iter().map(|row| row.model.as_str()))
        .text("loss", rows.iter().map(|row| row.loss.to_string()))
        .integer("seeds", rows.iter().map(|row| row.seeds as i64));
    let table = MEASURES.iter().fold(start, |table, (name, of)| {
        let table = table.optional(&format!("{name}_mean"), rows.iter().map(|row| Some(of(row)?.mean)));
        table.optional(&format!("{name}_sd"), rows.iter().map(|row| of(row)?.sd))
    });
    table.write_csv(&folder.join("training.csv"))?;
    Ok(table.write_parquet(&folder.join("training.parquet"))?)
}
