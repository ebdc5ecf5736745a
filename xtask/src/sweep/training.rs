//! `training.csv`: what the last stretch of training, a line of its history, says of each loss, with what λ and the weights came to.

use anyhow::{Context, Result, anyhow};
use eval::Table;
use harness::csv_rows::read_csv;
use harness::{HISTORY, Shelf};
use losses::{ObjectiveName, Term};
use serde::Deserialize;

use super::results::{Results, Run};
use super::tables::by_model;
use crate::config::Model;
use crate::spread::Spread;

/// What is read of a line of `history.csv`.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Stretch {
    /// Updates at its end.
    pub(super) update: u64,
    pub(super) normal: f64,
    anomalous: f64,
    mean_score_normal: f64,
    max_score_normal: f64,
    weight_spread: Option<f64>,
}

/// The last stretch of a model and loss over its seeds.
pub(super) struct TrainingRow {
    pub(super) model: Model,
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
    /// Of the lines of the whole history, the share in which the mean score of normal rows is above that of the line
    /// before: none where a training goes down steadily, a half where it goes up and down.
    pub(super) rises: Option<Spread>,
}

/// The history of a finished cell, stretch by stretch.
pub(super) fn history(nets: &Shelf, run: &Run) -> Result<Vec<Stretch>> {
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

fn row(nets: &Shelf, model: &Model, loss: ObjectiveName, runs: &[&Run]) -> Result<TrainingRow> {
    let histories = runs.iter().map(|run| history(nets, run)).collect::<Result<Vec<_>>>()?;
    let last = |(run, history): (&&Run, &Vec<Stretch>)| {
        let path = || format!("{}: found no line in {HISTORY}", run.cell.cell.net.name);
        history.last().copied().with_context(path)
    };
    let stretches = runs.iter().zip(&histories).map(last).collect::<Result<Vec<Stretch>>>()?;
    let of = |value: fn(&Stretch) -> f64| Spread::of(&stretches.iter().map(value).collect::<Vec<_>>());
    let lambdas = runs.iter().map(|run| match run.cell.cell.net.settings.objective.term {
        Term::Tanh { lambda } => Some(lambda),
        Term::None => None,
    });
    let shares = lambdas.zip(&stretches).filter_map(|(lambda, stretch)| Some(stretch.anomalous / lambda?));
    Ok(TrainingRow {
        model: model.clone(),
        loss,
        seeds: runs.len(),
        normal: of(|stretch| stretch.normal)?,
        anomalous_over_lambda: Spread::of_known(shares)?,
        weight_spread: Spread::of_known(stretches.iter().filter_map(|stretch| stretch.weight_spread))?,
        mean_score: of(|stretch| stretch.mean_score_normal)?,
        max_score: of(|stretch| stretch.max_score_normal)?,
        rises: Spread::of_known(histories.iter().filter_map(|history| rises(history)))?,
    })
}

/// The share of lines that lie above the one before; none of a single line.
fn rises(history: &[Stretch]) -> Option<f64> {
    let pairs = history.len().checked_sub(1).filter(|pairs| *pairs > 0)?;
    let rises = history.windows(2).filter(|pair| pair[1].mean_score_normal > pair[0].mean_score_normal);
    Some(rises.count() as f64 / pairs as f64)
}

/// A measure of the table, by its name there.
type Measure = (&'static str, fn(&TrainingRow) -> Option<Spread>);

const MEASURES: [Measure; 6] = [
    ("normal", |row| Some(row.normal)),
    ("anomalous_over_lambda", |row| row.anomalous_over_lambda),
    ("weight_spread", |row| row.weight_spread),
    ("mean_score_normal", |row| Some(row.mean_score)),
    ("max_score_normal", |row| Some(row.max_score)),
    ("rises", |row| row.rises),
];

/// `training.csv`.
pub(super) fn table(rows: &[TrainingRow]) -> Table {
    let start = by_model(rows.iter().map(|row| (&row.model, row.loss)))
        .integer("seeds", rows.iter().map(|row| row.seeds as i64));
    MEASURES.iter().fold(start, |table, (name, of)| {
        let table = table.optional(&format!("{name}_mean"), rows.iter().map(|row| Some(of(row)?.mean)));
        table.optional(&format!("{name}_sd"), rows.iter().map(|row| of(row)?.sd))
    })
}
