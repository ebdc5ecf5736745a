//! Many features: the exponents of a tile from a matrix product, the kernel and its sums in one pass over them.
//!
//! With y = √(2 σ log2 e) (x - mean) and h = |y|² / 2, the kernel of a pair is 2^(y_i·y_j - h_i - h_j). The mean is
//! taken off, roughly, because the kernel does not feel it and the product loses digits to it. A tile stays in the
//! cache; the M x M matrix is never stored.

use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, MatMut, MatRef, Par};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::features::Features;
use super::tiles::{LANES, Tile, TileKernel};
use crate::simd::{MIN_EXPONENT, exp2};

/// Rows taken together, so that a column's sum is loaded once for all of them.
const GROUP: usize = 4;

/// Half square norm of a padding row, and less than any product: their kernel underflows.
const FAR: f32 = 1e30;

/// Rows that are averaged to find the origin of features as they are: near the mean is near enough.
const ORIGIN_ROWS: usize = 64;

/// Most rows and columns of a tile: as many as the cache of a core holds beside the rows being multiplied.
const TILE: usize = 400;

/// Rows less their origin and scaled, and half their square norms.
#[derive(Debug)]
pub(super) struct Gram {
    dim: usize,
    rows: Vec<f32>,
    halves: Vec<f32>,
    features: Features,
}

impl Gram {
    pub(super) fn new(dim: usize) -> Self {
        Self { dim, rows: Vec::new(), halves: Vec::new(), features: Features::new(dim) }
    }

    /// Takes `rows`, (M, D) row-major, standardized if so wished; the kernel of two of them is
    /// 2^(-`exponent` |x_i - x_j|²).
    pub(super) fn load(&mut self, rows: &[f32], standardize: bool, exponent: f64, threads: usize) {
        let scale = (2.0 * exponent).sqrt() as f32;
        let count = rows.len() / self.dim;
        let padded = count.next_multiple_of(LANES);
        self.rows.resize(padded * self.dim, 0.0);
        self.halves.resize(padded, FAR);
        self.halves[count..].fill(FAR);
        if standardize {
            self.features.standardize(rows, scale, threads);
        } else {
            self.features.scale(rows, ORIGIN_ROWS, scale);
        }
        let (features, halves, scaled) =
            (&self.features, &mut self.halves[..count], &mut self.rows[..rows.len()]);
        if threads == 1 {
            return Arch::new().dispatch(Scale { rows, features, scaled, halves });
        }
        // Each row is by itself: how rows are shared out decides nothing.
        let share = count.div_ceil(threads);
        let rows = rows.par_chunks(share * self.dim).zip(scaled.par_chunks_mut(share * self.dim));
        rows.zip(halves.par_chunks_mut(share)).for_each(|((rows, scaled), halves)| {
            Arch::new().dispatch(Scale { rows, features, scaled, halves });
        });
    }

    fn matrix(&self, rows: std::ops::Range<usize>) -> MatRef<'_, f32> {
        let (first, count) = (rows.start * self.dim, rows.len());
        MatRef::from_row_major_slice(&self.rows[first..first + count * self.dim], count, self.dim)
    }
}

impl TileKernel for Gram {
    const OWN: f32 = 1.0;

    /// Squares of even size.
    fn tile(padded: usize) -> [usize; 2] {
        [padded.div_ceil(padded.div_ceil(TILE)).next_multiple_of(LANES); 2]
    }

    fn scratch([rows, cols]: [usize; 2]) -> usize {
        rows * cols
    }

    fn sums(&self, tile: &Tile, scratch: &mut [f32], row_sums: &mut [f32], col_sums: &mut [f32]) {
        let (rows, cols) = (tile.rows.len(), tile.cols.len());
        let products = &mut scratch[..rows * cols];
        let destination = MatMut::from_row_major_slice_mut(&mut *products, rows, cols);
        let (left, right) = (self.matrix(tile.rows.clone()), self.matrix(tile.cols.clone()).transpose());
        if tile.diagonal() == 0 {
            matmul(destination, Accum::Replace, left, right, 1.0, Par::Seq);
        } else {
            use BlockStructure::{Rectangular, StrictTriangularUpper};
            let upper = StrictTriangularUpper;
            triangular::matmul(
                destination,
                upper,
                Accum::Replace,
                left,
                Rectangular,
                right,
                Rectangular,
                1.0,
                Par::Seq,
            );
            // A row's pair with itself is `OWN`, and the pairs below the diagonal are those above it.
            products
                .chunks_exact_mut(cols)
                .enumerate()
                .for_each(|(row, products)| products[..=row].fill(-FAR));
        }
        let halves = [&self.halves[tile.rows.clone()], &self.halves[tile.cols.clone()]];
        Arch::new().dispatch(Sums { products, halves, row_sums, col_sums });
    }
}

/// Moves and scales the features of rows, and takes half the rows' square norms.
struct Scale<'a> {
    rows: &'a [f32],
    features: &'a Features,
    scaled: &'a mut [f32],
    halves: &'a mut [f32],
}

impl WithSimd for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { rows, features, scaled, halves } = self;
        let dim = features.origin.len();
        let (origin, origin_tail) = S::as_simd_f32s(&features.origin);
        let (factor, factor_tail) = S::as_simd_f32s(&features.factor);
        let rows = rows.chunks_exact(dim).zip(scaled.chunks_exact_mut(dim));
        for ((row, scaled), half) in rows.zip(halves) {
            let ((row, row_tail), (scaled, scaled_tail)) =
                (S::as_simd_f32s(row), S::as_mut_simd_f32s(scaled));
            let last = simd.sub_f32s(simd.partial_load_f32s(row_tail), simd.partial_load_f32s(origin_tail));
            let last = simd.mul_f32s(simd.partial_load_f32s(factor_tail), last);
            simd.partial_store_f32s(scaled_tail, last);
            let mut square = simd.mul_f32s(last, last);
            for (((y, x), origin), factor) in scaled.iter_mut().zip(row).zip(origin).zip(factor) {
                *y = simd.mul_f32s(*factor, simd.sub_f32s(*x, *origin));
                square = simd.mul_add_e_f32s(*y, *y, square);
            }
            *half = 0.5 * simd.reduce_sum_f32s(square);
        }
    }
}

/// Turns the products of a tile into kernels and adds them up.
struct Sums<'a> {
    products: &'a [f32],
    /// Half square norms of the rows and of the columns.
    halves: [&'a [f32]; 2],
    row_sums: &'a mut [f32],
    col_sums: &'a mut [f32],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { products, halves: [row_halves, col_halves], row_sums, col_sums } = self;
        let width = col_halves.len();
        let (col_halves, _) = S::as_simd_f32s(col_halves);
        let (col_sums, _) = S::as_mut_simd_f32s(col_sums);
        let zero = simd.splat_f32s(0.0);
        col_sums.fill(zero);
        let groups = products.chunks_exact(GROUP * width).zip(row_halves.as_chunks::<GROUP>().0);
        for ((products, halves), row_sums) in groups.zip(row_sums.as_chunks_mut::<GROUP>().0) {
            let rows: [&[S::f32s]; GROUP] = std::array::from_fn(|k| {
                &S::as_simd_f32s(&products[k * width..][..width]).0[..col_halves.len()]
            });
            let mut sums = [zero; GROUP];
            for (j, (half, col_sum)) in col_halves.iter().zip(&mut *col_sums).enumerate() {
                for ((row, row_half), sum) in rows.iter().zip(halves).zip(&mut sums) {
                    let kernel = kernel(simd, row[j], *row_half, *half);
                    *sum = simd.add_f32s(*sum, kernel);
                    *col_sum = simd.add_f32s(*col_sum, kernel);
                }
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
