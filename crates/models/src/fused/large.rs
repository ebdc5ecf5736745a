//! Wide layers: feature-major, by faer's matrix products over blocks of samples, with bias and activation done while
//! a block is still in the cache.
//!
//! The samples of a unit stand together. So a product of samples with a matrix reads the samples in the order in which
//! faer packs them, and the matrix, whose rows are contiguous along the sum, as it stands; and the gradient of a matrix
//! is a sum along contiguous samples. Blocks and parts do not depend on the number of threads, and each is computed by
//! one thread: the same bytes for any number of threads.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use losses::simd::Lines;
use rayon::prelude::*;

use super::Passes;
use super::blocks::{activate, differentiate, residuals, scale, sums};
use super::transpose::transpose;
use crate::{Activation, Architecture, Parameters};

/// Samples of a block: with them the units of a layer, packed and as they are, fill the cache of a core.
const BLOCK: usize = 240;

/// Samples of a unit are padded to a multiple of this, a cache line, and the samples of the next are a line apart.
const LINE: usize = 16;

/// Widest part of a gradient, in units: a product has two parts at least, so that two threads share it.
const PART: usize = 256;

/// Units of one part of a bias gradient.
const BIAS_PART: usize = 64;

/// Fewest units that the product packs well: the widest registers of a tile of it are not filled by fewer.
const NARROW: usize = 64;

/// Units of every layer. `backward` turns them, from the top down, into ∂J/∂z.
#[derive(Debug)]
pub(super) struct Large {
    activation: Activation,
    threads: usize,
    units: Vec<Lines>,
    /// The transposed matrix, or the transposed gradient, of the layer at hand.
    transposed: Lines,
    /// For each thread ∂J/∂h of the block at hand.
    deltas: Lines,
}

impl Large {
    pub(super) fn new(architecture: &Architecture, threads: usize) -> Self {
        let sizes = architecture.sizes();
        let matrix = sizes.windows(2).map(|pair| pair[0] * pair[1]).max().unwrap_or(0);
        let (threads, widest) = (threads.max(1), sizes.iter().max().copied().unwrap_or(0));
        let lines = |length| Lines::from_iter(0, std::iter::repeat_n(0.0, length));
        Self {
            activation: architecture.activation(),
            threads,
            units: vec![Lines::new(0); sizes.len()],
            transposed: lines(matrix),
            deltas: lines(threads * BLOCK * widest),
        }
    }
}

impl Passes for Large {
    fn forward(&mut self, parameters: &Parameters, rows: &[f32], scores: &mut [f32]) {
        let (threads, activation, count) = (self.threads, self.activation, scores.len());
        let architecture = parameters.architecture();
        for (units, size) in self.units.iter_mut().zip(architecture.sizes()) {
            units.resize(size * stride(count), 0.0);
        }
        transpose(threads, rows, architecture.dim(), &mut self.units[0], stride(count));
        for (index, layer) in parameters.layers().enumerate() {
            let (below, above) = self.units.split_at_mut(index + 1);
            let input = matrix(&below[0], count, architecture.dim());
            let below = matrix(&below[index], count, layer.inputs);
            let weight = MatRef::from_row_major_slice(layer.weight, layer.outputs, layer.inputs);
            let last = index + 1 == architecture.layers();
            let above = matrix_mut(&mut above[0], count, layer.outputs);
            for_blocks(threads, above, scores, share(count, threads), |samples, mut above, scores| {
                let [below, input] = [below, input].map(|units| units.subrows(samples.first, samples.count));
                matmul(above.as_mut(), Accum::Replace, below, weight.transpose(), 1.0, Par::Seq);
                if last {
                    let scores = &mut scores[samples.offset..][..samples.count];
                    residuals(above, layer.bias, input, scores);
                } else {
                    activate(above, layer.bias, activation);
                }
            });
        }
    }

    fn backward(&mut self, parameters: &Parameters, score_gradient: &[f32], gradient: &mut [f32]) {
        let (threads, activation, count) = (self.threads, self.activation, score_gradient.len());
        let architecture = parameters.architecture();
        let dim = architecture.dim();
        let top = matrix_mut(self.units.last_mut().expect("an input at least"), count, dim);
        for_blocks(threads, top, &mut self.deltas, BLOCK * dim, |samples, residuals, _| {
            scale(residuals, &score_gradient[samples.first..][..samples.count]);
        });
        for index in (0..architecture.layers()).rev() {
            let layer = parameters.layer(index);
            let (inputs, outputs) = (layer.inputs, layer.outputs);
            let (below, above) = self.units.split_at_mut(index + 1);
            let (below, delta) = (&mut below[index], matrix(&above[0], count, outputs));
            let gradient = &mut gradient[architecture.layer_range(index)];
            let (weight_gradient, bias_gradient) = gradient.split_at_mut(inputs * outputs);
            let units = matrix(below, count, inputs);
            differentiate_weight(threads, units, delta, weight_gradient, &mut self.transposed);
            differentiate_bias(threads, delta, bias_gradient);
            if index == 0 {
                break;
            }
            let transposed = &mut self.transposed[..inputs * outputs];
            transpose(threads, layer.weight, inputs, transposed, outputs);
            let weight = MatRef::from_column_major_slice(transposed, outputs, inputs);
            let below = matrix_mut(below, count, inputs);
            for_blocks(threads, below, &mut self.deltas, BLOCK * inputs, |samples, units, lower| {
                let delta = delta.subrows(samples.first, samples.count);
                let lower = &mut lower[..samples.count * inputs];
                let mut lower = MatMut::from_column_major_slice_mut(lower, samples.count, inputs);
                matmul(lower.as_mut(), Accum::Replace, delta, weight, 1.0, Par::Seq);
                differentiate(units, lower.as_ref(), activation);
            });
        }
    }
}

/// ∂J/∂W = ∂J/∂zᵀ h, (outputs, inputs) row-major, from ∂J/∂z above and h below.
fn differentiate_weight(
    threads: usize,
    units: MatRef<'_, f32>,
    delta: MatRef<'_, f32>,
    gradient: &mut [f32],
    transposed: &mut [f32],
) {
    let (inputs, outputs) = (units.ncols(), delta.ncols());
    // The product packs that factor whose units are contiguous in the result: it should be the lesser one.
    let swapped = inputs < NARROW || (2 * outputs <= inputs && outputs >= NARROW);
    let (packed, other) = if swapped { (delta, units) } else { (units, delta) };
    let target = if swapped { &mut transposed[..inputs * outputs] } else { &mut *gradient };
    let target = MatMut::from_column_major_slice_mut(target, packed.ncols(), other.ncols());
    let parts = 2 * packed.ncols().div_ceil(2 * PART);
    let part = packed.ncols().div_ceil(parts).next_multiple_of(LINE);
    for_row_chunks(threads, target, part, |first, target| {
        let packed = packed.subcols(first, target.nrows());
        matmul(target, Accum::Replace, packed.transpose(), other, 1.0, Par::Seq);
    });
    if swapped {
        transpose(threads, &transposed[..inputs * outputs], outputs, gradient, inputs);
    }
}

/// ∂J/∂b, the sum of ∂J/∂z over the samples.
fn differentiate_bias(threads: usize, delta: MatRef<'_, f32>, gradient: &mut [f32]) {
    let part = |(index, gradient): (usize, &mut [f32])| sums(delta, index * BIAS_PART, gradient);
    if threads == 1 {
        gradient.chunks_mut(BIAS_PART).enumerate().for_each(part);
    } else {
        gradient.par_chunks_mut(BIAS_PART).enumerate().for_each(part);
    }
}

/// Numbers from the samples of a unit to those of the next.
fn stride(count: usize) -> usize {
    count.next_multiple_of(LINE) + LINE
}

/// Units of a layer as (samples, units).
fn matrix(units: &[f32], count: usize, width: usize) -> MatRef<'_, f32> {
    MatRef::from_column_major_slice_with_stride(units, count, width, stride(count))
}

/// Units of a layer as (samples, units), to be changed.
fn matrix_mut(units: &mut [f32], count: usize, width: usize) -> MatMut<'_, f32> {
    MatMut::from_column_major_slice_with_stride_mut(units, count, width, stride(count))
}

/// A block of samples.
struct Samples {
    /// The first of them.
    first: usize,
    /// Where it stands in its thread's share.
    offset: usize,
    /// How many.
    count: usize,
}

/// Samples of a thread: whole blocks.
fn share(count: usize, threads: usize) -> usize {
    count.div_ceil(BLOCK).div_ceil(threads) * BLOCK
}

/// Calls `f` with each block of the samples of `units`, and with the thread's own `extra` numbers.
fn for_blocks(
    threads: usize,
    units: MatMut<'_, f32>,
    extra: &mut [f32],
    extra_share: usize,
    f: impl Fn(Samples, MatMut<'_, f32>, &mut [f32]) + Sync,
) {
    let share = share(units.nrows(), threads);
    let work = |(index, (mut units, extra)): (usize, (MatMut<'_, f32>, &mut [f32]))| {
        for offset in (0..units.nrows()).step_by(BLOCK) {
            let samples =
                Samples { first: index * share + offset, offset, count: BLOCK.min(units.nrows() - offset) };
            let block = units.as_mut().subrows_mut(offset, samples.count);
            f(samples, block, extra);
        }
    };
    if threads == 1 {
        work((0, (units, extra)));
    } else {
        units.par_row_chunks_mut(share).zip(extra.par_chunks_mut(extra_share)).enumerate().for_each(work);
    }
}

/// Calls `f` with each run of `chunk` rows of `matrix`, and with the number of its first row.
fn for_row_chunks(
    threads: usize,
    mut matrix: MatMut<'_, f32>,
    chunk: usize,
    f: impl Fn(usize, MatMut<'_, f32>) + Sync,
) {
    if threads == 1 {
        for first in (0..matrix.nrows()).step_by(chunk) {
            let count = chunk.min(matrix.nrows() - first);
            f(first, matrix.as_mut().subrows_mut(first, count));
        }
    } else {
        matrix.par_row_chunks_mut(chunk).enumerate().for_each(|(index, rows)| f(index * chunk, rows));
    }
}
