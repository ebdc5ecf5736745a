//! The terms of anomalous samples: what an objective takes off for their scores. A file a term.

mod tanh;

use serde::{Deserialize, Serialize};

use crate::kde::in_range;
use crate::registry::SettingError;

/// L_a: what an objective takes off for the scores of anomalous samples, with the numbers that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Term {
    /// Nothing: anomalous samples are not looked at (Eq. 7).
    None,
    /// Their mean score, clipped by λ tanh(A / λ) (Eq. 10).
    Tanh {
        /// Clipping parameter λ, in units of the score.
        lambda: f64,
    },
}

impl Term {
    /// Whether anomalous samples are looked at.
    pub fn reads_anomalous(&self) -> bool {
        *self != Self::None
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// λ that is not from 1e-20 to 1e20.
    pub fn validate(&self) -> Result<(), SettingError> {
        match *self {
            Self::Tanh { lambda } if !in_range(lambda) => Err(SettingError::range("lambda", lambda)),
            _ => Ok(()),
        }
    }

    /// L_a of `scores`, and into `gradient` its derivative by each score.
    pub(crate) fn evaluate(&self, scores: &[f32], gradient: &mut [f32]) -> f64 {
        match *self {
            Self::Tanh { lambda } if !scores.is_empty() => tanh::evaluate(scores, lambda, gradient),
            _ => {
                gradient.fill(0.0);
                0.0
            }
        }
    }

    /// L_a of `scores`, (M), as a scalar in the graph; none where anomalous samples are not looked at.
    ///
    /// # Errors
    /// Those of candle.
    #[cfg(feature = "candle")]
    pub fn tensor(&self, scores: &candle_core::Tensor) -> candle_core::Result<Option<candle_core::Tensor>> {
        match *self {
            Self::None => Ok(None),
            Self::Tanh { lambda } => tanh::tensor(scores, lambda).map(Some),
        }
    }
}
