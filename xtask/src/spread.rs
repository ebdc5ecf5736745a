//! A measure over seeds, as tables and reports of all experiments have it.

use std::fmt;

use eval::EvalError;
use eval::estimate::Estimate;
use eval::stats::{Interval, mean, sd};

/// Number of seeds, mean over them, standard deviation, and 95 % interval of the mean; the last two of two seeds or more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) count: usize,
    pub(crate) mean: f64,
    pub(crate) sd: Option<f64>,
    pub(crate) interval: Option<Interval>,
}

impl Spread {
    /// Of the values of all seeds.
    ///
    /// # Errors
    /// When there is no value, or one is not finite.
    pub(crate) fn of(values: &[f64]) -> Result<Self, EvalError> {
        let mean = mean(values)?;
        if values.len() < 2 {
            return Ok(Self { count: values.len(), mean, sd: None, interval: None });
        }
        Ok(Self {
            count: values.len(),
            mean,
            sd: Some(sd(values)?),
            interval: Estimate::over_seeds(values)?.map(|estimate| estimate.interval()),
        })
    }

    /// Of the values of the seeds that have one; none where no seed has.
    ///
    /// # Errors
    /// When a value is not finite.
    pub(crate) fn of_known(values: impl Iterator<Item = f64>) -> Result<Option<Self>, EvalError> {
        let values: Vec<f64> = values.collect();
        if values.is_empty() { Ok(None) } else { Self::of(&values).map(Some) }
    }
}

/// Mean ± standard deviation.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sd {
            Some(sd) => write!(f, "{:.3} ± {sd:.3}", self.mean),
            None => write!(f, "{:.3}", self.mean),
        }
    }
}
