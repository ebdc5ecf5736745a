//! What is done to a block of samples between two matrix products, a register at a time.
//!
//! A block is a matrix (samples, units) of contiguous columns.

use faer::{ColMut, ColRef, MatMut, MatRef};
use losses::simd::sigmoid;
use pulp::{Arch, Simd, WithSimd};

use crate::Activation;

/// h = activation(z + b) of every unit, in place of z.
pub(super) fn activate(units: MatMut<'_, f32>, bias: &[f32], activation: Activation) {
    Arch::new().dispatch(Activate { units, bias, activation });
}

/// y + b - x in place of y, and its square norm, A(x), of each sample.
pub(super) fn residuals(units: MatMut<'_, f32>, bias: &[f32], input: MatRef<'_, f32>, scores: &mut [f32]) {
    Arch::new().dispatch(Residuals { units, bias, input, scores });
}

/// ∂J/∂y = 2 (y - x) ∂J/∂A of each sample, in place of y - x.
pub(super) fn scale(residuals: MatMut<'_, f32>, derivatives: &[f32]) {
    Arch::new().dispatch(Scale { residuals, derivatives });
}

/// ∂J/∂z from ∂J/∂h in `delta`, times the derivative of the activation, in place of h.
pub(super) fn differentiate(units: MatMut<'_, f32>, delta: MatRef<'_, f32>, activation: Activation) {
    Arch::new().dispatch(Differentiate { units, delta, activation });
}

/// Sums over the samples of the units from `first` on.
pub(super) fn sums(units: MatRef<'_, f32>, first: usize, sums: &mut [f32]) {
    Arch::new().dispatch(Sums { units, first, sums });
}

/// h from z.
#[inline(always)]
pub(super) fn activated<S: Simd, const N: usize>(
    simd: S,
    activation: Activation,
    z: [S::f32s; N],
) -> [S::f32s; N] {
    match activation {
        Activation::Sigmoid => sigmoid(simd, z),
        Activation::Relu => {
            let mut h = z;
            for h in &mut h {
                *h = simd.max_f32s(*h, simd.splat_f32s(0.0));
            }
            h
        }
    }
}

/// ∂J/∂z from ∂J/∂h and h.
#[inline(always)]
pub(super) fn differentiated<S: Simd>(
    simd: S,
    activation: Activation,
    delta: S::f32s,
    h: S::f32s,
) -> S::f32s {
    let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
    match activation {
        Activation::Sigmoid => simd.mul_f32s(delta, simd.mul_f32s(h, simd.sub_f32s(one, h))),
        Activation::Relu => simd.select_f32s(simd.less_than_f32s(zero, h), delta, zero),
    }
}

/// The samples of a unit.
fn samples(column: ColRef<'_, f32>) -> &[f32] {
    column.try_as_col_major().expect("the samples of a unit stand together").as_slice()
}

/// The samples of a unit, to be changed.
fn samples_mut(column: ColMut<'_, f32>) -> &mut [f32] {
    column.try_as_col_major_mut().expect("the samples of a unit stand together").as_slice_mut()
}

struct Activate<'a> {
    units: MatMut<'a, f32>,
    bias: &'a [f32],
    activation: Activation,
}

impl WithSimd for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (unit, bias) in self.units.col_iter_mut().zip(self.bias) {
            let bias = simd.splat_f32s(*bias);
            let (units, tail) = S::as_mut_simd_f32s(samples_mut(unit));
            for unit in units {
                [*unit] = activated(simd, self.activation, [simd.add_f32s(*unit, bias)]);
            }
            let z = simd.add_f32s(simd.partial_load_f32s(tail), bias);
            let [h] = activated(simd, self.activation, [z]);
            simd.partial_store_f32s(tail, h);
        }
    }
}

struct Residuals<'a> {
    units: MatMut<'a, f32>,
    bias: &'a [f32],
    input: MatRef<'a, f32>,
    scores: &'a mut [f32],
}

impl WithSimd for Residuals<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { units, bias, input, scores } = self;
        scores.fill(0.0);
        let (scores, scores_tail) = S::as_mut_simd_f32s(scores);
        for ((unit, input), bias) in units.col_iter_mut().zip(input.col_iter()).zip(bias) {
            let bias = simd.splat_f32s(*bias);
            let (units, tail) = S::as_mut_simd_f32s(samples_mut(unit));
            let (input, input_tail) = S::as_simd_f32s(samples(input));
            for ((unit, x), score) in units.iter_mut().zip(input).zip(&mut *scores) {
                *unit = simd.sub_f32s(simd.add_f32s(*unit, bias), *x);
                *score = simd.mul_add_e_f32s(*unit, *unit, *score);
            }
            let y = simd.add_f32s(simd.partial_load_f32s(tail), bias);
            let last = simd.sub_f32s(y, simd.partial_load_f32s(input_tail));
            simd.partial_store_f32s(tail, last);
            let score = simd.mul_add_e_f32s(last, last, simd.partial_load_f32s(scores_tail));
            simd.partial_store_f32s(scores_tail, score);
        }
    }
}

struct Scale<'a> {
    residuals: MatMut<'a, f32>,
    derivatives: &'a [f32],
}

impl WithSimd for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (derivatives, derivatives_tail) = S::as_simd_f32s(self.derivatives);
        for unit in self.residuals.col_iter_mut() {
            let (units, tail) = S::as_mut_simd_f32s(samples_mut(unit));
            for (residual, derivative) in units.iter_mut().zip(derivatives) {
                *residual = simd.mul_f32s(simd.add_f32s(*residual, *residual), *derivative);
            }
            let (last, derivative) = (simd.partial_load_f32s(tail), simd.partial_load_f32s(derivatives_tail));
            simd.partial_store_f32s(tail, simd.mul_f32s(simd.add_f32s(last, last), derivative));
        }
    }
}

struct Differentiate<'a> {
    units: MatMut<'a, f32>,
    delta: MatRef<'a, f32>,
    activation: Activation,
}

impl WithSimd for Differentiate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (unit, delta) in self.units.col_iter_mut().zip(self.delta.col_iter()) {
            let (units, tail) = S::as_mut_simd_f32s(samples_mut(unit));
            let (delta, delta_tail) = S::as_simd_f32s(samples(delta));
            for (h, delta) in units.iter_mut().zip(delta) {
                *h = differentiated(simd, self.activation, *delta, *h);
            }
            let (h, delta) = (simd.partial_load_f32s(tail), simd.partial_load_f32s(delta_tail));
            simd.partial_store_f32s(tail, differentiated(simd, self.activation, delta, h));
        }
    }
}

struct Sums<'a> {
    units: MatRef<'a, f32>,
    first: usize,
    sums: &'a mut [f32],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let units = self.units.subcols(self.first, self.sums.len());
        for (unit, total) in units.col_iter().zip(self.sums) {
            let (units, tail) = S::as_simd_f32s(samples(unit));
            // Four sums at a time: one would wait for itself.
            let (fours, rest) = units.as_chunks::<4>();
            let mut sums = [simd.splat_f32s(0.0); 4];
            for four in fours {
                for (sum, unit) in sums.iter_mut().zip(four) {
                    *sum = simd.add_f32s(*sum, *unit);
                }
            }
            let mut sum = simd.partial_load_f32s(tail);
            for unit in rest.iter().chain(&sums) {
                sum = simd.add_f32s(sum, *unit);
            }
            *total = simd.reduce_sum_f32s(sum);
        }
    }
}
