//! A stack: nets of one shape trained side by side, in products of all of them at once, on the CPU or a card.
//!
//! A net's objective, seed and settings are its own; nets that name the same batch share its rows and, with equal
//! settings, its densities. An update has a fixed shape: which rows are normal is a mask. Frames are what is uploaded;
//! rows are made of them on the device, and nothing comes back until [`Stack::history`] asks.

mod backend;
mod cpu;
#[cfg(feature = "cuda")]
mod cuda;
mod device;
mod passes;
mod plan;

use losses::{Objective, Value};

pub use device::{Device, Precision, check_card};

use crate::{AmsGrad, Checkpoint, ModelError};
use backend::Backend;
use plan::{FACTORS, INPUTS, MOMENTS, PARAMETERS, PARTS, Plan, STATUS, UPDATES, VALUES};

/// What a net of a stack is trained for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Net {
    /// What is minimised.
    pub objective: Objective,
    /// Which of a step's batches the net is trained on, from 0. Nets that follow each other and share a batch, or have
    /// one each in order, enter a product together.
    pub batch: usize,
}

/// The shape that every batch of a stack has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchShape {
    /// R, rows.
    pub rows: usize,
    /// Frames.
    pub frames: usize,
    /// M, numbers of a frame.
    pub bands: usize,
}

/// A mini-batch as frames: row i is the D numbers from frame `starts[i]` on, so that frames are rows of context where
/// they follow each other in time, and rows themselves where M = D.
#[derive(Clone, Copy, Debug)]
pub struct FrameBatch<'a> {
    /// (frames, M), row-major.
    pub frames: &'a [f32],
    /// The first frame of each row, (R).
    pub starts: &'a [usize],
    /// Whether each row is normal, (R); the others are anomalous.
    pub normal: &'a [bool],
}

/// What a net did since the last history.
#[derive(Debug)]
pub struct History {
    /// The objective before each update.
    pub values: Vec<Value>,
    /// Why the net is trained no further, if it is not: its parameters are those before.
    pub failure: Option<ModelError>,
}

/// Trains nets side by side.
#[derive(Debug)]
pub struct Stack {
    plan: Plan,
    backend: Box<dyn Backend>,
    /// Of each net the count of its steps; moments are on the device.
    optimizers: Vec<AmsGrad>,
    /// Learning rates of the updates whose values are on the device.
    rates: Vec<Vec<f64>>,
    /// Values that were fetched before a history was asked for.
    values: Vec<Vec<Value>>,
    failures: Vec<Option<(u64, f64)>>,
    staged: Vec<f32>,
}

impl Stack {
    /// Goes on from the nets' checkpoints, in batches of `shape`.
    ///
    /// # Errors
    /// Nets that are not alike, settings that are invalid, a device that is not there or too small.
    pub fn new(nets: Vec<(Net, Checkpoint)>, shape: BatchShape, device: Device) -> Result<Self, ModelError> {
        Plan::check(&nets, shape)?;
        let (nets, checkpoints): (Vec<Net>, Vec<Checkpoint>) = nets.into_iter().unzip();
        let first = &checkpoints[0];
        let architecture = first.parameters.architecture().clone();
        let plan = Plan::new(architecture, first.optimizer.config, shape, nets);
        let mut backend = device::open(device, &plan)?;
        backend.upload(plan::NETS, 0, &plan.net_settings())?;
        backend.upload(plan::DENSITIES, 0, &plan.density_settings())?;
        passes::start(backend.as_mut(), &plan)?;
        let mut optimizers = Vec::with_capacity(checkpoints.len());
        for (net, Checkpoint { parameters, optimizer }) in checkpoints.into_iter().enumerate() {
            let offset = net * plan.parameters();
            backend.upload(PARAMETERS, offset, &plan.pad(parameters.values()))?;
            let moments = [&optimizer.first_moment, &optimizer.second_moment, &optimizer.max_second_moment];
            for (buffer, moment) in MOMENTS.into_iter().zip(moments) {
                backend.upload(buffer, offset, &plan.pad(moment))?;
            }
            optimizers.push(AmsGrad { step: optimizer.step, ..AmsGrad::new(0, optimizer.config) });
        }
        let (values, failures) = (vec![Vec::new(); plan.nets.len()], vec![None; plan.nets.len()]);
        let staged = vec![0.0; plan.inputs()[3]];
        Ok(Self { plan, backend, optimizers, rates: Vec::new(), values, failures, staged })
    }

    /// Nets.
    pub fn nets(&self) -> &[Net] {
        &self.plan.nets
    }

    /// Bytes that the stack takes on its device.
    pub fn memory(&self) -> usize {
        self.backend.memory()
    }

    /// One update of every net that has not failed; `batches` are those that the nets name, `learning_rates` one a net.
    ///
    /// # Errors
    /// Batches of another shape, and those of the device. What becomes of the update itself, [`history`](Self::history)
    /// tells.
    pub fn step(&mut self, batches: &[FrameBatch<'_>], learning_rates: &[f64]) -> Result<(), ModelError> {
        self.stage(batches)?;
        if learning_rates.len() != self.plan.nets.len() {
            let found = format!("{} learning rates", learning_rates.len());
            return Err(ModelError::Stack {
                found,
                expected: format!("{}, one a net", self.plan.nets.len()),
            });
        }
        if self.rates.len() == UPDATES {
            self.fetch()?;
        }
        let factors = self.staged[self.plan.inputs()[2]..].chunks_exact_mut(FACTORS);
        for ((optimizer, rate), target) in self.optimizers.iter_mut().zip(learning_rates).zip(factors) {
            let step = optimizer.step as f32;
            let factors = optimizer.advance(*rate);
            target.copy_from_slice(&[factors.rate as f32, factors.root as f32, step]);
        }
        let (plan, backend) = (&self.plan, self.backend.as_mut());
        backend.upload(INPUTS, 0, &self.staged)?;
        passes::gradient(backend, plan, self.rates.len())?;
        backend.amsgrad(plan)?;
        self.rates.push(learning_rates.to_vec());
        Ok(())
    }

    /// The objective of every net on `batches`, and its gradient in the order of
    /// [`Parameters::values`](crate::Parameters::values).
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn gradients(&mut self, batches: &[FrameBatch<'_>]) -> Result<Vec<(Value, Vec<f32>)>, ModelError> {
        self.stage(batches)?;
        self.fetch()?;
        let status = self.backend.download(STATUS, 0, 2 * self.plan.nets.len())?;
        self.backend.upload(INPUTS, 0, &self.staged)?;
        passes::gradient(self.backend.as_mut(), &self.plan, 0)?;
        // A look at the gradient fails no net.
        self.backend.upload(STATUS, 0, &status)?;
        let mut gradients = Vec::with_capacity(self.plan.nets.len());
        for net in 0..self.plan.nets.len() {
            let value = self.backend.download(VALUES, net * PARTS, PARTS)?;
            let count = self.plan.parameters();
            let padded = self.backend.download(plan::GRADIENT, net * count, count)?;
            gradients.push((read_value(&value), self.plan.unpad(&padded)));
        }
        Ok(gradients)
    }

    /// What each net did since the last call. Waits for the device.
    ///
    /// # Errors
    /// Those of the device.
    pub fn history(&mut self) -> Result<Vec<History>, ModelError> {
        self.fetch()?;
        let status = self.backend.download(STATUS, 0, 2 * self.plan.nets.len())?;
        let mut histories = Vec::with_capacity(self.plan.nets.len());
        for (net, by_objective) in status.into_iter().take(self.plan.nets.len()).enumerate() {
            let failure = match self.failures[net] {
                Some((step, learning_rate)) if by_objective > 0.0 => {
                    let value = self.values[net].last().map_or(f64::NAN, |value| value.total);
                    Some(ModelError::Diverged { step, learning_rate, value })
                }
                Some((step, learning_rate)) => {
                    let value = self.not_finite(net)?;
                    Some(ModelError::DivergedParameter { step, learning_rate, value })
                }
                None => None,
            };
            histories.push(History { values: std::mem::take(&mut self.values[net]), failure });
        }
        Ok(histories)
    }

    /// A(x) of each row of `rows`, (M, D) row-major, by net `net`; `scores` holds M (Eq. 5).
    ///
    /// # Errors
    /// Lengths that do not fit, and those of the device.
    ///
    /// # Panics
    /// When there is no such net.
    pub fn anomaly_scores(&mut self, net: usize, rows: &[f32], scores: &mut [f32]) -> Result<(), ModelError> {
        let plan = &self.plan;
        crate::engine::check_scores(&plan.architecture, rows, scores)?;
        let (dim, width, batch) = (plan.dim(), plan.width(0), plan.nets[net].batch);
        let mut padded = vec![0.0; plan.rows() * width];
        for (rows, scores) in rows.chunks(plan.rows() * dim).zip(scores.chunks_mut(plan.rows())) {
            for (target, row) in padded.chunks_exact_mut(width).zip(rows.chunks_exact(dim)) {
                target[..dim].copy_from_slice(row);
                target[dim] = 1.0;
            }
            self.backend.upload(plan::ROWS, batch * padded.len(), &padded)?;
            passes::forward(self.backend.as_mut(), plan)?;
            let found = self.backend.download(plan::SCORES, net * plan.rows(), scores.len())?;
            scores.copy_from_slice(&found);
        }
        Ok(())
    }

    /// Everything from which each net's training goes on: what [`new`](Self::new) takes. A net that failed by its
    /// objective is as it was before.
    ///
    /// # Errors
    /// Those of the device.
    pub fn checkpoints(&mut self) -> Result<Vec<Checkpoint>, ModelError> {
        self.fetch()?;
        let (count, mut checkpoints) = (self.plan.parameters(), Vec::with_capacity(self.plan.nets.len()));
        for (net, optimizer) in self.optimizers.iter().enumerate() {
            let mut numbers = Vec::with_capacity(4);
            for buffer in [PARAMETERS, MOMENTS[0], MOMENTS[1], MOMENTS[2]] {
                numbers.push(self.backend.download(buffer, net * count, count)?);
            }
            let step = self.failures[net].map_or(optimizer.step, |(step, _)| step);
            checkpoints
                .push(self.plan.checkpoint(step, std::array::from_fn(|index| numbers[index].as_slice())));
        }
        Ok(checkpoints)
    }

    /// Puts frames, first frames and kinds of `batches` where they are uploaded from.
    fn stage(&mut self, batches: &[FrameBatch<'_>]) -> Result<(), ModelError> {
        let (plan, dim) = (&self.plan, self.plan.dim());
        let wrong = |found, expected| Err(ModelError::Batch { found, expected });
        if batches.len() != plan.batches {
            return wrong(format!("{} batches", batches.len()), format!("{}", plan.batches));
        }
        let [starts_at, normal_at, _, _] = plan.inputs();
        let (frames, rows) = (plan.frames(), plan.rows());
        for (index, batch) in batches.iter().enumerate() {
            let found = [batch.frames.len(), batch.starts.len(), batch.normal.len()];
            if found != [frames, rows, rows] {
                let found =
                    format!("{} numbers of frames, {} starts, {} kinds", found[0], found[1], found[2]);
                return wrong(found, format!("{frames}, {rows} and {rows}"));
            }
            let last = (frames - dim) / plan.shape.bands;
            if let Some(start) = batch.starts.iter().find(|start| **start > last) {
                return wrong(format!("a row that starts at frame {start}"), format!("{last} at most"));
            }
            let normal = batch.normal.iter().filter(|normal| **normal).count();
            let with_term =
                plan.nets.iter().any(|net| net.batch == index && net.objective.term.reads_anomalous());
            if normal == 0 || (with_term && normal == rows) {
                let expected = "a normal row at least, and an anomalous one for a term of them".to_owned();
                return wrong(format!("{normal} normal rows of {rows}"), expected);
            }
            self.staged[index * frames..][..frames].copy_from_slice(batch.frames);
            let starts = self.staged[starts_at + index * rows..][..rows].iter_mut();
            starts.zip(batch.starts).for_each(|(target, start)| *target = *start as f32);
            let kinds = self.staged[normal_at + index * rows..][..rows].iter_mut();
            kinds.zip(batch.normal).for_each(|(target, normal)| *target = f32::from(u8::from(*normal)));
        }
        Ok(())
    }

    /// Fetches the values of the updates since they were last fetched, and which nets have failed in them.
    fn fetch(&mut self) -> Result<(), ModelError> {
        let (count, updates) = (self.plan.nets.len(), self.rates.len());
        if updates == 0 {
            return Ok(());
        }
        let values = self.backend.download(VALUES, 0, updates * count * PARTS)?;
        let status = self.backend.download(STATUS, 0, 2 * count)?;
        for net in 0..count {
            if self.failures[net].is_some() {
                continue;
            }
            let first = self.optimizers[net].step - updates as u64;
            // The objective fails before the update that it belongs to, a parameter in it: the status is 1 more than
            // the updates before.
            let [by_objective, by_parameter] = [status[net], status[count + net]].map(|step| step as u64);
            let failed_at = by_objective.max(by_parameter).checked_sub(1 + first);
            let done = failed_at.map_or(updates, |update| update as usize + 1);
            for update in 0..done {
                self.values[net].push(read_value(&values[(update * count + net) * PARTS..][..PARTS]));
            }
            if let Some(update) = failed_at {
                let step = first + update + u64::from(by_objective == 0);
                self.failures[net] = Some((step, self.rates[update as usize][net]));
            }
        }
        self.rates.clear();
        Ok(())
    }

    /// A parameter of `net` that is not finite.
    fn not_finite(&mut self, net: usize) -> Result<f32, ModelError> {
        let count = self.plan.parameters();
        let parameters = self.backend.download(PARAMETERS, net * count, count)?;
        Ok(parameters.into_iter().find(|value| !value.is_finite()).unwrap_or(f32::NAN))
    }
}

fn read_value(parts: &[f32]) -> Value {
    let parts: [f64; PARTS] = std::array::from_fn(|part| f64::from(parts[part]));
    let [total, normal, anomalous, mean_score, max_score, spread] = parts;
    let weight_spread = (spread != -1.0).then_some(spread);
    Value { total, normal, anomalous, mean_score, max_score, weight_spread }
}
