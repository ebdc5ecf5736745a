//! How sure the official score is.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{MAX_FPR, Scored, Section, of, official_score};
use crate::EvalError;
use crate::auc::{auc, partial_auc};
use crate::stats::{Interval, quantile};

/// Draws of the bootstrap.
const DRAWS: usize = 1000;

/// The 95 % interval of the official score of `sections`: files of each section, domain and label are drawn again, with
/// replacement, from themselves.
///
/// # Errors
/// As [`Section::measure`].
pub fn official_interval(sections: &[Vec<Scored>]) -> Result<Interval, EvalError> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let strata: Vec<Vec<Vec<Scored>>> = sections.iter().map(|files| strata(files)).collect();
    let mut scores = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        let drawn = strata.iter().map(|strata| {
            let files: Vec<Scored> = strata
                .iter()
                .flat_map(|files| {
                    let draws: Vec<Scored> =
                        files.iter().map(|_| files[rng.random_range(0..files.len())]).collect();
                    draws
                })
                .collect();
            Section::measure(&files, f64::INFINITY)
        });
        scores.push(official_score(&drawn.collect::<Result<Vec<_>, _>>()?)?);
    }
    Ok(Interval { low: quantile(&scores, 0.025)?, high: quantile(&scores, 0.975)? })
}

/// The files by domain and label.
fn strata(files: &[Scored]) -> Vec<Vec<Scored>> {
    let kinds = [(false, false), (false, true), (true, false), (true, true)];
    let of_kind = |(anomalous, target)| {
        let is_meant = |file: &&Scored| file.is_anomalous == anomalous && file.is_target == target;
        files.iter().filter(is_meant).copied().collect::<Vec<_>>()
    };
    kinds.map(of_kind).into_iter().filter(|files| !files.is_empty()).collect()
}

/// What the evaluators of 2023 and 2024 print as `official score ci95`, for comparison alone: the mean of half the
/// widths of the intervals of AUC and pAUC, of the files of all `sections` together. It sums squares of leave-one-out
/// values where those of pseudo-values belong, and so is too narrow by (files - 1).
///
/// # Errors
/// As [`Section::measure`].
pub fn evaluator_interval(sections: &[Vec<Scored>]) -> Result<f64, EvalError> {
    let files = sections.concat();
    let count = files.len() as f64;
    let half_width = |area: &dyn Fn(&[Scored]) -> Result<f64, EvalError>| {
        let without = |index: usize| area(&[&files[..index], &files[index + 1..]].concat());
        let values = (0..files.len()).map(without).collect::<Result<Vec<f64>, _>>()?;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let student = StudentsT::new(0.0, 1.0, count - 1.0).map_err(|_| EvalError::TooFew {
            what: "files",
            found: files.len(),
            needed: 2,
        })?;
        Ok(student.inverse_cdf(0.975) * (squares / (count * (count - 1.0))).sqrt())
    };
    let whole = half_width(&|files| auc(&of(files, false, None), &of(files, true, None)))?;
    let part = half_width(&|files| partial_auc(&of(files, false, None), &of(files, true, None), MAX_FPR))?;
    Ok((whole + part) / 2.0)
}
