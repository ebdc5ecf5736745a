//! Claims of the paper, each with the estimate that decides it, and all of a card with Holm's correction.

use std::fmt;

use crate::EvalError;
use crate::error::all_finite;
use crate::estimate::{Estimate, holm};

/// The share of cards that may hold or refute a claim by chance.
const LEVEL: f64 = 0.05;

/// What the runs say about a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The mean lies on the claimed side of the bound, by more than chance explains.
    Holds,
    /// It lies on the other side, by more than chance explains.
    Fails,
    /// Chance explains on which side it lies, or a single run says nothing.
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

/// A claim and what the runs measured of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The claim in words.
    pub text: String,
    /// The statistic in words: what one run (one seed) contributes, the bound, and what its uncertainty accounts for.
    pub statistic: String,
    /// Mean of the statistic.
    pub mean: f64,
    /// The mean with its uncertainty; none where there is one run.
    pub estimate: Option<Estimate>,
    /// Where the claim puts the mean.
    pub expected: Expected,
}

/// Side of the bound on which a claim puts its statistic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected {
    /// The mean is above this bound.
    Above(f64),
    /// The mean is below this bound.
    Below(f64),
}

/// A claim that is decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// What was measured.
    pub measured: Measured,
    /// The probability of such a mean where the true one is the bound, after Holm's correction over the card.
    pub p: Option<f64>,
    /// Whether the claim holds.
    pub verdict: Verdict,
}

impl Expected {
    fn bound(self) -> f64 {
        match self {
            Self::Above(bound) | Self::Below(bound) => bound,
        }
    }

    fn is_met(self, mean: f64) -> bool {
        match self {
            Self::Above(bound) => mean > bound,
            Self::Below(bound) => mean < bound,
        }
    }
}

/// Decides the claims of a card: each by whether its mean differs from its bound, at 5 % over all of them together.
///
/// # Errors
/// When a mean is not finite.
pub fn decide(card: Vec<Measured>) -> Result<Vec<Claim>, EvalError> {
    for Measured { text, mean, .. } in &card {
        all_finite(&format!("mean of \"{text}\""), &[*mean])?;
    }
    let p = card.iter().filter_map(|of| Some(of.estimate?.p_value(of.expected.bound())));
    let mut corrected = holm(&p.collect::<Vec<f64>>()).into_iter();
    let decided = card.into_iter().map(|measured| {
        let p = measured.estimate.and_then(|_| corrected.next());
        let verdict = match p {
            Some(p) if p < LEVEL && measured.expected.is_met(measured.mean) => Verdict::Holds,
            Some(p) if p < LEVEL => Verdict::Fails,
            _ => Verdict::Undecided,
        };
        Claim { measured, p, verdict }
    });
    Ok(decided.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(values: &[f64], expected: Expected) -> Measured {
        Measured {
            text: "claim".to_owned(),
            statistic: "statistic".to_owned(),
            mean: crate::stats::mean(values).unwrap(),
            estimate: Estimate::over_seeds(values).unwrap(),
            expected,
        }
    }

    fn verdict(values: &[f64], expected: Expected) -> Verdict {
        decide(vec![measured(values, expected)]).unwrap()[0].verdict
    }

    #[test]
    fn the_mean_and_its_error_decide() {
        let clear = [0.9, 1.0, 1.1, 1.2];
        assert_eq!(verdict(&clear, Expected::Above(0.0)), Verdict::Holds);
        assert_eq!(verdict(&clear, Expected::Below(0.0)), Verdict::Fails);
        assert_eq!(verdict(&clear, Expected::Below(2.0)), Verdict::Holds);
        assert_eq!(verdict(&clear, Expected::Above(2.0)), Verdict::Fails);
        assert_eq!(verdict(&[-1.0, 1.0, 0.5, -0.5], Expected::Above(0.0)), Verdict::Undecided);
        assert_eq!(verdict(&[5.0], Expected::Above(0.0)), Verdict::Undecided, "one run decides nothing");
    }

    #[test]
    fn what_holds_alone_may_not_hold_among_many() {
        // p = 0.03 by itself.
        let one = measured(&[0.3, 0.5, 0.9, 0.3], Expected::Above(0.0));
        let p = one.estimate.unwrap().p_value(0.0);
        assert!(p > 0.025 && p < 0.05, "{p}");
        assert_eq!(decide(vec![one.clone()]).unwrap()[0].verdict, Verdict::Holds);
        let card = decide(vec![one.clone(), one.clone(), one]).unwrap();
        assert!(card.iter().all(|claim| claim.verdict == Verdict::Undecided), "{card:?}");
    }

    #[test]
    fn a_mean_that_is_no_number_is_named() {
        let broken = Measured { mean: f64::NAN, ..measured(&[1.0, 2.0], Expected::Above(0.0)) };
        let message = decide(vec![broken]).unwrap_err().to_string();
        assert!(message.contains("\"claim\": value 0 is NaN"), "{message}");
    }
}
