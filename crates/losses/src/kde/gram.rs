//! Many features: products of rows held in registers, the kernel and its sums taken before they leave them.
//!
//! With y = √(2 σ log2 e) (x - mean) and h = |y|² / 2, the kernel of a pair is 2^(y_i·y_j - h_i - h_j). The mean is
//! taken off, roughly, because the kernel does not feel it and the product loses digits to it. No product is ever
//! stored: neither the M x M matrix nor a tile of it.
//!
//! A block of products is [`REGISTERS`] registers of rows against some columns. The rows of a block stand in a panel,
//! feature by feature, so that a register of them is one load; a column is a row as it stands, of which one number at
//! a time goes to all lanes. Row-major rows and panels are both made once, where the features are scaled.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::features::Features;
use super::tiles::{Tile, TileKernel};
use crate::simd::{Lines, MIN_EXPONENT, exp2};

/// Registers of rows in a block.
const REGISTERS: usize = 2;

/// Rows are padded to a multiple of this, a panel of the widest registers.
const PANEL: usize = 16 * REGISTERS;

/// Columns of a block: with them its sums fill 32 registers, or 16, and leave room for the factors.
const COLUMNS_OF_32: usize = 12;
const COLUMNS_OF_16: usize = 6;

/// Columns of the blocks that are left at a tile's end.
const COLUMNS_LEFT: usize = 2;

/// Features that a product adds up without looking where its factors end; the features are padded to a multiple of it.
const STEP: usize = 8;

/// Half square norm of a padding row, and less than any product: their kernel underflows.
const FAR: f32 = 1e30;

/// Rows that are averaged to find the origin of features as they are: near the mean is near enough.
const ORIGIN_ROWS: usize = 64;

/// Numbers in the panels of a tile, at most, where that leaves two: half of what the cache of a core holds.
const TILE_NUMBERS: usize = 1 << 16;

/// Columns of a tile: a multiple of both kinds of block, few enough that tiles can be shared out evenly.
const TILE_COLUMNS: usize = 192;

/// The lanes of the widest register, numbered.
const NUMBERED_LANES: [f32; 16] = [0., 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12., 13., 14., 15.];

/// Rows less their origin and scaled, as they stand and in panels, and half their square norms.
#[derive(Debug)]
pub(super) struct Gram {
    /// Features of a row, padded; those of the padding are 0.
    depth: usize,
    rows: Lines,
    panels: Lines,
    halves: Lines,
    features: Features,
}

impl Gram {
    pub(super) fn new(dim: usize) -> Self {
        let [rows, panels, halves] = std::array::from_fn(|_| Lines::new(0));
        Self { depth: dim.next_multiple_of(STEP), rows, panels, halves, features: Features::new(dim) }
    }

    /// Takes `rows`, (M, D) row-major, standardized if so wished; the kernel of two of them is
    /// 2^(-`exponent` |x_i - x_j|²).
    pub(super) fn load(&mut self, rows: &[f32], standardize: bool, exponent: f64, threads: usize) {
        let (depth, scale) = (self.depth, (2.0 * exponent).sqrt() as f32);
        let dim = self.features.origin.len();
        let count = rows.len() / dim;
        let padded = count.next_multiple_of(PANEL);
        self.rows.resize(padded * depth, 0.0);
        self.panels.resize(padded * depth, 0.0);
        self.halves.resize(padded, FAR);
        self.rows[count * depth..].fill(0.0);
        self.halves[count..].fill(FAR);
        if standardize {
            self.features.standardize(rows, scale, threads);
        } else {
            self.features.scale(rows, ORIGIN_ROWS, scale);
        }
        let Self { features, rows: scaled, panels, halves, .. } = self;
        let load = |(((rows, scaled), panels), halves)| {
            Arch::new().dispatch(Load { features, rows, scaled, panels, halves });
        };
        // Each row is by itself: how rows are shared out decides nothing.
        let share = (padded / PANEL).div_ceil(threads) * PANEL;
        if threads == 1 {
            return load((((rows, scaled), panels), halves));
        }
        let rows = rows.par_chunks(share * dim).zip(scaled.par_chunks_mut(share * depth));
        let panels = panels.par_chunks_mut(share * depth).zip(halves.par_chunks_mut(share));
        rows.zip(panels)
            .for_each(|((rows, scaled), (panels, halves))| load((((rows, scaled), panels), halves)));
    }
}

impl TileKernel for Gram {
    const PADDING: usize = PANEL;
    const OWN: f32 = 1.0;

    fn tile(&self, padded: usize) -> [usize; 2] {
        let most = (TILE_NUMBERS / self.depth / PANEL).max(2) * PANEL;
        [padded.div_ceil(padded.div_ceil(most)).next_multiple_of(PANEL), TILE_COLUMNS]
    }

    fn sums(&self, tile: &Tile, row_sums: &mut [f32], col_sums: &mut [f32]) {
        Arch::new().dispatch(Sums { gram: self, tile, row_sums, col_sums });
    }
}

/// Moves and scales the features of rows, takes half the rows' square norms, and puts the rows into panels.
struct Load<'a> {
    features: &'a Features,
    rows: &'a [f32],
    /// Whole panels of rows, those of the padding being 0.
    scaled: &'a mut [f32],
    panels: &'a mut [f32],
    halves: &'a mut [f32],
}

impl WithSimd for Load<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { features, rows, scaled, panels, halves } = self;
        let dim = features.origin.len();
        let depth = dim.next_multiple_of(STEP);
        let rows = rows.chunks_exact(dim).zip(scaled.chunks_exact_mut(depth));
        for ((row, scaled), half) in rows.zip(halves) {
            *half = scale(simd, features, row, &mut scaled[..dim]);
        }
        let panel = REGISTERS * S::F32_LANES * depth;
        for (rows, panel) in scaled.chunks_exact(panel).zip(panels.chunks_exact_mut(panel)) {
            interleave(rows, panel, depth);
        }
    }
}

/// Moves and scales the features of a row; half its square norm.
#[inline(always)]
fn scale<S: Simd>(simd: S, features: &Features, row: &[f32], scaled: &mut [f32]) -> f32 {
    let (origin, origin_tail) = S::as_simd_f32s(&features.origin);
    let (factor, factor_tail) = S::as_simd_f32s(&features.factor);
    let ((row, row_tail), (scaled, scaled_tail)) = (S::as_simd_f32s(row), S::as_mut_simd_f32s(scaled));
    let last = simd.sub_f32s(simd.partial_load_f32s(row_tail), simd.partial_load_f32s(origin_tail));
    let last = simd.mul_f32s(simd.partial_load_f32s(factor_tail), last);
    simd.partial_store_f32s(scaled_tail, last);
    let mut square = simd.mul_f32s(last, last);
    for (((y, x), origin), factor) in scaled.iter_mut().zip(row).zip(origin).zip(factor) {
        *y = simd.mul_f32s(*factor, simd.sub_f32s(*x, *origin));
        square = simd.mul_add_e_f32s(*y, *y, square);
    }
    0.5 * simd.reduce_sum_f32s(square)
}

/// Writes the rows of a panel feature by feature.
#[inline(always)]
fn interleave(rows: &[f32], panel: &mut [f32], depth: usize) {
    let width = rows.len() / depth;
    for (feature, panel) in panel.chunks_exact_mut(width).enumerate() {
        panel.iter_mut().zip(rows.chunks_exact(depth)).for_each(|(to, row)| *to = row[feature]);
    }
}

/// Adds up the kernels of a tile.
struct Sums<'a> {
    gram: &'a Gram,
    tile: &'a Tile,
    row_sums: &'a mut [f32],
    col_sums: &'a mut [f32],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        self.row_sums.fill(0.0);
        if S::REGISTER_COUNT < 32 {
            self.blocks::<S, COLUMNS_OF_16>(simd);
        } else {
            self.blocks::<S, COLUMNS_OF_32>(simd);
        }
    }
}

impl Sums<'_> {
    /// All columns of the tile, `COLUMNS` at a time.
    #[inline(always)]
    fn blocks<S: Simd, const COLUMNS: usize>(&mut self, simd: S) {
        let (count, whole) = (self.tile.cols.len(), self.tile.cols.len() / COLUMNS * COLUMNS);
        for first in (0..whole).step_by(COLUMNS) {
            self.columns::<S, COLUMNS>(simd, first);
        }
        for first in (whole..count).step_by(COLUMNS_LEFT) {
            self.columns::<S, COLUMNS_LEFT>(simd, first);
        }
    }

    /// The columns from `first` of the tile on, against all of its rows above the diagonal.
    #[inline(always)]
    fn columns<S: Simd, const COLUMNS: usize>(&mut self, simd: S, first: usize) {
        let (Gram { depth, rows, panels, halves, .. }, tile) = (self.gram, self.tile);
        let (height, start) = (REGISTERS * S::F32_LANES, tile.cols.start + first);
        let columns: [&[f32]; COLUMNS] = std::array::from_fn(|c| &rows[(start + c) * depth..][..*depth]);
        let col_halves: &[f32; COLUMNS] = halves[start..].first_chunk().expect("columns of the tile");
        let (panels, _) = S::as_simd_f32s(&panels[tile.rows.start * depth..tile.rows.end * depth]);
        let (row_halves, _) = S::as_simd_f32s(&halves[tile.rows.clone()]);
        let (row_sums, _) = S::as_mut_simd_f32s(self.row_sums);
        let mut col_sums = [simd.splat_f32s(0.0); COLUMNS];
        let blocks = panels.chunks_exact(REGISTERS * depth).zip(row_halves.as_chunks::<REGISTERS>().0);
        for (block, ((panel, halves), row_sums)) in
            blocks.zip(row_sums.as_chunks_mut::<REGISTERS>().0).enumerate()
        {
            let top = block * height;
            let crosses = top < tile.diagonal() && top + height > first;
            if crosses && top >= first + COLUMNS {
                break;
            }
            let mut products = products(simd, panel, columns);
            if crosses {
                hide_lower(simd, &mut products, top, first);
            }
            for ((products, half), col_sum) in products.iter().zip(col_halves).zip(&mut col_sums) {
                let kernels = kernels(simd, products, halves, simd.splat_f32s(*half));
                for (kernel, row_sum) in kernels.iter().zip(&mut *row_sums) {
                    *row_sum = simd.add_f32s(*row_sum, *kernel);
                    *col_sum = simd.add_f32s(*col_sum, *kernel);
                }
            }
        }
        for (col_sum, sum) in self.col_sums[first..].iter_mut().zip(col_sums) {
            *col_sum = simd.reduce_sum_f32s(sum);
        }
    }
}

/// y_i·y_j of the rows i of a panel with each column j.
#[inline(always)]
fn products<S: Simd, const COLUMNS: usize>(
    simd: S,
    panel: &[S::f32s],
    columns: [&[f32]; COLUMNS],
) -> [[S::f32s; REGISTERS]; COLUMNS] {
    let (panel, _) = panel.as_chunks::<REGISTERS>().0.as_chunks::<STEP>();
    let columns = columns.map(|column| &column.as_chunks::<STEP>().0[..panel.len()]);
    let mut products = [[simd.splat_f32s(0.0); REGISTERS]; COLUMNS];
    for (step, rows) in panel.iter().enumerate() {
        let columns = columns.map(|column| &column[step]);
        for (feature, rows) in rows.iter().enumerate() {
            for (products, column) in products.iter_mut().zip(columns) {
                let number = simd.splat_f32s(column[feature]);
                for (product, row) in products.iter_mut().zip(rows) {
                    *product = simd.mul_add_e_f32s(*row, number, *product);
                }
            }
        }
    }
    products
}

/// Puts a product without a kernel in place of those on and below the diagonal: a row's pair with itself is `OWN`,
/// and the pairs below are those above. Rows are counted from `top`, columns from `first`.
#[inline(always)]
fn hide_lower<S: Simd, const COLUMNS: usize>(
    simd: S,
    products: &mut [[S::f32s; REGISTERS]; COLUMNS],
    top: usize,
    first: usize,
) {
    let (lanes, _) = S::as_simd_f32s(&NUMBERED_LANES[..S::F32_LANES]);
    for (column, products) in products.iter_mut().enumerate() {
        let column = simd.splat_f32s((first + column) as f32);
        for (register, product) in products.iter_mut().enumerate() {
            let rows = simd.add_f32s(lanes[0], simd.splat_f32s((top + register * S::F32_LANES) as f32));
            *product = simd.select_f32s(simd.less_than_f32s(rows, column), *product, simd.splat_f32s(-FAR));
        }
    }
}

/// 2^(y_i·y_j - h_i - h_j); rounding must not lift the exponent above zero.
#[inline(always)]
fn kernels<S: Simd>(
    simd: S,
    products: &[S::f32s; REGISTERS],
    row_halves: &[S::f32s; REGISTERS],
    col_half: S::f32s,
) -> [S::f32s; REGISTERS] {
    let mut exponents = *products;
    for (exponent, row_half) in exponents.iter_mut().zip(row_halves) {
        let exact = simd.sub_f32s(simd.sub_f32s(*exponent, *row_half), col_half);
        *exponent = simd.max_f32s(simd.min_f32s(exact, simd.splat_f32s(0.0)), simd.splat_f32s(MIN_EXPONENT));
    }
    exp2(simd, exponents)
}
