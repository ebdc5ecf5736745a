//! Table 1: divergences of each loss over seeds, beside the paper's.

use anyhow::Result;
use eval::Table;
use losses::ObjectiveName;

use super::judge::Metrics;
use super::results::RunResult;
use crate::config::{PaperValues, RingExperiment};
use crate::report::counted_seeds;
use crate::spread::Spread;

/// A row: one loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) loss: ObjectiveName,
    pub(super) seeds: usize,
    pub(super) kld_p: Spread,
    pub(super) kld_u: Spread,
    pub(super) paper: Option<PaperValues>,
}

/// The rows of all losses that have a finished cell.
pub(super) struct Table1(pub(super) Vec<Row>);

/// How many sd lie between the mean over seeds and the paper's value; of three seeds or more, for fewer say little of
/// the sd.
pub(super) fn distance(ours: Spread, paper: Option<f64>) -> Option<f64> {
    ours.sd
        .filter(|_| ours.count >= 3)
        .filter(|sd| *sd > 0.0)
        .zip(paper)
        .map(|(sd, paper)| (ours.mean - paper) / sd)
}

impl Table1 {
    pub(super) fn new(experiment: &RingExperiment, runs: &[&RunResult]) -> Result<Self> {
        let mut rows = Vec::new();
        for loss in ObjectiveName::all() {
            let of = |value: fn(&Metrics) -> f64| -> Vec<f64> {
                runs.iter().filter(|run| run.cell.loss == loss).map(|run| value(&run.metrics)).collect()
            };
            let (kld_p, kld_u) = (of(|metrics| metrics.kld_p), of(|metrics| metrics.kld_u));
            if !kld_p.is_empty() {
                let paper = experiment.paper.get(&loss).copied();
                let (seeds, kld_p, kld_u) = (kld_p.len(), Spread::of(&kld_p)?, Spread::of(&kld_u)?);
                rows.push(Row { loss, seeds, kld_p, kld_u, paper });
            }
        }
        Ok(Self(rows))
    }

    /// The row of `loss`.
    pub(super) fn row(&self, loss: ObjectiveName) -> Option<&Row> {
        self.0.iter().find(|row| row.loss == loss)
    }

    /// `table1` and `runs`, by their names.
    pub(super) fn all(&self, runs: &[RunResult]) -> [(&'static str, Table); 2] {
        let real = |value: fn(&Row) -> f64| self.0.iter().map(value);
        let optional = |value: fn(&Row) -> Option<f64>| self.0.iter().map(value);
        let table = Table::new()
            .text("loss", self.0.iter().map(|row| row.loss.to_string()))
            .integer("seeds", self.0.iter().map(|row| row.seeds as i64))
            .real("kld_p_mean", real(|row| row.kld_p.mean))
            .optional("kld_p_sd", optional(|row| row.kld_p.sd))
            .real("kld_u_mean", real(|row| row.kld_u.mean))
            .optional("kld_u_sd", optional(|row| row.kld_u.sd))
            .optional("kld_p_paper", optional(|row| row.paper.map(|paper| paper.kld_p)))
            .optional("kld_u_paper", optional(|row| row.paper.map(|paper| paper.kld_u)));
        [("table1", table), ("runs", runs_table(runs))]
    }

    /// The table for people: ours, the paper's, and the difference in sd.
    pub(super) fn to_text(&self) -> String {
        let column = |value: fn(&Row) -> String| self.0.iter().map(value);
        let seeds = counted_seeds(self.0.iter().map(|row| row.seeds));
        let table = Table::new()
            .text("loss", column(|row| row.loss.to_string()))
            .text("D(p||q)", column(|row| row.kld_p.to_string()))
            .optional("paper", self.0.iter().map(|row| row.paper.map(|paper| paper.kld_p)))
            .text("differs by", column(|row| in_sd(distance(row.kld_p, row.paper.map(|paper| paper.kld_p)))))
            .text("D(U||q)", column(|row| row.kld_u.to_string()))
            .optional("paper ", self.0.iter().map(|row| row.paper.map(|paper| paper.kld_u)))
            .text(
                "differs by ",
                column(|row| in_sd(distance(row.kld_u, row.paper.map(|paper| paper.kld_u)))),
            );
        format!("Table 1, mean ± sd over {seeds}\n{}", table.to_text(3))
    }
}

/// A difference in standard deviations, in words.
pub(super) fn in_sd(distance: Option<f64>) -> String {
    distance.map_or_else(|| "-".to_owned(), |distance| format!("{distance:+.1} sd"))
}

/// `runs.csv`: one line a cell.
pub(super) fn runs_table(runs: &[RunResult]) -> Table {
    let real = |value: fn(&Metrics) -> f64| runs.iter().map(move |run| value(&run.metrics));
    Table::new()
        .text("loss", runs.iter().map(|run| run.cell.loss.to_string()))
        .integer("seed", runs.iter().map(|run| run.cell.seed() as i64))
        .real("kld_p", real(|metrics| metrics.kld_p))
        .real("kld_u", real(|metrics| metrics.kld_u))
        .real("max_score_normal", real(|metrics| metrics.max_score_normal))
        .real("mean_score_normal", real(|metrics| metrics.mean_score_normal))
        .real("min_score_anomalous", real(|metrics| metrics.min_score_anomalous))
}
