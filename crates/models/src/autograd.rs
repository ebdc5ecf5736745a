//! The candle engine: autograd on any device.

use candle_core::backprop::GradStore;
use candle_core::{Device, Tensor, Var};
use losses::{Value, Weighting};

use crate::amsgrad::Factors;
use crate::engine::{check_batch, check_parameters, check_scores, check_value};
use crate::{
    Activation, AmsGrad, AmsGradConfig, Architecture, Batch, Checkpoint, Engine, ModelError, Parameters,
    Training,
};

/// Trains with candle's gradients on `device`.
#[derive(Debug)]
pub struct AutogradEngine {
    training: Training,
    architecture: Architecture,
    device: Device,
    /// Matrix and bias of each layer.
    layers: Vec<[Moving; 2]>,
    /// Counts steps; its moments stay with the layers.
    optimizer: AmsGrad,
}

/// A parameter tensor and its moments.
#[derive(Debug)]
struct Moving {
    var: Var,
    first_moment: Tensor,
    second_moment: Tensor,
    max_second_moment: Tensor,
}

impl AutogradEngine {
    /// Goes on from `checkpoint`.
    ///
    /// # Errors
    /// Settings of `training` that are invalid, and those of candle.
    pub fn new(training: Training, checkpoint: Checkpoint, device: Device) -> Result<Self, ModelError> {
        training.validate()?;
        let Checkpoint { parameters, optimizer } = checkpoint;
        let architecture = parameters.architecture().clone();
        let mut layers = Vec::with_capacity(architecture.layers());
        for (index, pair) in architecture.sizes().windows(2).enumerate() {
            let range = architecture.layer_range(index);
            let weights = range.start..range.start + pair[0] * pair[1];
            let biases = weights.end..range.end;
            let moving = |range: std::ops::Range<usize>, shape: &[usize]| -> Result<Moving, ModelError> {
                let tensor = |values: &[f32]| Tensor::from_slice(&values[range.clone()], shape, &device);
                Ok(Moving {
                    var: Var::from_tensor(&tensor(parameters.values())?)?,
                    first_moment: tensor(&optimizer.first_moment)?,
                    second_moment: tensor(&optimizer.second_moment)?,
                    max_second_moment: tensor(&optimizer.max_second_moment)?,
                })
            };
            layers.push([moving(weights, &[pair[1], pair[0]])?, moving(biases, &[pair[1]])?]);
        }
        Ok(Self { training, architecture, device, layers, optimizer })
    }

    /// A(x) of each of `rows`, (M, D): (M).
    fn scores(&self, rows: &Tensor) -> Result<Tensor, ModelError> {
        let mut units = rows.clone();
        for (index, [weight, bias]) in self.layers.iter().enumerate() {
            units = units.matmul(&weight.var.t()?)?.broadcast_add(&bias.var)?;
            if index + 1 < self.layers.len() {
                units = activate(&units, self.architecture.activation())?;
            }
        }
        Ok(units.sub(rows)?.sqr()?.sum(1)?)
    }

    /// All parameters, in the order of [`Parameters::values`].
    fn values(&self) -> Result<Vec<f32>, ModelError> {
        flatten(self.layers.iter().flatten().map(|moving| moving.var.as_tensor()))
    }

    /// Whether all parameters are finite: 0 p is 0, unless p is infinite or no number. One number leaves the device.
    fn is_finite(&self) -> Result<bool, ModelError> {
        let mut zeros = Tensor::zeros((), candle_core::DType::F32, &self.device)?;
        for moving in self.layers.iter().flatten() {
            zeros = (zeros + (moving.var.as_tensor() * 0.0)?.sum_all()?)?;
        }
        Ok(zeros.to_scalar::<f32>()? == 0.0)
    }

    /// The objective of `batch` with its graph.
    fn objective(&self, batch: Batch<'_>) -> Result<(Value, Tensor), ModelError> {
        let objective = self.training.objective;
        let all = check_batch(&self.architecture, objective, batch)?;
        let dim = self.architecture.dim();
        let count = if objective.term.reads_anomalous() { all } else { batch.normal };
        let rows = Tensor::from_slice(&batch.rows[..count * dim], (count, dim), &self.device)?;
        let scores = self.scores(&rows)?;
        let normal_scores = scores.narrow(0, 0, batch.normal)?;
        let anomalous_scores = scores.narrow(0, batch.normal, count - batch.normal)?;
        let weighting = objective.weighting;
        let weights = match batch.weights {
            _ if weighting == Weighting::Uniform => None,
            Some(weights) if !weighting.reads_scores() => {
                Some(Tensor::from_slice(weights, batch.normal, &self.device)?)
            }
            _ => weighting.tensor(&rows.narrow(0, 0, batch.normal)?, &normal_scores.detach())?,
        };
        let total = objective.tensor(&normal_scores, weights.as_ref(), &anomalous_scores)?;
        let normal_scores = normal_scores.detach();
        let number = |tensor: &Tensor| tensor.to_scalar::<f32>().map(f64::from);
        let mean_score = number(&normal_scores.mean_all()?)?;
        let max_score = number(&normal_scores.max_all()?)?;
        let value = number(&total)?;
        let (normal, weight_spread) = match &weights {
            None => (mean_score, None),
            Some(weights) => {
                let sum = weights.sum_all()?;
                let normal = number(&(&normal_scores * weights)?.sum_all()?.div(&sum)?)?;
                (normal, Some(number(&spread(weights)?)?))
            }
        };
        let value =
            Value { total: value, normal, anomalous: normal - value, mean_score, max_score, weight_spread };
        Ok((value, total))
    }
}

/// Standard deviation of `weights` over their mean.
fn spread(weights: &Tensor) -> candle_core::Result<Tensor> {
    let mean = weights.mean_all()?;
    weights.broadcast_sub(&mean)?.sqr()?.mean_all()?.sqrt()?.div(&mean)
}

/// Candle's own derivative of ReLU is 1 at exactly 0; here, as in PyTorch, it is 0.
fn activate(z: &Tensor, activation: Activation) -> Result<Tensor, ModelError> {
    match activation {
        Activation::Sigmoid => Ok(candle_nn::ops::sigmoid(z)?),
        Activation::Relu => Ok(z.mul(&z.detach().gt(0.0)?.to_dtype(z.dtype())?)?),
    }
}

/// The numbers of `tensors`, one after the other.
fn flatten<'a>(tensors: impl Iterator<Item = &'a Tensor>) -> Result<Vec<f32>, ModelError> {
    let mut values = Vec::new();
    for tensor in tensors {
        values.extend(tensor.flatten_all()?.to_vec1::<f32>()?);
    }
    Ok(values)
}

impl Moving {
    fn gradient<'a>(&self, gradients: &'a GradStore) -> candle_core::Result<&'a Tensor> {
        gradients.get(&self.var).ok_or_else(|| candle_core::Error::Msg("a parameter has no gradient".into()))
    }

    /// AMSGrad on this tensor.
    fn update(
        &mut self,
        gradient: &Tensor,
        config: AmsGradConfig,
        factors: Factors,
    ) -> Result<(), ModelError> {
        self.first_moment = ((&self.first_moment * config.beta1)? + (gradient * (1.0 - config.beta1))?)?;
        self.second_moment =
            ((&self.second_moment * config.beta2)? + (gradient.sqr()? * (1.0 - config.beta2))?)?;
        self.max_second_moment = self.max_second_moment.maximum(&self.second_moment)?;
        let scale = ((self.max_second_moment.sqrt()? * factors.root)? + config.epsilon)?;
        self.var.set(&self.var.sub(&(&self.first_moment * factors.rate)?.div(&scale)?)?)?;
        Ok(())
    }
}

impl Engine for AutogradEngine {
    fn gradient(&mut self, batch: Batch<'_>, gradient: &mut [f32]) -> Result<Value, ModelError> {
        let (value, total) = self.objective(batch)?;
        let gradients = total.backward()?;
        let tensors = self.layers.iter().flatten().map(|moving| moving.gradient(&gradients));
        let tensors = tensors.collect::<Result<Vec<_>, _>>()?;
        gradient.copy_from_slice(&flatten(tensors.into_iter())?);
        Ok(value)
    }

    fn step(&mut self, batch: Batch<'_>, learning_rate: f64) -> Result<Value, ModelError> {
        let (value, total) = self.objective(batch)?;
        check_value(value, self.optimizer.step, learning_rate)?;
        let gradients = total.backward()?;
        let factors = self.optimizer.advance(learning_rate);
        for moving in self.layers.iter_mut().flatten() {
            let gradient = moving.gradient(&gradients)?;
            moving.update(gradient, self.optimizer.config, factors)?;
        }
        if !self.is_finite()? {
            check_parameters(&self.values()?, self.optimizer.step, learning_rate)?;
        }
        Ok(value)
    }

    fn anomaly_scores(&mut self, rows: &[f32], scores: &mut [f32]) -> Result<(), ModelError> {
        check_scores(&self.architecture, rows, scores)?;
        let rows = Tensor::from_slice(rows, (scores.len(), self.architecture.dim()), &self.device)?;
        scores.copy_from_slice(&self.scores(&rows)?.to_vec1::<f32>()?);
        Ok(())
    }

    fn checkpoint(&self) -> Result<Checkpoint, ModelError> {
        let movings = || self.layers.iter().flatten();
        let values = self.values()?;
        let mut optimizer = self.optimizer.clone();
        optimizer.first_moment = flatten(movings().map(|moving| &moving.first_moment))?;
        optimizer.second_moment = flatten(movings().map(|moving| &moving.second_moment))?;
        optimizer.max_second_moment = flatten(movings().map(|moving| &moving.max_second_moment))?;
        Ok(Checkpoint { parameters: Parameters::from_values(self.architecture.clone(), values), optimizer })
    }
}
