//! Whether this machine's numbers agree with the committed ones.

use std::fs;
use std::path::Path;

use harness::Folder;
use harness::csv_rows::read_csv;
use serde::Deserialize;

use super::judge::Metrics;
use super::results::Results;

/// Largest difference that another instruction set makes of 5,000 updates, relative to the larger of the number and
/// [`FLOOR`].
const TOLERANCE: f64 = 1e-3;
const FLOOR: f64 = 0.1;

/// What is read of a line of `runs.csv`.
#[derive(Deserialize)]
struct Row {
    kld_p: f64,
    kld_u: f64,
    max_score_normal: f64,
    mean_score_normal: f64,
    min_score_anomalous: f64,
}

impl Row {
    /// The largest relative difference from `metrics`.
    fn difference(&self, metrics: &Metrics) -> f64 {
        let pairs = [
            (self.kld_p, metrics.kld_p),
            (self.kld_u, metrics.kld_u),
            (self.max_score_normal, metrics.max_score_normal),
            (self.mean_score_normal, metrics.mean_score_normal),
            (self.min_score_anomalous, metrics.min_score_anomalous),
        ];
        pairs.into_iter().map(|(a, b)| (a - b).abs() / a.abs().max(FLOOR)).fold(0.0, f64::max)
    }
}

/// Holds `results` against the committed ones at `reference`, net by net, where both have the same score; in a line.
/// Nothing where nothing is committed there.
pub(super) fn compare(results: &Results, reference: &Path) -> Option<String> {
    let rows: Vec<Row> = read_csv(&fs::read(reference.join("runs.csv")).ok()?).ok()?;
    let committed = Folder::at(reference.to_owned()).scores();
    let mut worst: f64 = 0.0;
    let mut count = 0;
    for (row, score) in rows.iter().zip(&committed) {
        if let Some(run) = results.runs.iter().find(|run| run.cell.cell.score == *score) {
            worst = worst.max(row.difference(&run.metrics));
            count += 1;
        }
    }
    let reference = reference.display();
    Some(match count {
        0 => format!("Not compared with {reference}: no net has the settings of those there\n"),
        _ if worst <= TOLERANCE => {
            format!(
                "Agrees with {reference}: {count} nets, off by {worst:.1e} at most (tolerance {TOLERANCE:.0e})\n"
            )
        }
        _ => format!(
            "DISAGREES with {reference}: {count} nets, off by {worst:.1e} (tolerance {TOLERANCE:.0e})\n"
        ),
    })
}
