//! `maxima.csv`: in which operation normal files score highest.

use std::collections::BTreeMap;

use anyhow::Result;
use eval::Table;
use eval::stats::mean;

use losses::ObjectiveName;

use super::results::Run;
use super::tables::by_model;
use crate::config::Model;

/// In which operation the largest frame of normal files lies, over the seeds of a model and loss.
pub(super) struct MaximaRow {
    pub(super) model: Model,
    pub(super) loss: ObjectiveName,
    pub(super) operation: String,
    /// Of the normal test sound that has labels.
    pub(super) share_of_time: f64,
    pub(super) rare: bool,
    pub(super) share_of_maxima: f64,
    /// Mean over normal files of the largest score in the operation.
    pub(super) mean_max_score: f64,
}

/// The rows of a model and loss, from all its seeds.
pub(super) fn rows(
    runs: &[&Run],
    model: &Model,
    loss: ObjectiveName,
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
            model: model.clone(),
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

/// `maxima.csv`.
pub(super) fn table(rows: &[MaximaRow]) -> Table {
    by_model(rows.iter().map(|row| (&row.model, row.loss)))
        .text("operation", rows.iter().map(|row| row.operation.as_str()))
        .text("rare", rows.iter().map(|row| if row.rare { "yes" } else { "no" }))
        .real("share_of_time", rows.iter().map(|row| row.share_of_time))
        .real("share_of_maxima", rows.iter().map(|row| row.share_of_maxima))
        .real("mean_max_score", rows.iter().map(|row| row.mean_max_score))
}
