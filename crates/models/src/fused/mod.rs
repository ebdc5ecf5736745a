//! The CPU engine: forward and backward written out over buffers that are made once.

mod blocks;
mod large;
mod small;
mod transpose;

use losses::{Value, Weigher, Weighting};

use self::large::Large;
use self::small::Small;
use crate::engine::{check_batch, check_parameters, check_scores, check_value};
use crate::{AmsGrad, Architecture, Batch, Checkpoint, Engine, ModelError, Parameters, Training};

/// Widest layer of a network whose layers are computed from registers rather than by matrix products.
const SMALL_WIDTH: usize = 64;

/// Rows scored at a time, so that a score's intermediate values stay in the cache.
const SCORED_ROWS: usize = 1024;

/// Trains with explicit gradients on the CPU.
#[derive(Debug)]
pub struct FusedEngine {
    training: Training,
    parameters: Parameters,
    optimizer: AmsGrad,
    passes: Box<dyn Passes>,
    weigher: Weigher,
    scores: Vec<f32>,
    score_gradient: Vec<f32>,
    gradient: Vec<f32>,
}

/// The two passes through a network. `backward` belongs to the `forward` before it.
trait Passes: std::fmt::Debug + Send {
    /// A(x) of each of `rows`, (M, D) row-major.
    fn forward(&mut self, parameters: &Parameters, rows: &[f32], scores: &mut [f32]);

    /// The gradient by every parameter, from the derivative by each score.
    fn backward(&mut self, parameters: &Parameters, score_gradient: &[f32], gradient: &mut [f32]);
}

impl FusedEngine {
    /// Goes on from `checkpoint`.
    ///
    /// # Errors
    /// Settings of `training` that are invalid.
    pub fn new(training: Training, checkpoint: Checkpoint) -> Result<Self, ModelError> {
        training.validate()?;
        let Checkpoint { parameters, optimizer } = checkpoint;
        let architecture = parameters.architecture();
        let weigher = Weigher::new(training.objective.weighting, architecture.dim(), training.threads)?;
        let gradient = vec![0.0; architecture.parameter_count()];
        let passes = passes(architecture, training.threads);
        let scores = Vec::new();
        let score_gradient = Vec::new();
        Ok(Self { training, passes, weigher, scores, score_gradient, gradient, parameters, optimizer })
    }

    /// Scores, weights and objective of a batch, then the gradient into `self.gradient`.
    fn differentiate(&mut self, batch: Batch<'_>) -> Result<Value, ModelError> {
        let architecture = self.parameters.architecture();
        let (dim, all) = (architecture.dim(), check_batch(architecture, self.training.objective, batch)?);
        let objective = self.training.objective;
        let count = if objective.term.reads_anomalous() { all } else { batch.normal };
        let rows = &batch.rows[..count * dim];
        self.scores.resize(count, 0.0);
        self.score_gradient.resize(count, 0.0);
        self.passes.forward(&self.parameters, rows, &mut self.scores);
        let weights = match batch.weights {
            _ if objective.weighting == Weighting::Uniform => &[],
            Some(weights) if !objective.weighting.reads_scores() => weights,
            _ => self.weigher.weigh(&rows[..batch.normal * dim], &self.scores[..batch.normal]),
        };
        let value = objective.evaluate(&self.scores, batch.normal, weights, &mut self.score_gradient);
        self.passes.backward(&self.parameters, &self.score_gradient, &mut self.gradient);
        Ok(value)
    }
}

fn passes(architecture: &Architecture, threads: usize) -> Box<dyn Passes> {
    if architecture.sizes().iter().all(|size| *size <= SMALL_WIDTH) {
        Box::new(Small::new(architecture))
    } else {
        Box::new(Large::new(architecture, threads))
    }
}

impl Engine for FusedEngine {
    fn gradient(&mut self, batch: Batch<'_>, gradient: &mut [f32]) -> Result<Value, ModelError> {
        let value = self.differentiate(batch)?;
        gradient.copy_from_slice(&self.gradient);
        Ok(value)
    }

    fn step(&mut self, batch: Batch<'_>, learning_rate: f64) -> Result<Value, ModelError> {
        let value = self.differentiate(batch)?;
        check_value(value, self.optimizer.step, learning_rate)?;
        let threads = self.training.threads.max(1);
        let parameters = self.parameters.values_mut();
        if !self.optimizer.update_on(threads, parameters, &self.gradient, learning_rate) {
            check_parameters(self.parameters.values(), self.optimizer.step, learning_rate)?;
        }
        Ok(value)
    }

    fn anomaly_scores(&mut self, rows: &[f32], scores: &mut [f32]) -> Result<(), ModelError> {
        let architecture = self.parameters.architecture();
        check_scores(architecture, rows, scores)?;
        for (rows, scores) in
            rows.chunks(SCORED_ROWS * architecture.dim()).zip(scores.chunks_mut(SCORED_ROWS))
        {
            self.passes.forward(&self.parameters, rows, scores);
        }
        Ok(())
    }

    fn checkpoint(&self) -> Result<Checkpoint, ModelError> {
        Ok(Checkpoint { parameters: self.parameters.clone(), optimizer: self.optimizer.clone() })
    }
}
