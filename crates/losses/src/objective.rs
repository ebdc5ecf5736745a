//! The objectives RE (Eq. 7), SNP (Eqs. 9, 10) and BU (Eq. 16) as functions of anomaly scores and weights.

use pulp::{Arch, Simd, WithSimd};

use crate::kde::in_range;
use crate::simd::sigmoid;

/// What training minimises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Objective {
    /// J^RE, the mean score of normal samples (Eq. 7).
    Re,
    /// J^SNP, which also pushes up the clipped scores of anomalous samples (Eqs. 9, 10).
    Snp {
        /// Clipping parameter λ, in units of the score.
        lambda: f64,
    },
    /// J^BU, which weights normal samples by the reciprocal of their density (Eq. 16).
    Bu {
        /// Clipping parameter λ, in units of the score.
        lambda: f64,
    },
}

/// The value of an objective and its two parts, `total` = `normal` - `anomalous`; and, to watch a training by, mean
/// and maximum of the normal scores without weights. Where a
/// normal score is no number, none of them is, but `anomalous`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Value {
    /// J.
    pub total: f64,
    /// The (weighted) mean score of normal samples.
    pub normal: f64,
    /// L_a of Eq. 10; zero for RE.
    pub anomalous: f64,
    /// Mean A(x) of the normal samples, unweighted.
    pub mean_score: f64,
    /// Maximum A(x) of the normal samples.
    pub max_score: f64,
}

/// A clipping parameter that is no positive number, or one beyond what `f32` can compute with.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("lambda: found {0}, expected a number from 1e-20 to 1e20")]
pub struct LambdaError(f64);

impl Objective {
    /// λ, where the objective has a term for anomalous samples.
    pub fn lambda(&self) -> Option<f64> {
        match *self {
            Self::Re => None,
            Self::Snp { lambda } | Self::Bu { lambda } => Some(lambda),
        }
    }

    /// Whether normal samples are weighted by their density.
    pub fn is_weighted(&self) -> bool {
        matches!(self, Self::Bu { .. })
    }

    /// Checks λ.
    ///
    /// # Errors
    /// When it is not from 1e-20 to 1e20.
    pub fn validate(&self) -> Result<(), LambdaError> {
        match self.lambda() {
            Some(lambda) if !in_range(lambda) => Err(LambdaError(lambda)),
            _ => Ok(()),
        }
    }

    /// The value of the objective, and into `gradient` its derivative by each score.
    ///
    /// `scores` and `gradient` hold the M_u normal samples first, then the M_a anomalous ones, which RE takes none
    /// of; `weights` holds M_u for BU and is not looked at otherwise. The weights are constants to the gradient.
    ///
    /// # Panics
    /// When the lengths do not match, or there is no normal sample.
    pub fn evaluate(&self, scores: &[f32], normal: usize, weights: &[f32], gradient: &mut [f32]) -> Value {
        assert!(0 < normal && normal <= scores.len(), "there are normal samples");
        assert_eq!(scores.len(), gradient.len(), "a derivative for each score");
        let (normal_scores, anomalous_scores) = scores.split_at(normal);
        let (normal_gradient, anomalous_gradient) = gradient.split_at_mut(normal);
        let value = match self {
            Self::Bu { .. } => weighted_mean(normal_scores, weights, normal_gradient),
            Self::Re | Self::Snp { .. } => mean(normal_scores, normal_gradient),
        };
        let anomalous = match self.lambda() {
            Some(lambda) if !anomalous_scores.is_empty() => {
                let clipped = clipped_mean(anomalous_scores, lambda, anomalous_gradient);
                anomalous_gradient.iter_mut().for_each(|derivative| *derivative = -*derivative);
                clipped
            }
            _ => {
                anomalous_gradient.fill(0.0);
                0.0
            }
        };
        Value { total: value.normal - anomalous, anomalous, ..value }
    }
}

/// 1/M Σ A_i, the first term of Eqs. 7 and 9.
fn mean(scores: &[f32], gradient: &mut [f32]) -> Value {
    let share = 1.0 / scores.len() as f64;
    gradient.fill(share as f32);
    let (mut sum, mut max) = (0.0, 0.0);
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
    let (mut weighted, mut sum, mut max) = (0.0, 0.0, 0.0);
    for ((derivative, weight), score) in gradient.iter_mut().zip(weights).zip(scores) {
        let weight = share * f64::from(*weight);
        *derivative = weight as f32;
        weighted += weight * f64::from(*score);
        sum += f64::from(*score);
        max = score.max(max);
    }
    normal_part(weighted, sum / scores.len() as f64, max)
}

/// What normal scores, which are no less than 0, give to the value.
fn normal_part(normal: f64, mean_score: f64, max: f32) -> Value {
    // The maximum skips a score that is no number; the mean does not.
    let max_score = if mean_score.is_nan() { f64::NAN } else { f64::from(max) };
    Value { normal, mean_score, max_score, ..Value::default() }
}

/// L_a = 1/M Σ λ tanh(A_j / λ) (Eq. 10), and its derivative 1/M (1 - tanh²(A_j / λ)) by each score.
fn clipped_mean(scores: &[f32], lambda: f64, gradient: &mut [f32]) -> f64 {
    let share = 1.0 / scores.len() as f64;
    gradient.copy_from_slice(scores);
    let sum = Arch::new().dispatch(Clip { scores: gradient, lambda: lambda as f32, share: share as f32 });
    share * lambda * sum
}

/// Sums tanh(A / λ) over scores and puts the derivatives in their place.
struct Clip<'a> {
    scores: &'a mut [f32],
    lambda: f32,
    share: f32,
}

impl WithSimd for Clip<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let (steepness, share) = (2.0 / self.lambda, self.share);
        let (head, tail) = S::as_mut_simd_f32s(self.scores);
        let mut sum = 0.0;
        for score in head {
            let (tanh, derivative) = clip(simd, *score, steepness, share);
            *score = derivative;
            sum += f64::from(simd.reduce_sum_f32s(tanh));
        }
        // Absent lanes load as zero, whose tanh is zero.
        let (tanh, derivative) = clip(simd, simd.partial_load_f32s(tail), steepness, share);
        simd.partial_store_f32s(tail, derivative);
        sum + f64::from(simd.reduce_sum_f32s(tanh))
    }
}

/// tanh(A / λ) and `share` times its derivative 1 - tanh²; `steepness` is 2 / λ, as tanh(z) = 2 s(2 z) - 1 with the
/// logistic function s.
#[inline(always)]
fn clip<S: Simd>(simd: S, score: S::f32s, steepness: f32, share: f32) -> (S::f32s, S::f32s) {
    let [one, two] = [simd.splat_f32s(1.0), simd.splat_f32s(2.0)];
    let [logistic] = sigmoid(simd, [simd.mul_f32s(simd.splat_f32s(steepness), score)]);
    let tanh = simd.sub_f32s(simd.mul_f32s(two, logistic), one);
    let slope = simd.mul_f32s(simd.sub_f32s(one, tanh), simd.add_f32s(one, tanh));
    (tanh, simd.mul_f32s(simd.splat_f32s(share), slope))
}
