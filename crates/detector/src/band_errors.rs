//! How well normal sounds are reconstructed, band by band.

use crate::model::{Model, ModelScorer};

/// Rows of a sound that are looked at.
const ROWS: usize = 16;

/// Squared errors of each band, summed over rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct BandErrors {
    sums: Vec<f64>,
    rows: usize,
}

impl BandErrors {
    /// Of some rows, evenly spread, of `frames`, (frames, M), which are not yet to scale.
    pub(crate) fn of(scorer: &ModelScorer, frames: &[f32]) -> Self {
        let front_end = scorer.model.front_end;
        let rows = (frames.len() / front_end.bands).saturating_sub(2 * front_end.context);
        let mut errors = Self::default();
        for row in (0..rows).step_by(rows.div_ceil(ROWS).max(1)) {
            errors.add(&Self { sums: scorer.band_errors(frames, row, row + 1), rows: 1 });
        }
        errors
    }

    /// Takes those of another sound in.
    pub(crate) fn add(&mut self, other: &Self) {
        self.sums.resize(self.sums.len().max(other.sums.len()), 0.0);
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, error)| *sum += error);
        self.rows += other.rows;
    }

    /// The mean squared error of each band of `model`, (M).
    pub(crate) fn mean(&self, model: &Model) -> Vec<f32> {
        let mut means = vec![0.0; model.front_end.bands];
        let rows = self.rows.max(1) as f64;
        means.iter_mut().zip(&self.sums).for_each(|(mean, sum)| *mean = (sum / rows) as f32);
        means
    }
}
