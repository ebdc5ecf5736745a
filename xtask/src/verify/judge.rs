//! What is measured of a trained net of the ring.

use anyhow::Result;
use eval::Grid;
use eval::ring::Density;
use features::ring::{DIM, Ring};
use features::rng::{Purpose, stream};
use harness::Workspace;
use models::{Engine, Parameters};
use serde::{Deserialize, Serialize};

use crate::config::{RingCell, RingScoring};

/// File of a score that holds its metrics.
pub(super) const METRICS: &str = "metrics.json";

/// Nodes of the grid in each direction between those that `scores.csv` holds.
const SCORES_EVERY: usize = 10;

/// The stream of samples that no net was trained on: epochs end long before it.
const FRESH: u64 = 1 << 50;

/// `metrics.json`: divergences in nats, and scores A(x) of N normal and N anomalous samples that the net was not
/// trained on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Metrics {
    /// D(p || q).
    pub(super) kld_p: f64,
    /// D(U || q).
    pub(super) kld_u: f64,
    /// Largest score of a normal sample.
    pub(super) max_score_normal: f64,
    /// Mean score of normal samples.
    pub(super) mean_score_normal: f64,
    /// Least score of an anomalous sample.
    pub(super) min_score_anomalous: f64,
    /// Mean score of anomalous samples.
    pub(super) mean_score_anomalous: f64,
}

/// The grid and the oracle densities on it, made once for all cells of one grid.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) grid: Grid,
    points: Vec<f32>,
    p: Density,
    u: Density,
}

impl Judge {
    /// Equal for cells that one judge serves.
    pub(super) fn key(scoring: &RingScoring) -> String {
        format!("{:?} {}", scoring.grid, scoring.samples.normal_radius)
    }

    pub(super) fn new(scoring: &RingScoring) -> Result<Self> {
        let grid = Grid::new(scoring.grid.half_width, scoring.grid.points)?;
        let border = scoring.samples.normal_radius;
        let p = Density::oracle(&grid, border, scoring.grid.cap)?;
        let u = Density::uniform(&grid, border)?;
        Ok(Self { points: grid.points(), grid, p, u })
    }

    /// A(x) at each node of the grid.
    pub(super) fn grid_scores(&self, cell: &RingCell, parameters: &Parameters) -> Result<Vec<f32>> {
        let mut scores = vec![0.0; self.grid.len()];
        cell.cell.net.settings.scorer(parameters)?.anomaly_scores(&self.points, &mut scores)?;
        Ok(scores)
    }

    /// Adds the score of a net: `metrics.json`, and `scores.csv` with A(x) on every n-th node of the grid.
    pub(super) fn score(
        &self,
        cell: &RingCell,
        parameters: &Parameters,
        workspace: &mut Workspace,
    ) -> Result<()> {
        let scores = self.grid_scores(cell, parameters)?;
        let q = Density::from_scores(&self.grid, &scores)?;
        let RingScoring { samples, seed, .. } = &cell.scoring;
        let ring = Ring::draw(samples, &mut stream(*seed, Purpose::Data, FRESH))?;
        let mut engine = cell.cell.net.settings.scorer(parameters)?;
        let normal = sample_scores(engine.as_mut(), ring.normal())?;
        let anomalous = sample_scores(engine.as_mut(), ring.anomalous())?;
        let metrics = Metrics {
            kld_p: self.p.kl_divergence(&q)?,
            kld_u: self.u.kl_divergence(&q)?,
            max_score_normal: normal.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            mean_score_normal: eval::stats::mean(&normal)?,
            min_score_anomalous: anomalous.iter().copied().fold(f64::INFINITY, f64::min),
            mean_score_anomalous: eval::stats::mean(&anomalous)?,
        };
        workspace.add(METRICS, (serde_json::to_string_pretty(&metrics)? + "\n").as_bytes())?;
        workspace.add("scores.csv", scores_csv(&self.grid, &scores).as_bytes())
    }
}

fn sample_scores(engine: &mut dyn Engine, samples: &[[f32; DIM]]) -> Result<Vec<f64>> {
    let mut scores = vec![0.0; samples.len()];
    engine.anomaly_scores(samples.as_flattened(), &mut scores)?;
    Ok(scores.into_iter().map(f64::from).collect())
}

fn scores_csv(grid: &Grid, scores: &[f32]) -> String {
    let mut text = "x1,x2,anomaly_score\n".to_owned();
    for row in (0..grid.side()).step_by(SCORES_EVERY) {
        for column in (0..grid.side()).step_by(SCORES_EVERY) {
            let score = scores[row * grid.side() + column];
            text += &format!("{:.4},{:.4},{score:.6}\n", grid.coordinate(column), grid.coordinate(row));
        }
    }
    text
}
