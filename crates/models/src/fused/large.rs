//! Wide layers: row-major, by faer's matrix products over blocks of rows, with bias and activation done while a
//! block is still in the cache.
//!
//! Blocks do not depend on the number of threads, and each is computed by one thread: the same bytes for any
//! number of threads.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

use super::Passes;
use super::rows::{activate, column_sums, differentiate, residuals, scale};
use crate::{Activation, Architecture, Parameters};

/// Rows of a block of the forward and backward passes.
const BLOCK: usize = 256;

/// Units above of a block of a weight gradient.
const GRADIENT_BLOCK: usize = 128;

/// Units of every layer but the input, (samples, units).
#[derive(Debug)]
pub(super) struct Large {
    activation: Activation,
    threads: usize,
    units: Vec<Vec<f32>>,
    /// ∂J/∂z of the layer at hand and of the one below it.
    deltas: [Vec<f32>; 2],
}

impl Large {
    pub(super) fn new(architecture: &Architecture, threads: usize) -> Self {
        let units = vec![Vec::new(); architecture.layers()];
        Self {
            activation: architecture.activation(),
            threads: threads.max(1),
            units,
            deltas: [Vec::new(), Vec::new()],
        }
    }
}

impl Passes for Large {
    fn forward(&mut self, parameters: &Parameters, rows: &[f32], scores: &mut [f32]) {
        let (threads, activation) = (self.threads, self.activation);
        let last = self.units.len() - 1;
        for (index, layer) in parameters.layers().enumerate() {
            let (inputs, outputs) = (layer.inputs, layer.outputs);
            let (below, above) = self.units.split_at_mut(index);
            let below = below.last().map_or(rows, |units| units.as_slice());
            let above = &mut above[0];
            above.resize(scores.len() * outputs, 0.0);
            let weight = MatRef::from_row_major_slice(layer.weight, outputs, inputs);
            let product = |block: usize, above: &mut [f32]| {
                let count = above.len() / outputs;
                let below = &below[block * BLOCK * inputs..][..count * inputs];
                let below = MatRef::from_row_major_slice(below, count, inputs);
                let above = MatMut::from_row_major_slice_mut(above, count, outputs);
                matmul(above, Accum::Replace, below, weight.transpose(), 1.0, Par::Seq);
            };
            if index < last {
                for_blocks(threads, above, BLOCK * outputs, |block, above| {
                    product(block, above);
                    activate(above, layer.bias, activation);
                });
            } else {
                let blocks = (above.as_mut_slice(), &mut *scores);
                for_paired_blocks(threads, blocks, [BLOCK * outputs, BLOCK], |block, above, scores| {
                    product(block, above);
                    let rows = &rows[block * BLOCK * outputs..][..above.len()];
                    residuals(above, layer.bias, rows, scores);
                });
            }
        }
    }

    fn backward(
        &mut self,
        parameters: &Parameters,
        rows: &[f32],
        score_gradient: &[f32],
        gradient: &mut [f32],
    ) {
        let (threads, activation, count) = (self.threads, self.activation, score_gradient.len());
        let [upper, lower] = &mut self.deltas;
        let (reconstruction, hidden) = self.units.split_last_mut().expect("a layer at least");
        let dim = parameters.architecture().dim();
        for_blocks(threads, reconstruction, BLOCK * dim, |block, residuals| {
            scale(residuals, &score_gradient[block * BLOCK..][..residuals.len() / dim]);
        });
        upper.clear();
        upper.extend_from_slice(reconstruction);
        for index in (0..parameters.architecture().layers()).rev() {
            let layer = parameters.layer(index);
            let (inputs, outputs) = (layer.inputs, layer.outputs);
            let below = index.checked_sub(1).map_or(rows, |below| &hidden[below]);
            let gradient = &mut gradient[parameters.architecture().layer_range(index)];
            let (weight_gradient, bias_gradient) = gradient.split_at_mut(inputs * outputs);
            let delta = MatRef::from_row_major_slice(upper.as_slice(), count, outputs);
            let units = MatRef::from_row_major_slice(below, count, inputs);
            for_blocks(threads, weight_gradient, GRADIENT_BLOCK * inputs, |block, gradient| {
                let outputs = gradient.len() / inputs;
                let delta = delta.subcols(block * GRADIENT_BLOCK, outputs);
                let gradient = MatMut::from_row_major_slice_mut(gradient, outputs, inputs);
                matmul(gradient, Accum::Replace, delta.transpose(), units, 1.0, Par::Seq);
            });
            for_blocks(threads, bias_gradient, GRADIENT_BLOCK, |block, gradient| {
                column_sums(upper, outputs, block * GRADIENT_BLOCK, gradient);
            });
            if index == 0 {
                break;
            }
            lower.resize(count * inputs, 0.0);
            let weight = MatRef::from_row_major_slice(layer.weight, outputs, inputs);
            for_blocks(threads, lower, BLOCK * inputs, |block, lower| {
                let count = lower.len() / inputs;
                let delta = delta.subrows(block * BLOCK, count);
                let product = MatMut::from_row_major_slice_mut(&mut *lower, count, inputs);
                matmul(product, Accum::Replace, delta, weight, 1.0, Par::Seq);
                differentiate(lower, &below[block * BLOCK * inputs..][..count * inputs], activation);
            });
            std::mem::swap(upper, lower);
        }
    }
}

/// Calls `f` with the number of each block of `values` and the block.
fn for_blocks(threads: usize, values: &mut [f32], block: usize, f: impl Fn(usize, &mut [f32]) + Sync) {
    if threads == 1 {
        values.chunks_mut(block).enumerate().for_each(|(index, block)| f(index, block));
    } else {
        values.par_chunks_mut(block).enumerate().for_each(|(index, block)| f(index, block));
    }
}

/// As [`for_blocks`], with the block of a second run of values beside that of the first.
fn for_paired_blocks(
    threads: usize,
    (first, second): (&mut [f32], &mut [f32]),
    [first_block, second_block]: [usize; 2],
    f: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
) {
    if threads == 1 {
        let blocks = first.chunks_mut(first_block).zip(second.chunks_mut(second_block));
        blocks.enumerate().for_each(|(index, (first, second))| f(index, first, second));
    } else {
        let blocks = first.par_chunks_mut(first_block).zip(second.par_chunks_mut(second_block));
        blocks.enumerate().for_each(|(index, (first, second))| f(index, first, second));
    }
}
