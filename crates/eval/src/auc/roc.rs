//! The ROC curve itself, and the threshold that reaches a true-positive rate.

use super::tied_groups;
use crate::EvalError;
use crate::error::all_finite;

/// The ROC curve: points (false-positive rate, true-positive rate) from (0, 0) to (1, 1), one for each threshold
/// from the highest score down. Tied normal and anomalous scores make one diagonal step, so that the trapezoids
/// under the curve add up to [`super::auc`].
///
/// # Errors
/// When either side has no score, or one is not finite.
pub fn roc(normal: &[f64], anomalous: &[f64]) -> Result<Vec<[f64; 2]>, EvalError> {
    let (mut false_positives, mut true_positives) = (0.0, 0.0);
    let steps = tied_groups(normal, anomalous)?.into_iter().map(|(normal_here, anomalous_here)| {
        false_positives += normal_here;
        true_positives += anomalous_here;
        [false_positives / normal.len() as f64, true_positives / anomalous.len() as f64]
    });
    Ok(std::iter::once([0.0, 0.0]).chain(steps).collect())
}

/// The largest threshold `φ` at which the share of anomalous scores `A ≥ φ` (Eq. 4) is at least `tpr`.
///
/// # Errors
/// When there is no score, one is not finite, or `tpr` is not in `(0, 1]`.
pub fn threshold_at_tpr(anomalous: &[f64], tpr: f64) -> Result<f64, EvalError> {
    if !(tpr > 0.0 && tpr <= 1.0) {
        return Err(EvalError::Rate { what: "true-positive rate", found: tpr });
    }
    all_finite("anomalous scores", anomalous)?;
    let mut scores = anomalous.to_vec();
    scores.sort_by(|a, b| b.total_cmp(a));
    // The same division as whoever counts the share afterwards: no rounding of `tpr * count` to fear.
    let reached = (1..=scores.len()).find(|found| *found as f64 / scores.len() as f64 >= tpr);
    match reached {
        Some(found) => Ok(scores[found - 1]),
        None => Err(EvalError::TooFew { what: "anomalous scores", found: 0, needed: 1 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auc::auc;
    use proptest::prelude::*;

    fn few_levels() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec((-4i32..5).prop_map(f64::from), 1..40) // few levels: many ties
    }

    fn share_at_or_above(scores: &[f64], threshold: f64) -> f64 {
        scores.iter().filter(|score| **score >= threshold).count() as f64 / scores.len() as f64
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_area_under_the_curve_is_the_auc(normal in few_levels(), anomalous in few_levels()) {
            let curve = roc(&normal, &anomalous).unwrap();
            let area: f64 = curve.windows(2).map(|p| (p[1][0] - p[0][0]) * (p[0][1] + p[1][1]) / 2.0).sum();
            prop_assert!((area - auc(&normal, &anomalous).unwrap()).abs() < 1e-12);
        }

        #[test]
        fn every_threshold_has_its_point(normal in few_levels(), anomalous in few_levels()) {
            let mut levels: Vec<f64> = normal.iter().chain(&anomalous).copied().collect();
            levels.sort_by(|a, b| b.total_cmp(a));
            levels.dedup();
            let mut expected = vec![[0.0, 0.0]];
            expected.extend(levels.iter().map(|t| [share_at_or_above(&normal, *t), share_at_or_above(&anomalous, *t)]));
            prop_assert_eq!(expected.last(), Some(&[1.0, 1.0]));
            prop_assert_eq!(roc(&normal, &anomalous).unwrap(), expected);
        }

        #[test]
        fn the_threshold_is_the_largest_that_reaches_the_rate(anomalous in few_levels(), tpr in 0.01f64..=1.0) {
            // The share changes at the scores alone, so the largest threshold is one of them.
            let reaching = anomalous.iter().copied().filter(|t| share_at_or_above(&anomalous, *t) >= tpr);
            let largest = reaching.fold(f64::NEG_INFINITY, f64::max);
            prop_assert_eq!(threshold_at_tpr(&anomalous, tpr).unwrap(), largest);
        }
    }

    #[test]
    fn ninety_percent_of_ten_are_nine() {
        let scores: Vec<f64> = (1..=10).map(f64::from).collect();
        assert_eq!(threshold_at_tpr(&scores, 0.9).unwrap(), 2.0);
        assert_eq!(threshold_at_tpr(&scores, 0.91).unwrap(), 1.0);
        assert_eq!(threshold_at_tpr(&scores, 1e-9).unwrap(), 10.0);
    }

    #[test]
    fn a_tie_is_one_diagonal_step() {
        assert_eq!(roc(&[1.0, 0.0], &[1.0, 2.0]).unwrap(), [[0.0, 0.0], [0.0, 0.5], [0.5, 1.0], [1.0, 1.0]]);
    }

    #[test]
    fn undefined_curves_and_thresholds_are_errors() {
        assert!(roc(&[], &[1.0]).is_err() && roc(&[1.0], &[]).is_err() && roc(&[1.0], &[f64::NAN]).is_err());
        assert!(threshold_at_tpr(&[], 0.9).unwrap_err().to_string().contains("found 0 values"));
        assert!(threshold_at_tpr(&[1.0, f64::INFINITY], 0.9).is_err());
        for tpr in [0.0, -0.1, 1.1, f64::NAN] {
            let message = threshold_at_tpr(&[1.0], tpr).unwrap_err().to_string();
            assert!(message.starts_with("true-positive rate is"), "{message}");
        }
    }
}
