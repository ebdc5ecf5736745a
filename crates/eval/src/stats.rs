//! Statistics over seeds: mean, spread, median run, and intervals.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::EvalError;
use crate::error::all_finite;

/// An interval of confidence, 95 % where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Arithmetic mean.
///
/// # Errors
/// When there is no value, or one is not finite.
pub fn mean(values: &[f64]) -> Result<f64, EvalError> {
    check("mean", values, 1)?;
    Ok(plain_mean(values))
}

/// Sample standard deviation, with `n - 1` in the denominator.
///
/// # Errors
/// When there are fewer than two values, or one is not finite.
pub fn sd(values: &[f64]) -> Result<f64, EvalError> {
    check("standard deviation", values, 2)?;
    let mean = plain_mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Ok((squares / (values.len() - 1) as f64).sqrt())
}

/// Index of the median value: of the lower one of an even count, of the first among equals.
///
/// # Errors
/// When there is no value, or one is not finite.
pub fn median_index(values: &[f64]) -> Result<usize, EvalError> {
    check("median", values, 1)?;
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b])); // stable: equals stay in order
    Ok(order[(values.len() - 1) / 2])
}

/// Value below which the share `level` of the values lies, by linear interpolation (NumPy's default).
///
/// # Errors
/// When there is no value, or one is not finite.
///
/// # Panics
/// When `level` is not in `[0, 1]`.
pub fn quantile(values: &[f64], level: f64) -> Result<f64, EvalError> {
    check("quantile", values, 1)?;
    Ok(quantile_of_sorted(&sorted(values), level))
}

/// 95 % interval of the mean by Student's t distribution with `n - 1` degrees of freedom.
///
/// # Errors
/// When there are fewer than two values, or one is not finite.
pub fn t_interval(values: &[f64]) -> Result<Interval, EvalError> {
    let (mean, sd) = (mean(values)?, sd(values)?);
    let half = t_975(values.len() - 1) * sd / (values.len() as f64).sqrt();
    Ok(Interval { low: mean - half, high: mean + half })
}

/// 95 % percentile bootstrap interval of the mean, from `resamples` draws with replacement.
///
/// For a paired comparison hand in the differences, one for each pair (each seed): resampling them is
/// resampling the pairs.
///
/// # Errors
/// When there are fewer than two values, one is not finite, or `resamples` is zero.
pub fn bootstrap_interval(
    values: &[f64],
    resamples: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Interval, EvalError> {
    check("bootstrap interval", values, 2)?;
    if resamples == 0 {
        return Err(EvalError::TooFew { what: "bootstrap resamples", found: 0, needed: 1 });
    }
    // u32 and not usize, so that the same numbers are drawn on every platform.
    let count = values.len() as u32;
    let draw = |rng: &mut ChaCha8Rng| values[rng.random_range(0..count) as usize];
    let means: Vec<f64> =
        (0..resamples).map(|_| (0..count).map(|_| draw(rng)).sum::<f64>() / f64::from(count)).collect();
    Ok(percentile_interval(&means))
}

/// The middle 95 % of resampled values, of which there is at least one.
pub(crate) fn percentile_interval(resampled: &[f64]) -> Interval {
    let resampled = sorted(resampled);
    Interval { low: quantile_of_sorted(&resampled, 0.025), high: quantile_of_sorted(&resampled, 0.975) }
}

/// 97.5 % quantile of Student's t distribution: tabulated up to 15 degrees of freedom, above that the
/// Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5), there good to 1e-6.
fn t_975(freedom: usize) -> f64 {
    const TABLE: [f64; 15] = [
        12.706204736174694,
        4.302652729749462,
        3.1824463052837078,
        2.7764451051977934,
        2.5705818356363146,
        2.4469118511449786,
        2.364624251592784,
        2.306004135204166,
        2.262157162798205,
        2.228138851986274,
        2.200985160091639,
        2.1788128296672284,
        2.1603686564627913,
        2.144786687917804,
        2.131449545559776,
    ];
    if let Some(tabulated) = TABLE.get(freedom - 1) {
        return *tabulated;
    }
    let x: f64 = 1.959963984540054;
    let [x3, x5, x7, x9] = [3, 5, 7, 9].map(|power| x.powi(power));
    let terms = [
        (x3 + x) / 4.0,
        (5.0 * x5 + 16.0 * x3 + 3.0 * x) / 96.0,
        (3.0 * x7 + 19.0 * x5 + 17.0 * x3 - 15.0 * x) / 384.0,
        (79.0 * x9 + 776.0 * x7 + 1482.0 * x5 - 1920.0 * x3 - 945.0 * x) / 92160.0,
    ];
    terms.iter().rev().fold(0.0, |sum, term| (sum + term) / freedom as f64) + x
}

fn check(what: &'static str, values: &[f64], needed: usize) -> Result<(), EvalError> {
    if values.len() < needed {
        return Err(EvalError::TooFew { what, found: values.len(), needed });
    }
    all_finite(what, values)
}

fn plain_mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// [`quantile`] of values already in ascending order.
pub(crate) fn quantile_of_sorted(sorted: &[f64], level: f64) -> f64 {
    assert!((0.0..=1.0).contains(&level), "quantile level {level} is not in [0, 1]");
    let place = level * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn the_median_run_is_one_of_the_runs() {
        assert_eq!(median_index(&[3.0, 1.0, 2.0]).unwrap(), 2);
        assert_eq!(median_index(&[4.0, 3.0, 1.0, 2.0]).unwrap(), 3);
        assert_eq!(median_index(&[1.0, 1.0, 1.0]).unwrap(), 1);
        assert_eq!(median_index(&[5.0]).unwrap(), 0);
    }

    #[test]
    fn too_few_or_broken_values_are_refused() {
        assert!(mean(&[]).is_err() && sd(&[1.0]).is_err() && median_index(&[]).is_err());
        assert!(quantile(&[], 0.5).is_err() && t_interval(&[1.0]).is_err());
        let message = mean(&[1.0, f64::NAN]).unwrap_err().to_string();
        assert_eq!(message, "mean: value 1 is NaN, expected a finite number");
        let rng = &mut ChaCha8Rng::seed_from_u64(0);
        assert!(bootstrap_interval(&[1.0], 10, rng).is_err());
        assert!(bootstrap_interval(&[1.0, 2.0], 0, rng).is_err());
    }

    #[test]
    fn the_bootstrap_depends_on_its_generator_alone() {
        let values = [0.3, 0.1, 0.4, 0.15, 0.9];
        let run = |seed| bootstrap_interval(&values, 500, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap();
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}
