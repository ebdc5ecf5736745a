//! What training minimises: a weighting of the normal samples and a term of the anomalous ones (Eqs. 7, 9, 16).

use serde::{Deserialize, Serialize};

use crate::registry::SettingError;
use crate::{Term, Weighting};

/// J = Σ w_i A(x_i) / Σ w_i - L_a, with the numbers that it reads and no others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// w, of the normal samples.
    pub weighting: Weighting,
    /// L_a, of the anomalous samples.
    pub term: Term,
}

/// The value of an objective and its two parts, `total` = `normal` - `anomalous`; and, to watch a training by, mean
/// and maximum of the normal scores without weights, and the spread of the weights. Where a normal score is NaN, all
/// but `anomalous` are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Value {
    /// J.
    pub total: f64,
    /// The (weighted) mean score of normal samples.
    pub normal: f64,
    /// L_a of Eq. 10; zero where anomalous samples are not looked at.
    pub anomalous: f64,
    /// Mean A(x) of the normal samples, unweighted.
    pub mean_score: f64,
    /// Maximum A(x) of the normal samples.
    pub max_score: f64,
    /// Standard deviation of the weights over their mean; none where all are alike.
    pub weight_spread: Option<f64>,
}

impl Objective {
    /// Checks the numbers.
    ///
    /// # Errors
    /// The first that the objective cannot be computed with.
    pub fn validate(&self) -> Result<(), SettingError> {
        self.weighting.validate()?;
        self.term.validate()
    }

    /// The value of the objective, and into `gradient` its derivative by each score.
    ///
    /// `scores` and `gradient` hold the M_u normal samples first, then the M_a anomalous ones, none where they are not
    /// looked at; `weights` holds M_u, or none where all are alike. The weights are constants to the gradient.
    ///
    /// # Panics
    /// When the lengths do not match, or there is no normal sample.
    pub fn evaluate(&self, scores: &[f32], normal: usize, weights: &[f32], gradient: &mut [f32]) -> Value {
        assert!(0 < normal && normal <= scores.len(), "there are normal samples");
        assert_eq!(scores.len(), gradient.len(), "a derivative for each score");
        let (normal_scores, anomalous_scores) = scores.split_at(normal);
        let (normal_gradient, anomalous_gradient) = gradient.split_at_mut(normal);
        let value = if weights.is_empty() {
            mean(normal_scores, normal_gradient)
        } else {
            weighted_mean(normal_scores, weights, normal_gradient)
        };
        let anomalous = self.term.evaluate(anomalous_scores, anomalous_gradient);
        anomalous_gradient.iter_mut().for_each(|derivative| *derivative = -*derivative);
        Value { total: value.normal - anomalous, anomalous, ..value }
    }
}

/// 1/M Σ A_i, the first term of Eqs. 7 and 9.
fn mean(scores: &[f32], gradient: &mut [f32]) -> Value {
    let share = 1.0 / scores.len() as f64;
    gradient.fill(share as f32);
    let mut sum = 0.0;
    let mut max = 0.0;
    for score in scores {
        sum += f64::from(*score);
        max = score.max(max);
    }
    normal_part(share * sum, share * sum, max)
}

/// Σ w_i A_i / Σ w_i, the first term of Eq. 16.
fn weighted_mean(scores: &[f32], weights: &[f32], gradient: &mut [f32]) -> Value {
    assert_eq!(scores.len(), weights.len(), "a weight for each normal score");
    let share = 1.0 / weights.iter().map(|weight| f64::from(*weight)).sum::<f64>();
    let mut weighted = 0.0;
    let mut sum = 0.0;
    let mut max = 0.0;
    for ((derivative, weight), score) in gradient.iter_mut().zip(weights).zip(scores) {
        let weight = share * f64::from(*weight);
        *derivative = weight as f32;
        weighted += weight * f64::from(*score);
        sum += f64::from(*score);
        max = score.max(max);
    }
    let value = normal_part(weighted, sum / scores.len() as f64, max);
    Value { weight_spread: Some(spread(weights)), ..value }
}

/// What normal scores, which are no less than 0, give to the value.
fn normal_part(normal: f64, mean_score: f64, max: f32) -> Value {
    // The maximum skips a NaN; the mean does not.
    let max_score = if mean_score.is_nan() { f64::NAN } else { f64::from(max) };
    Value { normal, mean_score, max_score, ..Value::default() }
}

/// Standard deviation over mean.
fn spread(weights: &[f32]) -> f64 {
    let count = weights.len() as f64;
    let mean = weights.iter().map(|weight| f64::from(*weight)).sum::<f64>() / count;
    let square = weights.iter().map(|weight| (f64::from(*weight) - mean).powi(2)).sum::<f64>() / count;
    square.sqrt() / mean
}

#[cfg(feature = "candle")]
impl Objective {
    /// J of normal scores (M_u) with their `weights` (M_u), where there are any, and of anomalous scores (M_a): a
    /// scalar in the graph.
    ///
    /// # Errors
    /// Those of candle, when the shapes do not match.
    pub fn tensor(
        &self,
        normal: &candle_core::Tensor,
        weights: Option<&candle_core::Tensor>,
        anomalous: &candle_core::Tensor,
    ) -> candle_core::Result<candle_core::Tensor> {
        let first = match weights {
            Some(weights) => (normal * weights)?.sum_all()?.div(&weights.sum_all()?)?,
            None => normal.mean_all()?,
        };
        match self.term.tensor(anomalous)? {
            Some(term) => first - term,
            None => Ok(first),
        }
    }
}
