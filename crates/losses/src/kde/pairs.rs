//! Few features: the kernel of each pair from its coordinates, a vector register of pairs at a time.

use pulp::{Arch, Simd, WithSimd};

use super::features::Features;
use super::tiles::{LANES, Tile, TileKernel};
use crate::simd::{Lines, MIN_EXPONENT, exp2};

/// Rows taken together, so that a column's coordinates and sum are loaded once for all of them.
const GROUP: usize = 4;

/// Coordinate of a padding row: so far off that its kernel underflows, near enough that its square is finite.
const FAR: f32 = 1e15;

/// Rows times the root of the exponent, so that the kernel is 2^-|y_i - y_j|²; feature-major, D runs of padded rows.
#[derive(Debug)]
pub(super) struct Pairs<const D: usize> {
    padded: usize,
    columns: Lines,
    features: Features,
}

impl<const D: usize> Pairs<D> {
    pub(super) fn new() -> Self {
        Self { padded: 0, columns: Lines::new(0), features: Features::new(D) }
    }

    /// Takes `rows`, (M, D) row-major, standardized if so wished; the kernel of two of them is
    /// 2^(-`exponent` |x_i - x_j|²).
    pub(super) fn load(&mut self, rows: &[f32], standardize: bool, exponent: f64, threads: usize) {
        let scale = exponent.sqrt() as f32;
        if standardize {
            self.features.standardize(rows, scale, threads);
        } else {
            self.features.scale(rows, 0, scale);
        }
        let (rows, _) = rows.as_chunks::<D>();
        self.padded = rows.len().next_multiple_of(LANES);
        self.columns.resize(D * self.padded, FAR);
        for (feature, column) in self.columns.chunks_exact_mut(self.padded).enumerate() {
            let (origin, factor) = (self.features.origin[feature], self.features.factor[feature]);
            column.iter_mut().zip(rows).for_each(|(y, row)| *y = factor * (row[feature] - origin));
            column[rows.len()..].fill(FAR);
        }
    }

    fn column(&self, feature: usize) -> &[f32] {
        &self.columns[feature * self.padded..][..self.padded]
    }
}

impl<const D: usize> TileKernel for Pairs<D> {
    const PADDING: usize = LANES;
    /// The square on the diagonal holds it.
    const OWN: f32 = 0.0;

    fn tile(&self, _: usize) -> [usize; 2] {
        [LANES, 2048]
    }

    fn sums(&self, tile: &Tile, row_sums: &mut [f32], col_sums: &mut [f32]) {
        Arch::new().dispatch(Sums { pairs: self, tile, row_sums, col_sums });
    }
}

/// Sums of a tile. In the square on the diagonal both (i, j) and (j, i) are computed, and counted for rows alone.
struct Sums<'a, const D: usize> {
    pairs: &'a Pairs<D>,
    tile: &'a Tile,
    row_sums: &'a mut [f32],
    col_sums: &'a mut [f32],
}

impl<const D: usize> WithSimd for Sums<'_, D> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { pairs, tile, row_sums, col_sums } = self;
        let cols: [&[S::f32s]; D] =
            std::array::from_fn(|d| S::as_simd_f32s(&pairs.column(d)[tile.cols.clone()]).0);
        let (col_sums, _) = S::as_mut_simd_f32s(col_sums);
        let zero = simd.splat_f32s(0.0);
        col_sums.fill(zero);
        let (diagonal, count) = (tile.diagonal() / S::F32_LANES, col_sums.len());
        let cols = cols.map(|col| &col[..count]);
        for (first, row_sums) in tile.rows.clone().step_by(GROUP).zip(row_sums.as_chunks_mut::<GROUP>().0) {
            let mut group = [[zero; D]; GROUP];
            for (k, row) in group.iter_mut().enumerate() {
                for (d, y) in row.iter_mut().enumerate() {
                    *y = simd.splat_f32s(pairs.column(d)[first + k]);
                }
            }
            let mut sums = [zero; GROUP];
            for j in 0..diagonal {
                for (kernel, sum) in kernels(simd, &group, &cols, j).iter().zip(&mut sums) {
                    *sum = simd.add_f32s(*sum, *kernel);
                }
            }
            for (j, col_sum) in (diagonal..count).zip(&mut col_sums[diagonal..]) {
                let mut total = *col_sum;
                for (kernel, sum) in kernels(simd, &group, &cols, j).iter().zip(&mut sums) {
                    *sum = simd.add_f32s(*sum, *kernel);
                    total = simd.add_f32s(total, *kernel);
                }
                *col_sum = total;
            }
            for (row_sum, sum) in row_sums.iter_mut().zip(sums) {
                *row_sum = simd.reduce_sum_f32s(sum);
            }
        }
    }
}

/// The kernels of each row of a group with register `j` of the columns.
#[inline(always)]
fn kernels<S: Simd, const D: usize>(
    simd: S,
    group: &[[S::f32s; D]; GROUP],
    cols: &[&[S::f32s]; D],
    j: usize,
) -> [S::f32s; GROUP] {
    let mut exponents = [simd.splat_f32s(0.0); GROUP];
    for (row, exponent) in group.iter().zip(&mut exponents) {
        for (y, col) in row.iter().zip(cols) {
            let difference = simd.sub_f32s(*y, col[j]);
            *exponent = simd.negate_mul_add_e_f32s(difference, difference, *exponent);
        }
        *exponent = simd.max_f32s(*exponent, simd.splat_f32s(MIN_EXPONENT));
    }
    exp2(simd, exponents)
}
