//! What is measured of a trained cell.

use anyhow::Result;
use eval::Grid;
use eval::ring::Density;
use features::ring::{DIM, Ring};
use features::rng::{Purpose, stream};
use models::Engine;
use serde::{Deserialize, Serialize};

use crate::config::RingCell;

/// `metrics.json`: divergences in nats, and scores A(x) of the N normal and N anomalous samples.
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
    pub(super) fn key(cell: &RingCell) -> String {
        format!("{:?} {}", cell.grid, cell.data.normal_radius)
    }

    pub(super) fn new(cell: &RingCell) -> Result<Self> {
        let (grid, border) = (Grid::new(cell.grid.half_width, cell.grid.points)?, cell.data.normal_radius);
        let p = Density::oracle(&grid, border, cell.grid.cap)?;
        let u = Density::uniform(&grid, border)?;
        Ok(Self { points: grid.points(), grid, p, u })
    }

    /// A(x) at each node of the grid.
    pub(super) fn scores(&self, engine: &mut dyn Engine) -> Result<Vec<f32>> {
        let mut scores = vec![0.0; self.grid.len()];
        engine.anomaly_scores(&self.points, &mut scores)?;
        Ok(scores)
    }

    /// Metrics of `engine`, and its scores on the grid.
    pub(super) fn judge(&self, cell: &RingCell, engine: &mut dyn Engine) -> Result<(Metrics, Vec<f32>)> {
        let scores = self.scores(engine)?;
        let q = Density::from_scores(&self.grid, &scores)?;
        let ring = Ring::draw(&cell.ring(), &mut stream(cell.seed, Purpose::Data, 0))?;
        let [normal, anomalous] =
            [ring.normal(), ring.anomalous()].map(|samples| sample_scores(engine, samples));
        let (normal, anomalous) = (normal?, anomalous?);
        let metrics = Metrics {
            kld_p: self.p.kl_divergence(&q)?,
            kld_u: self.u.kl_divergence(&q)?,
            max_score_normal: normal.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            mean_score_normal: eval::stats::mean(&normal)?,
            min_score_anomalous: anomalous.iter().copied().fold(f64::INFINITY, f64::min),
            mean_score_anomalous: eval::stats::mean(&anomalous)?,
        };
        Ok((metrics, scores))
    }
}

fn sample_scores(engine: &mut dyn Engine, samples: &[[f32; DIM]]) -> Result<Vec<f64>> {
    let mut scores = vec![0.0; samples.len()];
    engine.anomaly_scores(samples.as_flattened(), &mut scores)?;
    Ok(scores.into_iter().map(f64::from).collect())
}
