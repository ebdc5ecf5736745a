//! `runs.csv`, `auc.csv` and `maxima.csv`, made from the scores of the finished cells.

use std::collections::BTreeMap;

use anyhow::Result;
use eval::Table;
use eval::auc::{auc, partial_auc, threshold_at_tpr};
use eval::stats::{mean, sd, t_interval};

use super::metrics::conditions;
use super::results::{Results, Run};
use crate::config::{FileScore, Loss, ScoringConfig};
use crate::harness::Store;

/// A run under one test condition.
pub(super) struct RunRow {
    pub(super) model: String,
    pub(super) loss: Loss,
    pub(super) seed: u64,
    pub(super) anr_db: Option<f64>,
    pub(super) auc: f64,
    pub(super) pauc: f64,
    pub(super) max_score_normal: f64,
    /// Of the stretches of rare operations in normal files, the share that reaches the threshold.
    pub(super) fpr_rare: Option<f64>,
    pub(super) fpr_frequent: Option<f64>,
}

/// All seeds of a model and loss under one test condition.
pub(super) struct AucRow {
    pub(super) model: String,
    pub(super) loss: Loss,
    pub(super) anr_db: Option<f64>,
    pub(super) seeds: usize,
    pub(super) auc: Spread,
    pub(super) pauc: Spread,
}

/// Mean over seeds, standard deviation, and 95 % interval of the mean; the last two of two seeds or more.
pub(super) struct Spread {
    pub(super) mean: f64,
    pub(super) sd: Option<f64>,
    pub(super) interval: Option<(f64, f64)>,
}

/// In which operation the largest frame of normal files lies, over the seeds of a model and loss.
pub(super) struct MaximaRow {
    pub(super) model: String,
    pub(super) loss: Loss,
    pub(super) operation: String,
    /// Of the normal test sound that has labels.
    pub(super) share_of_time: f64,
    pub(super) rare: bool,
    pub(super) share_of_maxima: f64,
    /// Mean over normal files of the largest score in the operation.
    pub(super) mean_max_score: f64,
}

/// All tables of a sweep.
pub(super) struct Tables {
    pub(super) runs: Vec<RunRow>,
    pub(super) auc: Vec<AucRow>,
    pub(super) maxima: Vec<MaximaRow>,
}

impl Tables {
    /// Measures every finished cell. `operations` are shares of the training time, by which an operation is rare.
    pub(super) fn new(
        results: &Results,
        scoring: &ScoringConfig,
        operations: &BTreeMap<String, f64>,
    ) -> Result<Self> {
        let is_rare =
            |operation: &str| operations.get(operation).is_none_or(|share| *share < scoring.rare_below);
        let mut tables = Self { runs: Vec::new(), auc: Vec::new(), maxima: Vec::new() };
        for run in &results.runs {
            tables.runs.extend(run_rows(run, scoring, &is_rare)?);
        }
        for model in results.models() {
            for loss in Loss::ALL {
                tables.auc.extend(auc_rows(&tables.runs, &model, loss)?);
                tables.maxima.extend(maxima_rows(&results.of(&model, loss), &model, loss, &is_rare)?);
            }
        }
        Ok(tables)
    }

    /// Writes each as CSV, and the runs and areas as Parquet too.
    pub(super) fn write(&self, store: &Store) -> Result<()> {
        for (name, table) in
            [("runs", self.runs_table()), ("auc", self.auc_table()), ("maxima", self.maxima_table())]
        {
            table.write_csv(&store.root().join(format!("{name}.csv")))?;
            table.write_parquet(&store.root().join(format!("{name}.parquet")))?;
        }
        Ok(())
    }

    fn runs_table(&self) -> Table {
        let rows = &self.runs;
        Table::new()
            .text("model", rows.iter().map(|row| row.model.as_str()))
            .text("loss", rows.iter().map(|row| row.loss.to_string()))
            .integer("seed", rows.iter().map(|row| row.seed.cast_signed()))
            .optional("anr_db", rows.iter().map(|row| row.anr_db))
            .real("auc", rows.iter().map(|row| row.auc))
            .real("pauc", rows.iter().map(|row| row.pauc))
            .real("max_score_normal", rows.iter().map(|row| row.max_score_normal))
            .optional("fpr_rare", rows.iter().map(|row| row.fpr_rare))
            .optional("fpr_frequent", rows.iter().map(|row| row.fpr_frequent))
    }

    /// The areas: mean, sd and interval over seeds.
    pub(super) fn auc_table(&self) -> Table {
        let rows = &self.auc;
        Table::new()
            .text("model", rows.iter().map(|row| row.model.as_str()))
            .text("loss", rows.iter().map(|row| row.loss.to_string()))
            .optional("anr_db", rows.iter().map(|row| row.anr_db))
            .integer("seeds", rows.iter().map(|row| row.seeds as i64))
            .real("auc_mean", rows.iter().map(|row| row.auc.mean))
            .optional("auc_sd", rows.iter().map(|row| row.auc.sd))
            .optional("auc_ci95_low", rows.iter().map(|row| Some(row.auc.interval?.0)))
            .optional("auc_ci95_high", rows.iter().map(|row| Some(row.auc.interval?.1)))
            .real("pauc_mean", rows.iter().map(|row| row.pauc.mean))
            .optional("pauc_sd", rows.iter().map(|row| row.pauc.sd))
    }

    fn maxima_table(&self) -> Table {
        let rows = &self.maxima;
        Table::new()
            .text("model", rows.iter().map(|row| row.model.as_str()))
            .text("loss", rows.iter().map(|row| row.loss.to_string()))
            .text("operation", rows.iter().map(|row| row.operation.as_str()))
            .text("rare", rows.iter().map(|row| if row.rare { "yes" } else { "no" }))
            .real("share_of_time", rows.iter().map(|row| row.share_of_time))
            .real("share_of_maxima", rows.iter().map(|row| row.share_of_maxima))
            .real("mean_max_score", rows.iter().map(|row| row.mean_max_score))
    }
}

fn run_rows(run: &Run, scoring: &ScoringConfig, is_rare: &impl Fn(&str) -> bool) -> Result<Vec<RunRow>> {
    let rows = conditions(&run.scores.files, scoring.file).into_iter().map(|condition| {
        let threshold = threshold_at_tpr(&condition.anomalous, scoring.tpr)?;
        let alarms = |rare: bool| {
            if scoring.file != FileScore::Max {
                return None; // a threshold of mean scores says nothing of the largest in a stretch
            }
            let stretches =
                run.scores.operations.iter().filter(|stretch| is_rare(&stretch.operation) == rare);
            let alarms: Vec<bool> = stretches.map(|stretch| f64::from(stretch.score) >= threshold).collect();
            let raised = alarms.iter().filter(|raised| **raised).count();
            (!alarms.is_empty()).then(|| raised as f64 / alarms.len() as f64)
        };
        Ok(RunRow {
            model: run.cell.model_name(),
            loss: run.cell.loss,
            seed: run.cell.seed,
            anr_db: condition.anr_db,
            auc: auc(&condition.normal, &condition.anomalous)?,
            pauc: partial_auc(&condition.normal, &condition.anomalous, scoring.max_fpr)?,
            max_score_normal: run.scores.max_normal(),
            fpr_rare: alarms(true),
            fpr_frequent: alarms(false),
        })
    });
    rows.collect()
}

fn auc_rows(runs: &[RunRow], model: &str, loss: Loss) -> Result<Vec<AucRow>> {
    let runs: Vec<&RunRow> = runs.iter().filter(|run| run.model == model && run.loss == loss).collect();
    let mut anrs: Vec<Option<f64>> = Vec::new();
    runs.iter().for_each(|run| {
        if !anrs.contains(&run.anr_db) {
            anrs.push(run.anr_db);
        }
    });
    let rows = anrs.into_iter().map(|anr_db| {
        let of = |value: fn(&RunRow) -> f64| -> Result<Spread> {
            Spread::of(
                &runs.iter().filter(|run| run.anr_db == anr_db).map(|run| value(run)).collect::<Vec<_>>(),
            )
        };
        let seeds = runs.iter().filter(|run| run.anr_db == anr_db).count();
        let (auc, pauc) = (of(|run| run.auc)?, of(|run| run.pauc)?);
        Ok(AucRow { model: model.to_owned(), loss, anr_db, seeds, auc, pauc })
    });
    rows.collect()
}

impl Spread {
    pub(super) fn of(values: &[f64]) -> Result<Self> {
        let several = values.len() > 1;
        let interval = if several { Some(t_interval(values)?) } else { None };
        Ok(Self {
            mean: mean(values)?,
            sd: if several { Some(sd(values)?) } else { None },
            interval: interval.map(|interval| (interval.low, interval.high)),
        })
    }
}

fn maxima_rows(
    runs: &[&Run],
    model: &str,
    loss: Loss,
    is_rare: &impl Fn(&str) -> bool,
) -> Result<Vec<MaximaRow>> {
    // Of each operation: frames, largest scores of a file in it, and files whose largest frame is in it.
    let mut found = BTreeMap::<&str, (usize, Vec<f64>, usize)>::new();
    for stretch in runs.iter().flat_map(|run| &run.scores.operations) {
        let of = found.entry(&stretch.operation).or_default();
        of.0 += stretch.frames;
        of.1.push(f64::from(stretch.score));
    }
    let normal = runs.iter().flat_map(|run| &run.scores.files).filter(|file| file.label == "normal");
    for file in normal {
        if let Some(of) = found.get_mut(file.operation.as_str()) {
            of.2 += 1;
        }
    }
    let frames: usize = found.values().map(|of| of.0).sum();
    let files: usize = found.values().map(|of| of.2).sum();
    let rows = found.into_iter().map(|(operation, (count, scores, maxima))| {
        Ok(MaximaRow {
            model: model.to_owned(),
            loss,
            operation: operation.to_owned(),
            share_of_time: count as f64 / frames as f64,
            rare: is_rare(operation),
            share_of_maxima: maxima as f64 / files.max(1) as f64,
            mean_max_score: mean(&scores)?,
        })
    });
    rows.collect()
}
