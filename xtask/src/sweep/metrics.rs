//! What the scores of one net say: areas under the ROC curve, ANR by ANR.

use std::collections::BTreeMap;

use anyhow::Result;
use eval::auc::{auc, partial_auc};
use eval::stats::{mean, quantile};
use losses::FileScore;
use serde::{Deserialize, Serialize};

use super::scores::{ScoredFile, Scores};

/// False-positive rate up to which `metrics.json` has pAUC.
const MAX_FPR: f64 = 0.1;

/// `metrics.json`: by the score of a file, so that it does not depend on which of them tables take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Metrics(BTreeMap<String, ScoreMetrics>);

/// What one kind of file score says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ScoreMetrics {
    /// By ANR.
    conditions: Vec<ConditionMetrics>,
    /// Largest score of a normal file; none where nobody has said which are normal.
    max_score_normal: Option<f64>,
    /// Mean score of a normal file.
    mean_score_normal: Option<f64>,
    /// The score that a tenth of the training sounds in `training_scores.csv`, 64 at most, exceed: a threshold that
    /// no anomaly is needed for.
    training_score_90: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ConditionMetrics {
    anr_db: Option<f64>,
    auc: f64,
    /// Standardised after McClish.
    pauc: f64,
}

/// Normal files against the anomalous ones of one ANR.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    /// In dB; none where anomalies are whole recordings.
    pub(crate) anr_db: Option<f64>,
    /// Scores of normal files, in the order of `scores.csv`.
    pub(crate) normal: Vec<f64>,
    /// Scores of anomalous files.
    pub(crate) anomalous: Vec<f64>,
}

/// The conditions that `files` make, in their order.
pub(super) fn conditions(files: &[ScoredFile], kind: FileScore) -> Vec<Condition> {
    let score = |file: &ScoredFile| file.by(kind);
    let labelled = |label: &'static str| files.iter().filter(move |file| file.label == label);
    let normal: Vec<f64> = labelled("normal").map(score).collect();
    let mut conditions: Vec<Condition> = Vec::new();
    for file in labelled("anomalous") {
        match conditions.iter_mut().find(|condition| condition.anr_db == file.anr_db) {
            Some(condition) => condition.anomalous.push(score(file)),
            None => conditions.push(Condition {
                anr_db: file.anr_db,
                normal: normal.clone(),
                anomalous: vec![score(file)],
            }),
        }
    }
    conditions
}

impl Metrics {
    pub(super) fn of(scores: &Scores) -> Result<Self> {
        let by = |kind: &FileScore| Ok((kind.name().to_owned(), ScoreMetrics::of(scores, *kind)?));
        FileScore::ALL.iter().map(by).collect::<Result<_>>().map(Self)
    }

    /// The areas and the threshold in a line, by the score that the tables take.
    pub(super) fn summary(&self, kind: FileScore) -> String {
        let Some(of) = self.0.get(kind.name()) else { return String::new() };
        let area = |condition: &ConditionMetrics| {
            let anr = condition.anr_db.map_or(String::new(), |anr_db| format!(" at {anr_db} dB"));
            format!("AUC{anr} {:.3}", condition.auc)
        };
        let threshold = format!("a tenth of the training sounds above {:.1}", of.training_score_90);
        of.conditions.iter().map(area).chain([threshold]).collect::<Vec<_>>().join(", ")
    }
}

impl ScoreMetrics {
    fn of(scores: &Scores, kind: FileScore) -> Result<Self> {
        let measured = conditions(&scores.files, kind).into_iter().map(|condition| {
            let Condition { anr_db, normal, anomalous } = condition;
            let pauc = partial_auc(&normal, &anomalous, MAX_FPR)?;
            Ok(ConditionMetrics { anr_db, auc: auc(&normal, &anomalous)?, pauc })
        });
        let normal = scores.files.iter().filter(|file| file.label == "normal");
        let normal: Vec<f64> = normal.map(|file| file.by(kind)).collect();
        let training: Vec<f64> = scores.training.iter().map(|file| file.by(kind)).collect();
        Ok(Self {
            conditions: measured.collect::<Result<_>>()?,
            max_score_normal: normal.iter().copied().reduce(f64::max),
            mean_score_normal: mean(&normal).ok(),
            training_score_90: quantile(&training, 0.9)?,
        })
    }
}
