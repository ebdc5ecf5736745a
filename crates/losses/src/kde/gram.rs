//! Many features: the exponents of a strip from a matrix product, the kernel and its sums in one pass over them.
//!
//! With y = √(2 σ log2 e) (x - mean) and h = |y|² / 2, the kernel of a pair is 2^(y_i·y_j - h_i - h_j). The mean is
//! taken off because the kernel does not feel it and the product loses digits to it. A strip stays in the cache;
//! the M x M matrix is never stored.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use pulp::{Arch, Simd, WithSimd};

use super::strips::{LANES, Strip, StripKernel};
use crate::simd::{MIN_EXPONENT, exp2};

/// Rows taken together, so that a column's sum is loaded once for all of them.
const GROUP: usize = 4;

/// Half square norm of a padding row: its kernel underflows.
const FAR: f32 = 1e30;

/// Centred and scaled rows, and half their square norms.
#[derive(Debug)]
pub(super) struct Gram {
    dim: usize,
    rows: Vec<f32>,
    halves: Vec<f32>,
    mean: Vec<f64>,
}

impl Gram {
    pub(super) fn new(dim: usize) -> Self {
        Self { dim, rows: Vec::new(), halves: Vec::new(), mean: vec![0.0; dim] }
    }

    /// Takes `rows`, (M, D) row-major; the kernel of two of them is 2^(-`exponent` |x_i - x_j|²).
    pub(super) fn load(&mut self, rows: &[f32], exponent: f64) {
        let scale = (2.0 * exponent).sqrt() as f32;
        let padded = (rows.len() / self.dim).next_multiple_of(LANES);
        self.rows.resize(padded * self.dim, 0.0);
        self.halves.clear();
        self.halves.resize(padded, FAR);
        self.mean.fill(0.0);
        for row in rows.chunks_exact(self.dim) {
            self.mean.iter_mut().zip(row).for_each(|(mean, x)| *mean += f64::from(*x));
        }
        let count = (rows.len() / self.dim) as f64;
        self.mean.iter_mut().for_each(|mean| *mean /= count);
        let scaled = self.rows.chunks_exact_mut(self.dim);
        for ((y, x), half) in scaled.zip(rows.chunks_exact(self.dim)).zip(&mut self.halves) {
            for ((y, x), mean) in y.iter_mut().zip(x).zip(&self.mean) {
                *y = scale * (f64::from(*x) - mean) as f32;
            }
            *half = 0.5 * Arch::new().dispatch(SquareNorm(y));
        }
    }

    fn matrix(&self, rows: std::ops::Range<usize>) -> MatRef<'_, f32> {
        let (first, count) = (rows.start * self.dim, rows.len());
        MatRef::from_row_major_slice(&self.rows[first..first + count * self.dim], count, self.dim)
    }
}

impl StripKernel for Gram {
    const HEIGHT: usize = 96;
    const WIDTH: usize = 1536;
    const SCRATCH: usize = Self::HEIGHT * Self::WIDTH;

    fn sums(&self, strip: &Strip, scratch: &mut [f32], row_sums: &mut [f32], col_sums: &mut [f32]) {
        let (rows, cols) = (strip.rows.len(), strip.cols.len());
        let products = &mut scratch[..rows * cols];
        let destination = MatMut::from_row_major_slice_mut(products, rows, cols);
        let (left, right) = (self.matrix(strip.rows.clone()), self.matrix(strip.cols.clone()));
        matmul(destination, Accum::Replace, left, right.transpose(), 1.0, Par::Seq);
        for (row, i) in strip.rows.clone().enumerate().take(strip.diagonal().len()) {
            // A row's distance from itself is zero, whatever the product rounds to.
            products[row * cols + row] = 2.0 * self.halves[i];
        }
        let diagonal = strip.diagonal().len();
        let halves = [&self.halves[strip.rows.clone()], &self.halves[strip.cols.clone()]];
        Arch::new().dispatch(Sums { products, halves, diagonal, row_sums, col_sums });
    }
}

struct SquareNorm<'a>(&'a [f32]);

impl WithSimd for SquareNorm<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let (head, tail) = S::as_simd_f32s(self.0);
        let last = simd.partial_load_f32s(tail);
        let mut sum = simd.mul_f32s(last, last);
        for y in head {
            sum = simd.mul_add_e_f32s(*y, *y, sum);
        }
        simd.reduce_sum_f32s(sum)
    }
}

/// Turns the products of a strip into kernels and adds them up.
struct Sums<'a> {
    products: &'a [f32],
    /// Half square norms of the rows and of the columns.
    halves: [&'a [f32]; 2],
    /// Columns of the diagonal block.
    diagonal: usize,
    row_sums: &'a mut [f32],
    col_sums: &'a mut [f32],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { products, halves: [row_halves, col_halves], diagonal, row_sums, col_sums } = self;
        let width = col_halves.len();
        let (col_halves, _) = S::as_simd_f32s(col_halves);
        let (col_sums, _) = S::as_mut_simd_f32s(col_sums);
        let zero = simd.splat_f32s(0.0);
        col_sums.fill(zero);
        let diagonal = diagonal / S::F32_LANES;
        let groups = products.chunks_exact(GROUP * width).zip(row_halves.as_chunks::<GROUP>().0);
        for ((products, halves), row_sums) in groups.zip(row_sums.as_chunks_mut::<GROUP>().0) {
            let rows: [&[S::f32s]; GROUP] = std::array::from_fn(|k| {
                &S::as_simd_f32s(&products[k * width..][..width]).0[..col_halves.len()]
            });
            let mut sums = [zero; GROUP];
            for j in 0..diagonal {
                for ((row, half), sum) in rows.iter().zip(halves).zip(&mut sums) {
                    *sum = simd.add_f32s(*sum, kernel(simd, row[j], *half, col_halves[j]));
                }
            }
            for j in diagonal..col_halves.len() {
                let mut col_sum = col_sums[j];
                for ((row, half), sum) in rows.iter().zip(halves).zip(&mut sums) {
                    let kernel = kernel(simd, row[j], *half, col_halves[j]);
                    *sum = simd.add_f32s(*sum, kernel);
                    col_sum = simd.add_f32s(col_sum, kernel);
                }
                col_sums[j] = col_sum;
            }
            for (row_sum, sum) in row_sums.iter_mut().zip(sums) {
                *row_sum = simd.reduce_sum_f32s(sum);
            }
        }
    }
}

/// 2^(y_i·y_j - h_i - h_j); rounding must not lift the exponent above zero.
#[inline(always)]
fn kernel<S: Simd>(simd: S, product: S::f32s, row_half: f32, col_half: S::f32s) -> S::f32s {
    let exponent = simd.sub_f32s(simd.sub_f32s(product, simd.splat_f32s(row_half)), col_half);
    let exponent = simd.min_f32s(exponent, simd.splat_f32s(0.0));
    exp2(simd, simd.max_f32s(exponent, simd.splat_f32s(MIN_EXPONENT)))
}
