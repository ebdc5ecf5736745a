//! How the features of a mini-batch are moved and scaled before the kernel is taken of them.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Features whose moments are taken together: few enough that all their rows stay in a core's cache between the
/// pass for the mean and that for the variance.
const BLOCK: usize = 64;

/// Rows that are added up by themselves before they join the sum: shorter sums lose fewer digits.
const RUN: usize = 64;

/// y = factor (x - origin) for each feature; the kernel feels the factor, and of the origin only the rounding.
#[derive(Debug)]
pub(super) struct Features {
    pub(super) origin: Vec<f32>,
    pub(super) factor: Vec<f32>,
}

impl Features {
    pub(super) fn new(dim: usize) -> Self {
        Self { origin: vec![0.0; dim], factor: vec![0.0; dim] }
    }

    /// Every feature times `scale`, less its mean over the first `origin_rows` of `rows`, (M, D).
    pub(super) fn scale(&mut self, rows: &[f32], origin_rows: usize, scale: f32) {
        let dim = self.origin.len();
        self.factor.fill(scale);
        self.origin.fill(0.0);
        let share = 1.0 / (rows.len() / dim).min(origin_rows) as f32;
        for row in rows.chunks_exact(dim).take(origin_rows) {
            self.origin.iter_mut().zip(row).for_each(|(origin, x)| *origin += share * x);
        }
    }

    /// Every feature to mean 0 and standard deviation `scale` over `rows`, (M, D); a constant one to 0.
    pub(super) fn standardize(&mut self, rows: &[f32], scale: f32, threads: usize) {
        let dim = self.origin.len();
        // A feature is the work of one thread: how they are shared out decides nothing.
        let block = |index: usize, origin: &mut [f32], factor: &mut [f32]| {
            Arch::new().dispatch(Moments { rows, dim, first: index * BLOCK, scale, origin, factor });
        };
        if threads == 1 {
            let blocks = self.origin.chunks_mut(BLOCK).zip(self.factor.chunks_mut(BLOCK));
            blocks.enumerate().for_each(|(index, (origin, factor))| block(index, origin, factor));
        } else {
            let blocks = self.origin.par_chunks_mut(BLOCK).zip(self.factor.par_chunks_mut(BLOCK));
            blocks.enumerate().for_each(|(index, (origin, factor))| block(index, origin, factor));
        }
    }
}

/// Means and reciprocal deviations of the features from `first` on, as many as `origin` and `factor` hold.
struct Moments<'a> {
    rows: &'a [f32],
    dim: usize,
    first: usize,
    scale: f32,
    origin: &'a mut [f32],
    factor: &'a mut [f32],
}

impl WithSimd for Moments<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { rows, dim, first, scale, origin, factor } = self;
        let (width, share) = (origin.len(), 1.0 / (rows.len() / dim) as f32);
        // From the first row on, so that a constant feature has mean and variance to the digit.
        let mut reference = [0.0; BLOCK];
        reference[..width].copy_from_slice(&rows[first..first + width]);
        let distances = sums::<false>(rows, dim, first, width, &reference);
        for (mean, distance) in reference.iter_mut().zip(&distances) {
            *mean += share * distance;
        }
        origin.copy_from_slice(&reference[..width]);
        let squares = sums::<true>(rows, dim, first, width, &reference);
        for (factor, square) in factor.iter_mut().zip(&squares) {
            let deviation = (share * square).sqrt();
            *factor = if deviation > 0.0 { scale / deviation } else { 0.0 };
        }
    }
}

/// Sums over rows of the features' distances from `reference`, or of the squares of them.
#[inline(always)]
fn sums<const SQUARED: bool>(
    rows: &[f32],
    dim: usize,
    first: usize,
    width: usize,
    reference: &[f32; BLOCK],
) -> [f32; BLOCK] {
    let mut sums = [0.0; BLOCK];
    for run in rows.chunks(RUN * dim) {
        let mut parts = [0.0; BLOCK];
        for row in run.chunks_exact(dim) {
            for ((part, x), reference) in parts.iter_mut().zip(&row[first..first + width]).zip(reference) {
                let distance = x - reference;
                *part += if SQUARED { distance * distance } else { distance };
            }
        }
        for (sum, part) in sums.iter_mut().zip(&parts) {
            *sum += part;
        }
    }
    sums
}
