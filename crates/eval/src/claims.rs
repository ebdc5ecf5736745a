//! Claims of the paper, each with the statistic that decides it.

use std::fmt;

use rand_chacha::ChaCha8Rng;

use crate::EvalError;
use crate::error::all_finite;
use crate::stats::{Interval, bootstrap_interval, mean, t_interval};

/// Resamples behind the interval of a claim.
pub const RESAMPLES: usize = 10_000;

/// Runs from which on the interval of a claim is a bootstrap.
pub const ENOUGH: usize = 8;

/// What the runs say about a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The whole interval lies on the claimed side of the bound.
    Holds,
    /// The whole interval lies on the other side.
    Fails,
    /// The interval holds the bound, or a single run gives none.
    Undecided,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Holds => "holds",
            Self::Fails => "does not hold",
            Self::Undecided => "undecided",
        })
    }
}

/// A claim, the number that decides it, and whether it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The claim in words.
    pub text: String,
    /// The statistic in words: what one run (one seed) contributes, and the bound.
    pub statistic: String,
    /// Mean of the statistic over runs.
    pub estimate: f64,
    /// 95 % interval of that mean; none from a single run.
    pub interval: Option<Interval>,
    /// Whether the claim holds.
    pub verdict: Verdict,
}

/// Side of the bound on which a claim puts its statistic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected {
    /// The mean is above this bound.
    Above(f64),
    /// The mean is below this bound.
    Below(f64),
}

impl Claim {
    /// Decides a claim from one value a run, by the percentile bootstrap of its mean, or by Student's t where there
    /// are fewer than [`ENOUGH`] runs. For a comparison of two losses, hand in the difference (or ratio)
    /// within each seed, so that runs stay paired.
    ///
    /// # Errors
    /// When there is no value, or one is not finite.
    pub fn decide(
        text: &str,
        statistic: &str,
        values: &[f64],
        expected: Expected,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, EvalError> {
        let estimate = mean(values)?;
        let interval = match values.len() {
            0 | 1 => None,
            // Resampled, so few values give little more than their range.
            2..ENOUGH => Some(t_interval(values)?),
            _ => Some(bootstrap_interval(values, RESAMPLES, rng)?),
        };
        Self::of_interval(text, statistic, estimate, interval, expected)
    }

    /// Decides a claim by an interval that is already there.
    ///
    /// # Errors
    /// When the estimate or an end of the interval is not finite.
    fn of_interval(
        text: &str,
        statistic: &str,
        estimate: f64,
        interval: Option<Interval>,
        expected: Expected,
    ) -> Result<Self, EvalError> {
        let ends = interval.map_or([estimate; 2], |interval| [interval.low, interval.high]);
        all_finite(&format!("estimate and interval of \"{text}\""), &[estimate, ends[0], ends[1]])?;
        let verdict = interval.map_or(Verdict::Undecided, |interval| expected.verdict(interval));
        Ok(Self { text: text.to_owned(), statistic: statistic.to_owned(), estimate, interval, verdict })
    }
}

impl Expected {
    fn verdict(self, Interval { low, high }: Interval) -> Verdict {
        let (holds, fails) = match self {
            Self::Above(bound) => (low > bound, high < bound),
            Self::Below(bound) => (high < bound, low > bound),
        };
        if holds {
            Verdict::Holds
        } else if fails {
            Verdict::Fails
        } else {
            Verdict::Undecided
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn verdict(values: &[f64], expected: Expected) -> Verdict {
        let rng = &mut ChaCha8Rng::seed_from_u64(4);
        Claim::decide("claim", "statistic", values, expected, rng).unwrap().verdict
    }

    #[test]
    fn the_interval_decides() {
        let clear = [0.9, 1.0, 1.1, 1.2];
        assert_eq!(verdict(&clear, Expected::Above(0.0)), Verdict::Holds);
        assert_eq!(verdict(&clear, Expected::Below(0.0)), Verdict::Fails);
        assert_eq!(verdict(&clear, Expected::Below(2.0)), Verdict::Holds);
        assert_eq!(verdict(&clear, Expected::Above(2.0)), Verdict::Fails);
        assert_eq!(verdict(&[-1.0, 1.0, 0.5, -0.5], Expected::Above(0.0)), Verdict::Undecided);
    }

    #[test]
    fn one_run_decides_nothing_and_no_run_is_an_error() {
        let rng = &mut ChaCha8Rng::seed_from_u64(4);
        let claim = Claim::decide("claim", "statistic", &[5.0], Expected::Above(0.0), rng).unwrap();
        assert_eq!((claim.estimate, claim.interval, claim.verdict), (5.0, None, Verdict::Undecided));
        assert!(Claim::decide("claim", "statistic", &[], Expected::Above(0.0), rng).is_err());
        assert!(Claim::decide("claim", "statistic", &[f64::NAN], Expected::Above(0.0), rng).is_err());
    }

    #[test]
    fn an_interval_from_elsewhere_decides_alike() {
        let decide = |estimate, interval| {
            Claim::of_interval("BU beats SNP", "AUC", estimate, interval, Expected::Above(0.0))
        };
        let around = |low, high| Some(Interval { low, high });
        assert_eq!(decide(0.02, around(0.01, 0.03)).unwrap().verdict, Verdict::Holds);
        assert_eq!(decide(-0.02, around(-0.03, -0.01)).unwrap().verdict, Verdict::Fails);
        assert_eq!(decide(0.02, around(0.0, 0.03)).unwrap().verdict, Verdict::Undecided);
        assert_eq!(decide(0.02, None).unwrap().verdict, Verdict::Undecided);
        let message = decide(0.02, around(0.01, f64::NAN)).unwrap_err().to_string();
        assert!(message.contains("\"BU beats SNP\": value 2 is NaN"), "{message}");
    }
}
