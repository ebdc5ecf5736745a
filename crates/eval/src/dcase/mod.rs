//! Measures of DCASE task 2, of sets whose sounds are of a source and a target domain (2021 and later).

mod interval;
mod result;

pub use interval::{evaluator_interval, official_interval};
pub use result::{official_score, result_csv};

use crate::EvalError;
use crate::auc::{auc, partial_auc};

/// False-positive rate up to which pAUC is taken.
pub const MAX_FPR: f64 = 0.1;

/// A file that was scored, and what is known of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// Its anomaly score.
    pub score: f64,
    /// Whether it is anomalous.
    pub is_anomalous: bool,
    /// Whether it is of the target domain; else of the source.
    pub is_target: bool,
}

/// What is measured of the files of one domain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measures {
    /// Area under the ROC curve of the domain's normal files against the anomalies of all domains.
    pub auc: f64,
    /// Of its normal files against its own anomalies, up to [`MAX_FPR`]; none where it has no anomaly.
    pub pauc: Option<f64>,
    /// Of its files above the threshold, the share that is anomalous; 0 where there is none.
    pub precision: f64,
    /// Of its anomalies, the share above the threshold; 0 where there is none.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
}

/// What is measured of a section: of one domain, or of both with the pAUC of all files together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Section {
    /// Of the files of one domain.
    One(Measures),
    /// Of source and target.
    Both {
        /// Of all files together, up to [`MAX_FPR`].
        pauc: f64,
        /// Source, then target.
        domains: [Measures; 2],
    },
}

impl Section {
    /// Measures the files of a section, which are called anomalous above `threshold`.
    ///
    /// # Errors
    /// Where there is no anomaly, or no normal file, or a score that is not finite.
    pub fn measure(files: &[Scored], threshold: f64) -> Result<Self, EvalError> {
        let has_normal = |target| files.iter().any(|file| !file.is_anomalous && file.is_target == target);
        match [has_normal(false), has_normal(true)] {
            [true, true] => Ok(Self::Both {
                pauc: partial_auc(&of(files, false, None), &of(files, true, None), MAX_FPR)?,
                domains: [domain(files, threshold, Some(false))?, domain(files, threshold, Some(true))?],
            }),
            _ => Ok(Self::One(domain(files, threshold, None)?)),
        }
    }

    /// What the official score is a mean of: the areas of the domains, and the pAUC of all files.
    pub fn areas(&self) -> Vec<f64> {
        match self {
            Self::One(measures) => [measures.auc].into_iter().chain(measures.pauc).collect(),
            Self::Both { pauc, domains: [source, target] } => vec![source.auc, target.auc, *pauc],
        }
    }
}

/// The scores of the normal or anomalous files, of all domains or one.
fn of(files: &[Scored], is_anomalous: bool, target: Option<bool>) -> Vec<f64> {
    let is_meant = |file: &&Scored| {
        file.is_anomalous == is_anomalous && target.is_none_or(|target| file.is_target == target)
    };
    files.iter().filter(is_meant).map(|file| file.score).collect()
}

fn domain(files: &[Scored], threshold: f64, target: Option<bool>) -> Result<Measures, EvalError> {
    let (normal, anomalous) = (of(files, false, target), of(files, true, target));
    let above = |scores: &[f64]| scores.iter().filter(|score| **score > threshold).count() as f64;
    let (hits, alarms) = (above(&anomalous), above(&normal));
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let (precision, recall) = (share(hits, hits + alarms), share(hits, anomalous.len() as f64));
    Ok(Measures {
        auc: auc(&normal, &of(files, true, None))?,
        pauc: (!anomalous.is_empty()).then(|| partial_auc(&normal, &anomalous, MAX_FPR)).transpose()?,
        precision,
        recall,
        f1: share(2.0 * precision * recall, precision + recall),
    })
}
