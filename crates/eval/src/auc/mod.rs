//! The ROC curve and the areas under it, from ranks.

mod difference;
mod roc;

pub use difference::{PairedScores, difference};
pub use roc::{roc, threshold_at_tpr};

use crate::EvalError;
use crate::error::all_finite;

/// Area under the ROC curve: the probability that an anomalous score exceeds a normal one, ties counting half.
///
/// By the Mann-Whitney statistic with mid-ranks, in `O(n log n)`.
///
/// # Errors
/// When either side has no score, or one is not finite.
pub fn auc(normal: &[f64], anomalous: &[f64]) -> Result<f64, EvalError> {
    let ties = tied_groups(normal, anomalous)?;
    let (mut normal_below, mut wins) = (0.0, 0.0);
    for (normal_here, anomalous_here) in ties.into_iter().rev() {
        wins += anomalous_here * (normal_below + normal_here / 2.0);
        normal_below += normal_here;
    }
    Ok(wins / (normal.len() as f64 * anomalous.len() as f64))
}

/// Partial area under the ROC curve up to the false-positive rate `max_fpr`, standardised after McClish: 0.5 at
/// chance, 1 when perfect, as scikit-learn's `roc_auc_score(max_fpr=...)` and DCASE report it.
///
/// # Errors
/// As [`auc`], and when `max_fpr` is not in `(0, 1]`.
pub fn partial_auc(normal: &[f64], anomalous: &[f64], max_fpr: f64) -> Result<f64, EvalError> {
    if !(max_fpr > 0.0 && max_fpr <= 1.0) {
        return Err(EvalError::Rate { what: "highest false-positive rate", found: max_fpr });
    }
    if max_fpr == 1.0 {
        return auc(normal, anomalous); // as scikit-learn: nothing to standardise
    }
    let ties = tied_groups(normal, anomalous)?;
    let (mut fpr, mut tpr, mut area) = (0.0, 0.0, 0.0);
    for (normal_here, anomalous_here) in ties {
        let (across, up) = (normal_here / normal.len() as f64, anomalous_here / anomalous.len() as f64);
        let share = if fpr + across <= max_fpr { 1.0 } else { (max_fpr - fpr) / across };
        area += share * across * (tpr + share * up / 2.0);
        if share < 1.0 {
            break;
        }
        (fpr, tpr) = (fpr + across, tpr + up);
    }
    let chance = max_fpr * max_fpr / 2.0;
    Ok(0.5 * (1.0 + (area - chance) / (max_fpr - chance)))
}

/// Whose score it is: the index of a normal or of an anomalous file.
#[derive(Clone, Copy, Debug)]
enum File {
    Normal(usize),
    Anomalous(usize),
}

/// The files from the highest score to the lowest, those of one score together.
fn ranked(normal: &[f64], anomalous: &[f64]) -> Result<Vec<Vec<File>>, EvalError> {
    for (what, scores) in [("normal scores", normal), ("anomalous scores", anomalous)] {
        if scores.is_empty() {
            return Err(EvalError::TooFew { what, found: 0, needed: 1 });
        }
        all_finite(what, scores)?;
    }
    let normal = normal.iter().enumerate().map(|(index, score)| (*score, File::Normal(index)));
    let anomalous = anomalous.iter().enumerate().map(|(index, score)| (*score, File::Anomalous(index)));
    let mut files: Vec<(f64, File)> = normal.chain(anomalous).collect();
    files.sort_by(|a, b| b.0.total_cmp(&a.0));
    let ties = files.chunk_by(|a, b| a.0 == b.0); // == and not total_cmp: 0 and -0 are one score
    Ok(ties.map(|tie| tie.iter().map(|(_, file)| *file).collect()).collect())
}

/// How many normal and anomalous scores share each value, from the highest value to the lowest.
fn tied_groups(normal: &[f64], anomalous: &[f64]) -> Result<Vec<(f64, f64)>, EvalError> {
    let count = |tie: Vec<File>| {
        let normal = tie.iter().filter(|file| matches!(file, File::Normal(_))).count();
        (normal as f64, (tie.len() - normal) as f64)
    };
    Ok(ranked(normal, anomalous)?.into_iter().map(count).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition: every pair compared.
    fn by_pairs(normal: &[f64], anomalous: &[f64]) -> f64 {
        let win = |a: f64, n: f64| {
            if a > n {
                1.0
            } else if a == n {
                0.5
            } else {
                0.0
            }
        };
        let wins: f64 = anomalous.iter().map(|&a| normal.iter().map(|&n| win(a, n)).sum::<f64>()).sum();
        wins / (normal.len() * anomalous.len()) as f64
    }

    /// The definition: the ROC curve drawn threshold by threshold and cut at `max_fpr`, in thin slices.
    fn by_slices(normal: &[f64], anomalous: &[f64], max_fpr: f64) -> f64 {
        let rate = |scores: &[f64], threshold: f64| {
            scores.iter().filter(|s| **s >= threshold).count() as f64 / scores.len() as f64
        };
        let mut thresholds: Vec<f64> = normal.iter().chain(anomalous).copied().collect();
        thresholds.sort_by(|a, b| b.total_cmp(a));
        let mut roc = vec![(0.0, 0.0)];
        roc.extend(thresholds.iter().map(|t| (rate(normal, *t), rate(anomalous, *t))));
        let tpr_at = |fpr: f64| {
            let after = roc.iter().position(|(x, _)| *x > fpr).unwrap_or(roc.len() - 1);
            let ((x0, y0), (x1, y1)) = (roc[after.max(1) - 1], roc[after]);
            if x1 > x0 { y0 + (y1 - y0) * (fpr - x0) / (x1 - x0) } else { y1 }
        };
        let slices = 20_000;
        let area: f64 =
            (0..slices).map(|k| tpr_at(max_fpr * (f64::from(k) + 0.5) / f64::from(slices))).sum::<f64>();
        let (area, chance) = (area * max_fpr / f64::from(slices), max_fpr * max_fpr / 2.0);
        0.5 * (1.0 + (area - chance) / (max_fpr - chance))
    }

    fn few_levels() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec((-4i32..5).prop_map(f64::from), 1..40) // few levels: many ties
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn auc_is_the_share_of_pairs_won(normal in few_levels(), anomalous in few_levels()) {
            let found = auc(&normal, &anomalous).unwrap();
            prop_assert!((found - by_pairs(&normal, &anomalous)).abs() < 1e-12);
            let swapped = auc(&anomalous, &normal).unwrap();
            prop_assert!((found + swapped - 1.0).abs() < 1e-12);
        }

        #[test]
        fn auc_depends_on_order_alone(normal in few_levels(), anomalous in few_levels()) {
            let bent = |scores: &[f64]| scores.iter().map(|s| s.exp() - 7.0).collect::<Vec<_>>();
            prop_assert_eq!(auc(&normal, &anomalous).unwrap(), auc(&bent(&normal), &bent(&anomalous)).unwrap());
        }

        #[test]
        fn partial_auc_is_the_area_under_the_cut_curve(
            normal in few_levels(), anomalous in few_levels(), max_fpr in 0.05f64..1.0,
        ) {
            let found = partial_auc(&normal, &anomalous, max_fpr).unwrap();
            prop_assert!((found - by_slices(&normal, &anomalous, max_fpr)).abs() < 1e-3);
        }
    }

    #[test]
    fn chance_and_perfection() {
        assert_eq!(auc(&[0.0, 1.0], &[2.0, 3.0]).unwrap(), 1.0);
        assert_eq!(auc(&[1.0; 5], &[1.0; 3]).unwrap(), 0.5);
        assert_eq!(partial_auc(&[0.0, 1.0], &[2.0, 3.0], 0.1).unwrap(), 1.0);
        assert!((partial_auc(&[1.0; 5], &[1.0; 3], 0.1).unwrap() - 0.5).abs() < 1e-15);
        assert_eq!(auc(&[0.0], &[-0.0]).unwrap(), 0.5);
    }

    #[test]
    fn undefined_areas_are_errors_and_never_a_half() {
        assert!(auc(&[1.0], &[]).unwrap_err().to_string().contains("anomalous"));
        assert!(auc(&[], &[1.0]).is_err() && auc(&[f64::NAN], &[1.0]).is_err());
        for max_fpr in [0.0, -0.1, 1.1, f64::NAN] {
            assert!(partial_auc(&[1.0], &[2.0], max_fpr).is_err());
        }
    }
}
