//! The one interface of the engines that train.

use losses::{Objective, Value};

use crate::{AmsGradConfig, Architecture, Checkpoint, ModelError};

/// A mini-batch: (M, D) row-major, the M_u normal rows first, then the anomalous ones.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// All rows.
    pub rows: &'a [f32],
    /// M_u.
    pub normal: usize,
    /// w of each normal row where they are known already, since several nets that are trained on one batch share
    /// them; otherwise the engine weighs the rows. Not looked at where all weights are alike, or depend on scores.
    pub weights: Option<&'a [f32]>,
}

/// What is trained, and for what; the learning rate and the batch come with each step.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// What is minimised.
    pub objective: Objective,
    /// The optimizer.
    pub amsgrad: AmsGradConfig,
    /// 1: the calling thread alone. More: the current rayon pool, of which the density takes at most so many. The
    /// result does not depend on it.
    pub threads: usize,
}

impl Training {
    /// Checks the settings of the objective.
    ///
    /// # Errors
    /// Those of [`Objective::validate`].
    pub fn validate(&self) -> Result<(), ModelError> {
        Ok(self.objective.validate()?)
    }
}

/// Trains an autoencoder, one update at a time.
pub trait Engine {
    /// The objective of `batch`, and its gradient by every parameter in the order of
    /// [`Parameters::values`](crate::Parameters::values).
    ///
    /// # Errors
    /// A batch that does not fit, and those of the engine.
    ///
    /// # Panics
    /// When `gradient` does not hold one number a parameter.
    fn gradient(&mut self, batch: Batch<'_>, gradient: &mut [f32]) -> Result<Value, ModelError>;

    /// One update θ ← θ - AMSGrad(∇J) on `batch`; the objective before it.
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient); an objective that is no finite number, which leaves θ as it was; parameters
    /// that are none after it.
    fn step(&mut self, batch: Batch<'_>, learning_rate: f64) -> Result<Value, ModelError>;

    /// A(x) of each row (Eq. 5): `rows` is (M, D) row-major, `scores` holds M.
    ///
    /// # Errors
    /// Lengths that do not fit, and those of the engine.
    fn anomaly_scores(&mut self, rows: &[f32], scores: &mut [f32]) -> Result<(), ModelError>;

    /// Everything from which training goes on exactly: parameters and optimizer.
    ///
    /// # Errors
    /// Those of the engine.
    fn checkpoint(&self) -> Result<Checkpoint, ModelError>;
}

/// Rows in `batch` if it fits `architecture` and `objective`.
pub(crate) fn check_batch(
    architecture: &Architecture,
    objective: Objective,
    batch: Batch<'_>,
) -> Result<usize, ModelError> {
    let dim = architecture.dim();
    let rows = batch.rows.len() / dim;
    if !batch.rows.len().is_multiple_of(dim) || batch.normal == 0 || batch.normal > rows {
        return Err(ModelError::Batch {
            found: format!("{} numbers with {} normal rows", batch.rows.len(), batch.normal),
            expected: format!("whole rows of {dim}, at least one of them normal"),
        });
    }
    if objective.term.reads_anomalous() && batch.normal == rows {
        let found = format!("{rows} normal rows and no other");
        return Err(ModelError::Batch {
            found,
            expected: "an anomalous row at least, as the objective has a term of them".to_owned(),
        });
    }
    match batch.weights {
        Some(weights) if weights.len() != batch.normal => Err(ModelError::Batch {
            found: format!("{} weights for {} normal rows", weights.len(), batch.normal),
            expected: "a weight for each normal row".to_owned(),
        }),
        _ => Ok(rows),
    }
}

/// Fails when a parameter is no finite number.
pub(crate) fn check_parameters(values: &[f32], step: u64, learning_rate: f64) -> Result<(), ModelError> {
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(ModelError::DivergedParameter { step, learning_rate, value: *value }),
        None => Ok(()),
    }
}

/// Fails unless `rows` holds a row for each of `scores`.
pub(crate) fn check_scores(
    architecture: &Architecture,
    rows: &[f32],
    scores: &[f32],
) -> Result<(), ModelError> {
    let expected = scores.len() * architecture.dim();
    if rows.len() == expected {
        return Ok(());
    }
    let found = format!("{} numbers", rows.len());
    Err(ModelError::Batch { found, expected: format!("{} rows of {}", scores.len(), architecture.dim()) })
}

/// Fails when the objective is no finite number.
pub(crate) fn check_value(value: Value, step: u64, learning_rate: f64) -> Result<(), ModelError> {
    if value.total.is_finite() {
        return Ok(());
    }
    Err(ModelError::Diverged { step, learning_rate, value: value.total })
}
