//! `training.csv`: what the last epoch of training says of each loss, with what λ and the weights came to.

use anyhow::{Context, Result, anyhow};
use eval::Table;
use harness::csv_rows::read_csv;
use harness::{Folder, HISTORY, Shelf};
use losses::{ObjectiveName, Term};
use serde::Deserialize;

use super::results::{Results, Run};
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
    pub(super) loss: ObjectiveName,
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
pub(super) fn history(nets: &Shelf, run: &Run) -> Result<Vec<Epoch>> {
    let name = &run.cell.cell.net.name;
    let bytes = nets.read(name, HISTORY).map_err(|why| anyhow!("{name}: {why}"))?;
    read_csv(&bytes).with_context(|| format!("{name}: {HISTORY}"))
}

/// A row for each model and loss that has finished cells.
pub(super) fn rows(nets: &Shelf, results: &Results) -> Result<Vec<TrainingRow>> {
    let mut rows = Vec::new();
    for model in results.models() {
        for loss in ObjectiveName::all() {
            let runs = results.of(&model, loss);
            if !runs.is_empty() {
                rows.push(row(nets, &model, loss, &runs)?);
            }
        }
    }
    Ok(rows)
}

fn row(nets: &Shelf, model: &str, loss: ObjectiveName, runs: &[&Run]) -> Result<TrainingRow> {
    let last = |run: &&Run| {
        let path = || format!("{}: found no line in {HISTORY}", run.cell.cell.net.name);
        history(nets, run)?.last().copied().with_context(path)
    };
    let epochs = runs.iter().map(last).collect::<Result<Vec<Epoch>>>()?;
    let of = |value: fn(&Epoch) -> f64| Spread::of(&epochs.iter().map(value).collect::<Vec<_>>());
    let lambdas = runs.iter().map(|run| match run.cell.cell.net.settings.objective.term {
        Term::Tanh { lambda } => Some(lambda),
        Term::None => None,
    });
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

/// Writes `training.csv` and `training.parquet`.
pub(super) fn write(rows: &[TrainingRow], folder: &Folder) -> Result<()> {
    let start = Table::new()
        .text("model", rows.iter().map(|row| row.model.as_str()))
        .text("loss", rows.iter().map(|row| row.loss.to_string()))
        .integer("seeds", rows.iter().map(|row| row.seeds as i64));
    let table = MEASURES.iter().fold(start, |table, (name, of)| {
        let table = table.optional(&format!("{name}_mean"), rows.iter().map(|row| Some(of(row)?.mean)));
        table.optional(&format!("{name}_sd"), rows.iter().map(|row| of(row)?.sd))
    });
    folder.write("training.csv", &table.to_csv()?)?;
    folder.write("training.parquet", &table.to_parquet()?)
}
