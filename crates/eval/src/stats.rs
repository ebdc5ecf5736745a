//! Statistics of values: mean, spread, median and quantiles.

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
        assert!(quantile(&[], 0.5).is_err());
        let message = mean(&[1.0, f64::NAN]).unwrap_err().to_string();
        assert_eq!(message, "mean: value 1 is NaN, expected a finite number");
    }
}
