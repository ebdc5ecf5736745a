//! What is done to rows between two matrix products, a register at a time.

use losses::simd::sigmoid;
use pulp::{Arch, Simd, WithSimd};

use crate::Activation;

/// h = activation(z + b) in each row of `units`, in place.
pub(super) fn activate(units: &mut [f32], bias: &[f32], activation: Activation) {
    Arch::new().dispatch(Activate { units, bias, activation });
}

/// y + b - x in place of y, and its square norm, A(x), for each row.
pub(super) fn residuals(units: &mut [f32], bias: &[f32], rows: &[f32], scores: &mut [f32]) {
    Arch::new().dispatch(Residuals { units, bias, rows, scores });
}

/// Each row of `residuals` times twice its derivative: ∂J/∂y = 2 (y - x) ∂J/∂A.
pub(super) fn scale(residuals: &mut [f32], derivatives: &[f32]) {
    let width = residuals.len() / derivatives.len().max(1);
    for (row, derivative) in residuals.chunks_exact_mut(width.max(1)).zip(derivatives) {
        row.iter_mut().for_each(|residual| *residual *= 2.0 * derivative);
    }
}

/// ∂J/∂z from ∂J/∂h, in place: times the derivative of the activation, from its value h in `units`.
pub(super) fn differentiate(delta: &mut [f32], units: &[f32], activation: Activation) {
    Arch::new().dispatch(Differentiate { delta, units, activation });
}

/// Sums over the rows of `values`, each of `width`, of the columns from `first` on.
pub(super) fn column_sums(values: &[f32], width: usize, first: usize, sums: &mut [f32]) {
    sums.fill(0.0);
    for row in values.chunks_exact(width) {
        sums.iter_mut().zip(&row[first..]).for_each(|(sum, value)| *sum += value);
    }
}

struct Activate<'a> {
    units: &'a mut [f32],
    bias: &'a [f32],
    activation: Activation,
}

impl WithSimd for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let zero = simd.splat_f32s(0.0);
        let next = |z, bias| {
            let z = simd.add_f32s(z, bias);
            match self.activation {
                Activation::Sigmoid => sigmoid(simd, z),
                Activation::Relu => simd.max_f32s(z, zero),
            }
        };
        let (bias, bias_tail) = S::as_simd_f32s(self.bias);
        for row in self.units.chunks_exact_mut(self.bias.len()) {
            let (units, tail) = S::as_mut_simd_f32s(row);
            units.iter_mut().zip(bias).for_each(|(unit, bias)| *unit = next(*unit, *bias));
            let last = next(simd.partial_load_f32s(tail), simd.partial_load_f32s(bias_tail));
            simd.partial_store_f32s(tail, last);
        }
    }
}

struct Residuals<'a> {
    units: &'a mut [f32],
    bias: &'a [f32],
    rows: &'a [f32],
    scores: &'a mut [f32],
}

impl WithSimd for Residuals<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = self.bias.len();
        let (bias, bias_tail) = S::as_simd_f32s(self.bias);
        let residual = |y, bias, x| simd.sub_f32s(simd.add_f32s(y, bias), x);
        let rows = self.units.chunks_exact_mut(width).zip(self.rows.chunks_exact(width));
        for ((units, row), score) in rows.zip(self.scores) {
            let (units, units_tail) = S::as_mut_simd_f32s(units);
            let (row, row_tail) = S::as_simd_f32s(row);
            let load = |tail: &[f32]| simd.partial_load_f32s(tail);
            let last = residual(load(units_tail), load(bias_tail), load(row_tail));
            simd.partial_store_f32s(units_tail, last);
            let mut square = simd.mul_f32s(last, last);
            for ((unit, bias), x) in units.iter_mut().zip(bias).zip(row) {
                *unit = residual(*unit, *bias, *x);
                square = simd.mul_add_e_f32s(*unit, *unit, square);
            }
            *score = simd.reduce_sum_f32s(square);
        }
    }
}

struct Differentiate<'a> {
    delta: &'a mut [f32],
    units: &'a [f32],
    activation: Activation,
}

impl WithSimd for Differentiate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
        let next = |delta, h| match self.activation {
            Activation::Sigmoid => simd.mul_f32s(delta, simd.mul_f32s(h, simd.sub_f32s(one, h))),
            Activation::Relu => simd.select_f32s(simd.less_than_f32s(zero, h), delta, zero),
        };
        let (delta, delta_tail) = S::as_mut_simd_f32s(self.delta);
        let (units, units_tail) = S::as_simd_f32s(self.units);
        delta.iter_mut().zip(units).for_each(|(delta, h)| *delta = next(*delta, *h));
        let last = next(simd.partial_load_f32s(delta_tail), simd.partial_load_f32s(units_tail));
        simd.partial_store_f32s(delta_tail, last);
    }
}
