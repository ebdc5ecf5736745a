//! `runs.csv`, `auc.csv` and `false_alarms.csv`, made from the scores of the finished cells.

use std::collections::BTreeMap;

use anyhow::Result;
use eval::Table;
use eval::auc::{auc, partial_auc, threshold_at_tpr};
use eval::stats::quantile;
use losses::{FileScore, ObjectiveName};

use super::maxima::{self, MaximaRow};
use super::metrics::conditions;
use super::results::{Results, Run};
use crate::config::Model;
use crate::spread::Spread;

/// A run under one test condition.
pub(super) struct RunRow {
    pub(super) model: Model,
    pub(super) loss: ObjectiveName,
    pub(super) seed: u64,
    pub(super) anr_db: Option<f64>,
    pub(super) auc: f64,
    pub(super) pauc: f64,
    pub(super) max_score_normal: f64,
    /// (largest - median) / interquartile range of the normal files' scores; none where they do not vary.
    pub(super) max_normal_scaled: Option<f64>,
    /// Of the pairs of a normal file and a rare operation in it, the share whose largest score reaches the threshold.
    pub(super) fpr_rare: Option<f64>,
    pub(super) fpr_frequent: Option<f64>,
    /// The folder of its net among the nets.
    pub(super) net: String,
    /// The folder of its score.
    pub(super) score: String,
}

/// All seeds of a model and loss under one test condition.
pub(super) struct ConditionRow {
    pub(super) model: Model,
    pub(super) loss: ObjectiveName,
    pub(super) anr_db: Option<f64>,
    pub(super) seeds: usize,
    pub(super) auc: Spread,
    pub(super) pauc: Spread,
    pub(super) max_score_normal: Spread,
    pub(super) max_normal_scaled: Option<Spread>,
    pub(super) fpr_rare: Option<Spread>,
    pub(super) fpr_frequent: Option<Spread>,
}

/// A spread of a row; none where no run has the value.
type SpreadOf = fn(&ConditionRow) -> Option<Spread>;

/// All tables of a sweep.
pub(super) struct Tables {
    pub(super) runs: Vec<RunRow>,
    pub(super) conditions: Vec<ConditionRow>,
    pub(super) maxima: Vec<MaximaRow>,
}

impl Tables {
    /// Measures every finished cell. `operations` are shares of the training time, by which an operation is rare.
    pub(super) fn new(results: &Results, operations: &BTreeMap<String, f64>) -> Result<Self> {
        let is_rare = |run: &Run, operation: &str| {
            operations.get(operation).is_none_or(|share| *share < run.cell.scoring.rare_below)
        };
        let mut tables = Self { runs: Vec::new(), conditions: Vec::new(), maxima: Vec::new() };
        for run in &results.runs {
            tables.runs.extend(run_rows(run, |operation| is_rare(run, operation))?);
        }
        for model in results.models() {
            for loss in ObjectiveName::all() {
                tables.conditions.extend(condition_rows(&tables.runs, &model, loss)?);
                let runs = results.of(&model, loss);
                let is_rare = |operation: &str| runs.iter().any(|run| is_rare(run, operation));
                tables.maxima.extend(maxima::rows(&runs, &model, loss, &is_rare)?);
            }
        }
        Ok(tables)
    }

    /// Each by its name.
    pub(super) fn all(&self) -> [(&'static str, Table); 4] {
        [
            ("runs", self.runs_table()),
            ("auc", self.auc_table()),
            ("false_alarms", self.false_alarms_table()),
            ("maxima", maxima::table(&self.maxima)),
        ]
    }

    fn runs_table(&self) -> Table {
        let rows = &self.runs;
        by_model(rows.iter().map(|row| (&row.model, row.loss)))
            .integer("seed", rows.iter().map(|row| row.seed.cast_signed()))
            .optional("anr_db", rows.iter().map(|row| row.anr_db))
            .real("auc", rows.iter().map(|row| row.auc))
            .real("pauc", rows.iter().map(|row| row.pauc))
            .real("max_score_normal", rows.iter().map(|row| row.max_score_normal))
            .optional("max_normal_scaled", rows.iter().map(|row| row.max_normal_scaled))
            .optional("fpr_rare", rows.iter().map(|row| row.fpr_rare))
            .optional("fpr_frequent", rows.iter().map(|row| row.fpr_frequent))
            .text("score", rows.iter().map(|row| row.score.as_str()))
    }

    /// The areas: mean, sd and interval over seeds.
    pub(super) fn auc_table(&self) -> Table {
        let rows = &self.conditions;
        by_model(rows.iter().map(|row| (&row.model, row.loss)))
            .optional("anr_db", rows.iter().map(|row| row.anr_db))
            .integer("seeds", rows.iter().map(|row| row.seeds as i64))
            .real("auc_mean", rows.iter().map(|row| row.auc.mean))
            .optional("auc_sd", rows.iter().map(|row| row.auc.sd))
            .optional("auc_ci95_low", rows.iter().map(|row| Some(row.auc.interval?.low)))
            .optional("auc_ci95_high", rows.iter().map(|row| Some(row.auc.interval?.high)))
            .real("pauc_mean", rows.iter().map(|row| row.pauc.mean))
            .optional("pauc_sd", rows.iter().map(|row| row.pauc.sd))
    }

    /// The largest normal score and the false alarms: mean and interval over seeds.
    fn false_alarms_table(&self) -> Table {
        let rows = &self.conditions;
        let table = by_model(rows.iter().map(|row| (&row.model, row.loss)))
            .optional("anr_db", rows.iter().map(|row| row.anr_db))
            .integer("seeds", rows.iter().map(|row| row.seeds as i64));
        let columns: [(&str, SpreadOf); 4] = [
            ("max_score_normal", |row| Some(row.max_score_normal)),
            ("max_normal_scaled", |row| row.max_normal_scaled),
            ("fpr_rare", |row| row.fpr_rare),
            ("fpr_frequent", |row| row.fpr_frequent),
        ];
        columns.into_iter().fold(table, |table, (name, of)| {
            table
                .optional(&format!("{name}_mean"), rows.iter().map(|row| Some(of(row)?.mean)))
                .optional(&format!("{name}_ci95_low"), rows.iter().map(|row| Some(of(row)?.interval?.low)))
                .optional(&format!("{name}_ci95_high"), rows.iter().map(|row| Some(of(row)?.interval?.high)))
        })
    }
}

/// A table that begins with model, what varies, and loss.
pub(super) fn by_model<'a>(rows: impl Iterator<Item = (&'a Model, ObjectiveName)> + Clone) -> Table {
    let models = || rows.clone().map(|(model, _)| model);
    let table = Table::new().text("model", models().map(|model| model.name.as_str()));
    let axes = models().next().map_or(0, |model| model.point.len());
    let varied = (0..axes).fold(table, |table, axis| {
        let key = models().next().map_or("", |model| model.point[axis].key.as_str());
        table.text(key, models().map(|model| model.point[axis].value.as_str()))
    });
    varied.text("loss", rows.clone().map(|(_, loss)| loss.to_string()))
}

fn run_rows(run: &Run, is_rare: impl Fn(&str) -> bool) -> Result<Vec<RunRow>> {
    let scoring = &run.cell.scoring;
    let rows = conditions(&run.scores.files, scoring.file).into_iter().map(|condition| {
        let threshold = threshold_at_tpr(&condition.anomalous, scoring.tpr)?;
        let alarms = |rare: bool| {
            if scoring.file != FileScore::Max {
                return None; // a threshold of mean scores says nothing of the largest
            }
            let pairs = run.scores.operations.iter().filter(|pair| is_rare(&pair.operation) == rare);
            let alarms: Vec<bool> = pairs.map(|pair| f64::from(pair.score) >= threshold).collect();
            let raised = alarms.iter().filter(|raised| **raised).count();
            (!alarms.is_empty()).then(|| raised as f64 / alarms.len() as f64)
        };
        Ok(RunRow {
            model: run.cell.model.clone(),
            loss: run.cell.loss,
            seed: run.cell.seed(),
            anr_db: condition.anr_db,
            auc: auc(&condition.normal, &condition.anomalous)?,
            pauc: partial_auc(&condition.normal, &condition.anomalous, scoring.max_fpr)?,
            max_score_normal: run.scores.max_normal(),
            max_normal_scaled: max_scaled(&condition.normal)?,
            fpr_rare: alarms(true),
            fpr_frequent: alarms(false),
            net: run.cell.cell.net.name.to_string(),
            score: run.cell.cell.score.to_string(),
        })
    });
    rows.collect()
}

/// By how many interquartile ranges the largest score lies above the median; none where they do not vary.
fn max_scaled(scores: &[f64]) -> Result<Option<f64>> {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = quantile(scores, 0.75)? - quantile(scores, 0.25)?;
    Ok((range > 0.0).then_some((largest - quantile(scores, 0.5)?) / range))
}

fn condition_rows(runs: &[RunRow], model: &Model, loss: ObjectiveName) -> Result<Vec<ConditionRow>> {
    let runs: Vec<&RunRow> = runs.iter().filter(|run| run.model == *model && run.loss == loss).collect();
    let mut anrs: Vec<Option<f64>> = Vec::new();
    runs.iter().for_each(|run| {
        if !anrs.contains(&run.anr_db) {
            anrs.push(run.anr_db);
        }
    });
    let rows = anrs.into_iter().map(|anr_db| {
        let runs: Vec<&RunRow> = runs.iter().copied().filter(|run| run.anr_db == anr_db).collect();
        let of =
            |value: fn(&RunRow) -> f64| Spread::of(&runs.iter().map(|run| value(run)).collect::<Vec<_>>());
        Ok(ConditionRow {
            model: model.clone(),
            loss,
            anr_db,
            seeds: runs.len(),
            auc: of(|run| run.auc)?,
            pauc: of(|run| run.pauc)?,
            max_score_normal: of(|run| run.max_score_normal)?,
            max_normal_scaled: Spread::of_known(runs.iter().filter_map(|run| run.max_normal_scaled))?,
            fpr_rare: Spread::of_known(runs.iter().filter_map(|run| run.fpr_rare))?,
            fpr_frequent: Spread::of_known(runs.iter().filter_map(|run| run.fpr_frequent))?,
        })
    });
    rows.collect()
}
