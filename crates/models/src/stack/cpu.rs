//! The CPU as a device of stacks: faer's products, and `losses` for densities and objectives.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use losses::Weigher;
use pulp::Arch;
use rayon::prelude::*;

use std::sync::Mutex;

use super::backend::{Backend, Matrices, Product};
use super::plan::{
    BY_UNITS, Buffer, FACTORS, GRADIENT, INPUTS, MOMENTS, PARAMETERS, PARTS, Plan, ROWS, SCORES, SLOPES,
    STATUS, VALUES, WEIGHTS,
};
use crate::ModelError;
use crate::amsgrad::{Factors, Update};

/// Buffers in memory.
#[derive(Debug)]
pub(super) struct Cpu {
    buffers: Vec<Vec<f32>>,
    threads: usize,
}

impl Cpu {
    pub(super) fn new(plan: &Plan, threads: usize) -> Self {
        let buffers = plan.lengths(false).into_iter().map(|length| vec![0.0; length]).collect();
        Self { buffers, threads }
    }

    fn read(&self, buffer: Buffer) -> &[f32] {
        &self.buffers[buffer.0]
    }

    /// Calls `f` with each `chunk` numbers of `target`, by their number, while the other buffers can be read.
    fn each_chunk(&mut self, target: Buffer, chunk: usize, f: impl Fn(&Self, usize, &mut [f32]) + Sync) {
        let mut numbers = std::mem::take(&mut self.buffers[target.0]);
        if self.threads == 1 {
            numbers.chunks_mut(chunk).enumerate().for_each(|(index, chunk)| f(self, index, chunk));
        } else {
            numbers.par_chunks_mut(chunk).enumerate().for_each(|(index, chunk)| f(self, index, chunk));
        }
        self.buffers[target.0] = numbers;
    }

    /// The kinds of the rows of `batch`: 1 for normal ones.
    fn normal(&self, plan: &Plan, batch: usize) -> &[f32] {
        &self.read(INPUTS)[plan.inputs()[1] + batch * plan.rows()..][..plan.rows()]
    }

    fn has_failed(&self, net: usize, nets: usize) -> bool {
        let status = self.read(STATUS);
        status[net] != 0.0 || status[nets + net] != 0.0
    }

    /// Rate, root and updates made, of `net`.
    fn factors(&self, plan: &Plan, net: usize) -> [f32; FACTORS] {
        let factors = &self.read(INPUTS)[plan.inputs()[2] + net * FACTORS..];
        [factors[0], factors[1], factors[2]]
    }

    /// The normal rows of `batch`, without what lies between them.
    fn normal_rows(&self, plan: &Plan, batch: usize) -> Vec<f32> {
        let (rows, dim, width) = (plan.rows(), plan.dim(), plan.width(0));
        let all = self.read(ROWS)[batch * rows * width..].chunks_exact(width);
        let kept = all.zip(self.normal(plan, batch)).filter(|(_, normal)| **normal != 0.0);
        kept.flat_map(|(row, _)| &row[..dim]).copied().collect()
    }

    /// Net `index`'s matrix of `matrices`.
    fn matrix(&self, matrices: Matrices, index: usize, rows: usize, columns: usize) -> MatRef<'_, f32> {
        let values = &self.read(matrices.buffer)[matrices.offset + index * matrices.stride..];
        // faer's own row-major slices with a stride are column-major ones (0.24): a row-major matrix is the transposed.
        if matrices.transposed {
            MatRef::from_column_major_slice_with_stride(values, rows, columns, matrices.ld)
        } else {
            MatRef::from_column_major_slice_with_stride(values, columns, rows, matrices.ld).transpose()
        }
    }
}

impl Backend for Cpu {
    fn memory(&self) -> usize {
        self.buffers.iter().map(|buffer| size_of_val(buffer.as_slice())).sum()
    }

    fn upload(&mut self, buffer: Buffer, offset: usize, values: &[f32]) -> Result<(), ModelError> {
        self.buffers[buffer.0][offset..][..values.len()].copy_from_slice(values);
        Ok(())
    }

    fn download(&mut self, buffer: Buffer, offset: usize, length: usize) -> Result<Vec<f32>, ModelError> {
        Ok(self.read(buffer)[offset..][..length].to_vec())
    }

    fn product(&mut self, product: &Product) -> Result<(), ModelError> {
        let Product { count, m, n, k, a, b, c } = *product;
        // Before the first matrix of C lie those of other layers: a chunk starts at the net.
        let (first, inside) = (c.offset / c.stride, c.offset % c.stride);
        self.each_chunk(c.buffer, c.stride, |cpu, index, chunk| {
            if (first..first + count).contains(&index) {
                let index = index - first;
                let c = MatMut::from_column_major_slice_with_stride_mut(&mut chunk[inside..], n, m, c.ld);
                let c = c.transpose_mut();
                let (a, b) = (cpu.matrix(a, index, m, k), cpu.matrix(b, index, k, n));
                matmul(c, Accum::Replace, a, b, 1.0, Par::Seq);
            }
        });
        Ok(())
    }

    fn gather(&mut self, plan: &Plan) -> Result<(), ModelError> {
        let (rows, dim, frames, bands) = (plan.rows(), plan.dim(), plan.frames(), plan.shape.bands);
        self.each_chunk(ROWS, plan.width(0), |cpu, row, target| {
            let inputs = cpu.read(INPUTS);
            let start = inputs[plan.inputs()[0] + row] as usize;
            target[..dim].copy_from_slice(&inputs[row / rows * frames + start * bands..][..dim]);
            target[dim] = 1.0;
        });
        Ok(())
    }

    fn weights(&mut self, plan: &Plan) -> Result<(), ModelError> {
        let rows = plan.rows();
        let mut weighers = Vec::with_capacity(plan.densities.len());
        for density in &plan.densities {
            weighers.push(Mutex::new(Weigher::new(density.weighting(), plan.dim(), 1)?));
        }
        self.each_chunk(WEIGHTS, rows, |cpu, line, weights| {
            if let (Some(density), Some(weigher)) = (plan.densities.get(line), weighers.get(line)) {
                let kept = cpu.normal_rows(plan, density.batch);
                let scores = vec![0.0; kept.len() / plan.dim()];
                let mut weigher = weigher.lock().expect("no thread has panicked");
                spread_out(weigher.weigh(&kept, &scores), cpu.normal(plan, density.batch), weights);
            }
        });
        Ok(())
    }

    fn own_weights(&mut self, plan: &Plan) -> Result<(), ModelError> {
        let rows = plan.rows();
        let lines = plan.weights_of();
        for (net, settings) in plan.nets.iter().enumerate() {
            let Some(line) = lines[net].filter(|_| settings.objective.weighting.reads_scores()) else {
                continue;
            };
            let normal = self.normal(plan, settings.batch);
            let scores = self.read(SCORES)[net * rows..][..rows].iter().zip(normal);
            let scores: Vec<f32> =
                scores.filter(|(_, normal)| **normal != 0.0).map(|(score, _)| *score).collect();
            let mut weigher = Weigher::new(settings.objective.weighting, plan.dim(), 1)?;
            let mut weights = vec![0.0; rows];
            spread_out(weigher.weigh(&[], &scores), normal, &mut weights);
            self.buffers[WEIGHTS.0][line * rows..][..rows].copy_from_slice(&weights);
        }
        Ok(())
    }

    fn activate(&mut self, plan: &Plan, layer: usize) -> Result<(), ModelError> {
        let (size, width, sigmoid) = (plan.architecture.sizes()[layer], plan.width(layer), plan.is_sigmoid());
        self.each_chunk(plan.units(layer), plan.rows() * width, |_, _, units| {
            for units in units.chunks_exact_mut(width) {
                for unit in &mut units[..size] {
                    // A NaN stays one.
                    *unit = if sigmoid {
                        1.0 / (1.0 + (-*unit).exp())
                    } else if *unit <= 0.0 {
                        0.0
                    } else {
                        *unit
                    };
                }
            }
        });
        Ok(())
    }

    fn differentiate(&mut self, plan: &Plan, layer: usize) -> Result<(), ModelError> {
        let (size, width, sigmoid) = (plan.architecture.sizes()[layer], plan.width(layer), plan.is_sigmoid());
        let one = plan.rows() * width;
        self.each_chunk(plan.units(layer), one, |cpu, net, units| {
            let by_units = cpu.read(BY_UNITS)[net * one..].chunks_exact(width);
            for (units, by_units) in units.chunks_exact_mut(width).zip(by_units) {
                for (unit, by_unit) in units[..size].iter_mut().zip(by_units) {
                    let h = *unit;
                    *unit = if sigmoid {
                        by_unit * h * (1.0 - h)
                    } else if h > 0.0 {
                        *by_unit
                    } else {
                        0.0
                    };
                }
            }
        });
        Ok(())
    }

    fn residuals(&mut self, plan: &Plan) -> Result<(), ModelError> {
        let (rows, dim, width) = (plan.rows(), plan.dim(), plan.width(0));
        let last = plan.units(plan.architecture.layers());
        self.each_chunk(last, rows * width, |cpu, net, units| {
            let inputs = cpu.read(ROWS)[plan.nets[net].batch * rows * width..].chunks_exact(width);
            for (units, input) in units.chunks_exact_mut(width).zip(inputs) {
                units[..dim].iter_mut().zip(input).for_each(|(unit, x)| *unit -= x);
            }
        });
        self.each_chunk(SCORES, rows, |cpu, net, scores| {
            let residuals = cpu.read(last)[net * rows * width..].chunks_exact(width);
            for (score, residuals) in scores.iter_mut().zip(residuals) {
                *score = residuals[..dim].iter().map(|r| r * r).sum();
            }
        });
        Ok(())
    }

    fn objective(&mut self, plan: &Plan, update: usize) -> Result<(), ModelError> {
        let (rows, nets) = (plan.rows(), plan.nets.len());
        let mut values = vec![0.0; nets * PARTS];
        let lines = plan.weights_of();
        for (net, settings) in plan.nets.iter().enumerate() {
            let normal = self.normal(plan, settings.batch);
            let order: Vec<usize> = sorted(normal);
            let count = normal.iter().filter(|normal| **normal != 0.0).count();
            let scores = &self.read(SCORES)[net * rows..][..rows];
            let scores: Vec<f32> = order.iter().map(|row| scores[*row]).collect();
            let weights: Vec<f32> = lines[net].map_or_else(Vec::new, |line| {
                let weights = &self.read(WEIGHTS)[line * rows..];
                order[..count].iter().map(|row| weights[*row]).collect()
            });
            let mut by_score = vec![0.0; rows];
            let value = settings.objective.evaluate(&scores, count, &weights, &mut by_score);
            let spread = value.weight_spread.unwrap_or(-1.0);
            let parts =
                [value.total, value.normal, value.anomalous, value.mean_score, value.max_score, spread];
            values[net * PARTS..][..PARTS].copy_from_slice(&parts.map(|part| part as f32));
            let failed = !value.total.is_finite() && !self.has_failed(net, nets);
            let slopes = &mut self.buffers[SLOPES.0][net * rows..];
            order.iter().zip(by_score).for_each(|(row, slope)| slopes[*row] = slope);
            if failed {
                self.buffers[STATUS.0][net] = self.factors(plan, net)[2] + 1.0;
            }
        }
        self.buffers[VALUES.0][update * nets * PARTS..][..nets * PARTS].copy_from_slice(&values);
        Ok(())
    }

    fn scale(&mut self, plan: &Plan) -> Result<(), ModelError> {
        let (rows, dim, width) = (plan.rows(), plan.dim(), plan.width(0));
        self.each_chunk(plan.units(plan.architecture.layers()), rows * width, |cpu, net, units| {
            let slopes = &cpu.read(SLOPES)[net * rows..];
            for (units, slope) in units.chunks_exact_mut(width).zip(slopes) {
                // A row that the objective does not read may hold anything.
                let factor = 2.0 * slope;
                let scaled = |unit: f32| if factor == 0.0 { 0.0 } else { factor * unit };
                units[..dim].iter_mut().for_each(|unit| *unit = scaled(*unit));
            }
        });
        Ok(())
    }

    fn amsgrad(&mut self, plan: &Plan) -> Result<(), ModelError> {
        let (nets, count) = (plan.nets.len(), plan.parameters());
        let alive: Vec<bool> = (0..nets).map(|net| !self.has_failed(net, nets)).collect();
        let [mut p, mut m, mut v, mut v_max] = [PARAMETERS, MOMENTS[0], MOMENTS[1], MOMENTS[2]]
            .map(|buffer| std::mem::take(&mut self.buffers[buffer.0]));
        let step = |net: usize, p: &mut [f32], m: &mut [f32], v: &mut [f32], v_max: &mut [f32]| {
            let [rate, root, _] = self.factors(plan, net);
            let factors = Factors { rate: f64::from(rate), root: f64::from(root) };
            let g = &self.read(GRADIENT)[net * count..][..count];
            Arch::new().dispatch(Update { numbers: plan.amsgrad.numbers(factors), p, g, m, v, v_max })
        };
        let moments = m.par_chunks_mut(count).zip(v.par_chunks_mut(count)).zip(v_max.par_chunks_mut(count));
        let shares = p.par_chunks_mut(count).zip(moments).enumerate();
        let finite = shares.map(|(net, (p, ((m, v), v_max)))| !alive[net] || step(net, p, m, v, v_max));
        let finite: Vec<bool> = finite.collect();
        for (buffer, numbers) in
            [PARAMETERS, MOMENTS[0], MOMENTS[1], MOMENTS[2]].into_iter().zip([p, m, v, v_max])
        {
            self.buffers[buffer.0] = numbers;
        }
        for net in (0..nets).filter(|net| !finite[*net]) {
            self.buffers[STATUS.0][nets + net] = self.factors(plan, net)[2] + 1.0;
        }
        Ok(())
    }
}

/// The rows, normal ones first.
fn sorted(normal: &[f32]) -> Vec<usize> {
    let kind = |wanted: bool| (0..normal.len()).filter(move |row| (normal[*row] != 0.0) == wanted);
    kind(true).chain(kind(false)).collect()
}

/// Writes the weights of the normal rows in their places, and 0 for other rows.
fn spread_out(found: &[f32], normal: &[f32], weights: &mut [f32]) {
    let mut found = found.iter();
    for (weight, normal) in weights.iter_mut().zip(normal) {
        *weight = if *normal != 0.0 { found.next().copied().unwrap_or(0.0) } else { 0.0 };
    }
}
