//! A mean with its uncertainty, by Student's t.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::EvalError;
use crate::stats::{Interval, mean, sd};

/// A mean, and how far it may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// What varies with the seeds.
    pub seeds: Part,
    /// What varies with the test files beside.
    pub files: Part,
}

/// A part of the variance of a mean, and how well it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The variance of the mean.
    pub variance: f64,
    /// Degrees of freedom of the variance.
    pub freedom: f64,
}

/// What does not vary.
const NONE: Part = Part { variance: 0.0, freedom: f64::INFINITY };

impl Part {
    /// The variance, stretched by the square of Student's t that leaves out the share `p` on both sides.
    fn stretched(self, p: f64) -> f64 {
        if self.variance == 0.0 {
            0.0
        } else {
            self.variance * t_quantile(self.freedom, 1.0 - p / 2.0).powi(2)
        }
    }
}

/// The quantile `level` of Student's t distribution.
fn t_quantile(freedom: f64, level: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).expect("degrees of freedom are positive").inverse_cdf(level)
}

impl Estimate {
    /// Of one value a seed; none of a single seed, which says nothing of its spread.
    ///
    /// # Errors
    /// When there is no value, or one is not finite.
    pub fn over_seeds(values: &[f64]) -> Result<Option<Self>, EvalError> {
        let mean = mean(values)?;
        if values.len() < 2 {
            return Ok(None);
        }
        let count = values.len() as f64;
        let seeds = Part { variance: sd(values)?.powi(2) / count, freedom: count - 1.0 };
        Ok(Some(Self { mean, seeds, files: NONE }))
    }

    /// Half the width of the interval that leaves out the share `p`: each part of the variance is stretched by its own
    /// t, after Cochran. Degrees of freedom for the whole, as Satterthwaite has them, cover too little of three seeds
    /// (92.5 % in place of 95): a variance that is small by chance counts as well known there.
    fn half_width(&self, p: f64) -> f64 {
        (self.seeds.stretched(p) + self.files.stretched(p)).sqrt()
    }

    /// The 95 % interval of the mean.
    pub fn interval(&self) -> Interval {
        let half = self.half_width(0.05);
        Interval { low: self.mean - half, high: self.mean + half }
    }

    /// The probability of a mean so far from `bound`, on either side, where the true one is `bound`: the largest `p`
    /// whose interval holds the bound.
    pub fn p_value(&self, bound: f64) -> f64 {
        let distance = (self.mean - bound).abs();
        let mut within = 1e-15;
        let mut beyond = 1.0;
        if distance == 0.0 {
            return beyond;
        }
        if self.half_width(within) < distance {
            return 0.0;
        }
        // The width falls with p; halved in its logarithm, to a relative error of 1e-12.
        while beyond / within > 1.0 + 1e-12 {
            let between = f64::sqrt(within * beyond);
            if self.half_width(between) >= distance {
                within = between;
            } else {
                beyond = between;
            }
        }
        within
    }
}

/// The p-values `p` after Holm's correction: each is at least as large as before, and rejecting those below 0.05 errs
/// once in twenty times at most over all of them together.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut corrected = vec![0.0; p.len()];
    let mut largest: f64 = 0.0;
    for (rank, index) in order.into_iter().enumerate() {
        largest = largest.max(((p.len() - rank) as f64 * p[index]).min(1.0));
        corrected[index] = largest;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_p_value_is_that_of_the_interval_which_ends_at_the_bound() {
        let part = |variance, freedom| Part { variance, freedom };
        for (seeds, files) in [(part(0.01, 2.0), NONE), (part(0.01, 4.0), part(0.02, 100.0))] {
            let estimate = Estimate { mean: 0.3, seeds, files };
            let Interval { low, high } = estimate.interval();
            assert!(
                (estimate.p_value(low) - 0.05).abs() < 1e-9 && (estimate.p_value(high) - 0.05).abs() < 1e-9
            );
            assert!(estimate.p_value(low - 0.1) < 0.05 && estimate.p_value(0.3) == 1.0);
        }
        let sure = Estimate { mean: 0.3, seeds: NONE, files: NONE };
        assert_eq!((sure.p_value(0.0), sure.p_value(0.3)), (0.0, 1.0));
    }
}
