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
        let (bias, bias_tail) = S::as_simd_f32s(self.bias);
        for row in self.units.chunks_exact_mut(self.bias.len()) {
            let (units, tail) = S::as_mut_simd_f32s(row);
            for (unit, bias) in units.iter_mut().zip(bias) {
                *unit = activated(simd, self.activation, simd.add_f32s(*unit, *bias));
            }
            let z = simd.add_f32s(simd.partial_load_f32s(tail), simd.partial_load_f32s(bias_tail));
            simd.partial_store_f32s(tail, activated(simd, self.activation, z));
        }
    }
}

/// h from z.
#[inline(always)]
pub(super) fn activated<S: Simd>(simd: S, activation: Activation, z: S::f32s) -> S::f32s {
    match activation {
        Activation::Sigmoid => sigmoid(simd, z),
        Activation::Relu => simd.max_f32s(z, simd.splat_f32s(0.0)),
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
        let rows = self.units.chunks_exact_mut(width).zip(self.rows.chunks_exact(width));
        for ((units, row), score) in rows.zip(self.scores) {
            let (units, units_tail) = S::as_mut_simd_f32s(units);
            let (row, row_tail) = S::as_simd_f32s(row);
            let y = simd.add_f32s(simd.partial_load_f32s(units_tail), simd.partial_load_f32s(bias_tail));
            let last = simd.sub_f32s(y, simd.partial_load_f32s(row_tail));
            simd.partial_store_f32s(units_tail, last);
            let mut square = simd.mul_f32s(last, last);
            for ((unit, bias), x) in units.iter_mut().zip(bias).zip(row) {
                *unit = simd.sub_f32s(simd.add_f32s(*unit, *bias), *x);
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
        let (delta, delta_tail) = S::as_mut_simd_f32s(self.delta);
        let (units, units_tail) = S::as_simd_f32s(self.units);
        for (delta, h) in delta.iter_mut().zip(units) {
            *delta = differentiated(simd, self.activation, *delta, *h);
        }
        let (delta, h) = (simd.partial_load_f32s(delta_tail), simd.partial_load_f32s(units_tail));
        simd.partial_store_f32s(delta_tail, differentiated(simd, self.activation, delta, h));
    }
}
