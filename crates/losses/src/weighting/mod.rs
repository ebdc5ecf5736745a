//! The weightings of normal samples: how much the score of each counts in the mean of an objective. A file a weighting.

pub(crate) mod density;
mod top_share;

use serde::{Deserialize, Serialize};

use crate::kde::{Kde, KdeConfig};
use crate::registry::SettingError;

/// w: how much the score of each normal sample of a mini-batch counts, with the numbers that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weighting {
    /// All alike (Eqs. 7 and 9).
    Uniform,
    /// By the reciprocal of the density (Eq. 16).
    Density(KdeConfig),
    /// By a power of that reciprocal.
    DensityPower {
        /// The density.
        density: KdeConfig,
        /// γ: 0 weighs all alike, 1 by the reciprocal itself.
        strength: f64,
    },
    /// The largest scores alone, all alike.
    TopShare {
        /// The share of the samples whose scores count; 0 is the one largest (the minimax of Sec. 3.1), 1 all.
        share: f64,
    },
}

impl Weighting {
    /// Whether the weights depend on the scores, so that they are each net's own; otherwise all nets that are trained
    /// on one mini-batch share them.
    pub fn reads_scores(&self) -> bool {
        match self {
            Self::Uniform | Self::Density(_) | Self::DensityPower { .. } => false,
            Self::TopShare { .. } => true,
        }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// A number that weights cannot be computed with.
    pub fn validate(&self) -> Result<(), SettingError> {
        match self {
            Self::Uniform => Ok(()),
            Self::Density(config) => Ok(config.validate()?),
            Self::DensityPower { density, strength } if (0.0..=10.0).contains(strength) => {
                Ok(density.validate()?)
            }
            Self::DensityPower { strength: found, .. } => Err(SettingError::Range {
                key: "density_strength",
                found: *found,
                expected: "a power from 0 to 10",
            }),
            Self::TopShare { share } if (0.0..=1.0).contains(share) => Ok(()),
            Self::TopShare { share: found } => {
                Err(SettingError::Range { key: "top_share", found: *found, expected: "a share from 0 to 1" })
            }
        }
    }

    /// The weights of `rows`, (M, D), with `scores`, (M): (M), cut off from the graph; none where all are alike.
    ///
    /// # Errors
    /// Those of candle.
    #[cfg(feature = "candle")]
    pub fn tensor(
        &self,
        rows: &candle_core::Tensor,
        scores: &candle_core::Tensor,
    ) -> candle_core::Result<Option<candle_core::Tensor>> {
        match self {
            Self::Uniform => Ok(None),
            Self::Density(config) => density::tensor(rows, *config).map(Some),
            Self::DensityPower { density, strength } => {
                density::tensor(rows, *density)?.powf(*strength).map(Some)
            }
            Self::TopShare { share } => top_share::tensor(scores, *share).map(Some),
        }
    }
}

/// Weighs mini-batches, with buffers that grow to the largest of them and are then kept.
#[derive(Debug)]
pub struct Weigher {
    method: Method,
    weights: Vec<f32>,
}

#[derive(Debug)]
enum Method {
    Uniform,
    /// With the power that its weights are raised to.
    Density(Box<Kde>, Option<f64>),
    TopShare(f64),
}

impl Weigher {
    /// Weighs rows of `dim` (D) features on at most `threads` threads of the current rayon pool.
    ///
    /// # Errors
    /// As [`Weighting::validate`]; D of zero.
    pub fn new(weighting: Weighting, dim: usize, threads: usize) -> Result<Self, SettingError> {
        let method = match weighting {
            Weighting::Uniform => Method::Uniform,
            Weighting::Density(config) => Method::Density(Box::new(Kde::new(dim, config, threads)?), None),
            Weighting::DensityPower { density, strength } => {
                Method::Density(Box::new(Kde::new(dim, density, threads)?), Some(strength))
            }
            Weighting::TopShare { share } => Method::TopShare(share),
        };
        Ok(Self { method, weights: Vec::new() })
    }

    /// The weight of each normal sample, not normalised; empty where all are alike.
    ///
    /// `rows` is (M, D) row-major and finite, `scores` holds M. The same bytes for any number of threads.
    ///
    /// # Panics
    /// When the lengths do not match.
    pub fn weigh(&mut self, rows: &[f32], scores: &[f32]) -> &[f32] {
        match &mut self.method {
            Method::Uniform => {}
            Method::Density(kde, strength) => {
                self.weights.resize(scores.len(), 0.0);
                kde.weights(rows, &mut self.weights);
                if let Some(strength) = strength {
                    density::strengthen(&mut self.weights, *strength);
                }
            }
            Method::TopShare(share) => {
                self.weights.resize(scores.len(), 0.0);
                top_share::weigh(scores, *share, &mut self.weights);
            }
        }
        &self.weights
    }

    /// The weights that [`weigh`](Self::weigh) gave last.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }
}
