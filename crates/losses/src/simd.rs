//! Elementary functions on vector registers, on whatever instruction set `pulp` finds at run time.
//!
//! Code for registers is fast only where all of it is inlined into the function that `pulp` compiles for the
//! instruction set: so it stands in `#[inline(always)]` functions and plain loops, never in closures.
//!
//! The functions take some registers, and each of their steps for all of these together: the steps of one register
//! wait for each other longer than a processor looks ahead.

use aligned_vec::{AVec, ConstAlign};
use pulp::Simd;

/// Numbers that begin at a cache line, so that no register is loaded from two.
pub type Lines = AVec<f32, ConstAlign<64>>;

/// Smallest exponent whose power of two is a normal `f32`.
pub const MIN_EXPONENT: f32 = -126.0;

/// 1.5 · 2^23: adding it to |x| < 2^22 rounds x to an integer, which then stands in the low bits of the sum.
const ROUND: f32 = 12_582_912.0;

/// 2^f = C6 + f (C5 + f (C4 + ...)) on [-1/2, 1/2]; coefficients of Cephes' `exp2f`, error below 1e-7.
const COEFFICIENTS: [f32; 7] = [
    0.000_153_533_62,
    0.001_339_887_4,
    0.009_618_437,
    0.055_503_324,
    0.240_226_48,
    std::f32::consts::LN_2,
    1.0,
];

/// 2^x in each lane, for x in [[`MIN_EXPONENT`], 127]; relative error below 2e-7.
#[inline(always)]
pub fn exp2<S: Simd, const N: usize>(simd: S, x: [S::f32s; N]) -> [S::f32s; N] {
    let round = simd.splat_f32s(ROUND);
    let (mut shifted, mut fraction) = (x, x);
    for (shifted, fraction) in shifted.iter_mut().zip(&mut fraction) {
        *shifted = simd.add_f32s(*shifted, round);
        *fraction = simd.sub_f32s(*fraction, simd.sub_f32s(*shifted, round));
    }
    let mut power = [simd.splat_f32s(COEFFICIENTS[0]); N];
    for c in &COEFFICIENTS[1..] {
        let c = simd.splat_f32s(*c);
        for (power, fraction) in power.iter_mut().zip(&fraction) {
            *power = simd.mul_add_e_f32s(*power, *fraction, c);
        }
    }
    for (power, shifted) in power.iter_mut().zip(&shifted) {
        // The integer part is added to the exponent field of the power.
        let bits = simd.transmute_u32s_f32s(*shifted);
        let exponent = simd.wrapping_dyn_shl_u32s(bits, simd.splat_u32s(23));
        *power = simd.transmute_f32s_u32s(simd.add_u32s(simd.transmute_u32s_f32s(*power), exponent));
    }
    power
}

/// The logistic function 1 / (1 + e^-x) in each lane; absolute error below 2e-7.
#[inline(always)]
pub fn sigmoid<S: Simd, const N: usize>(simd: S, x: [S::f32s; N]) -> [S::f32s; N] {
    let (one, factor) = (simd.splat_f32s(1.0), simd.splat_f32s(-std::f32::consts::LOG2_E));
    let (low, high) = (simd.splat_f32s(MIN_EXPONENT), simd.splat_f32s(-MIN_EXPONENT));
    let mut exponent = x;
    for exponent in &mut exponent {
        *exponent = simd.max_f32s(simd.min_f32s(simd.mul_f32s(*exponent, factor), high), low);
    }
    let mut logistic = exp2(simd, exponent);
    for logistic in &mut logistic {
        *logistic = simd.div_f32s(one, simd.add_f32s(one, *logistic));
    }
    logistic
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulp::{Arch, Scalar, WithSimd};

    /// Applies one of the functions above to every value, in place.
    struct Apply<'a>(Function, &'a mut [f32]);

    #[derive(Clone, Copy)]
    enum Function {
        Exp2,
        Sigmoid,
    }

    impl Function {
        #[inline(always)]
        fn of<S: Simd, const N: usize>(self, simd: S, x: [S::f32s; N]) -> [S::f32s; N] {
            match self {
                Self::Exp2 => exp2(simd, x),
                Self::Sigmoid => sigmoid(simd, x),
            }
        }
    }

    impl WithSimd for Apply<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let (head, tail) = S::as_mut_simd_f32s(self.1);
            let (pairs, odd) = head.as_chunks_mut::<2>();
            pairs.iter_mut().for_each(|x| *x = self.0.of(simd, *x));
            odd.iter_mut().for_each(|x| [*x] = self.0.of(simd, [*x]));
            let [last] = self.0.of(simd, [simd.partial_load_f32s(tail)]);
            simd.partial_store_f32s(tail, last);
        }
    }

    fn sweep(low: f32, high: f32) -> Vec<f32> {
        (0..=100_003).map(|i| low + (high - low) * i as f32 / 100_003.0).collect()
    }

    fn applied(function: Function, x: &[f32]) -> [Vec<f32>; 2] {
        let (mut fast, mut scalar) = (x.to_vec(), x.to_vec());
        Arch::new().dispatch(Apply(function, &mut fast));
        Apply(function, &mut scalar).with_simd(Scalar);
        [fast, scalar]
    }

    #[test]
    fn exp2_agrees_with_f64() {
        let x = sweep(MIN_EXPONENT, 127.0);
        for y in applied(Function::Exp2, &x) {
            let error = |(x, y): (&f32, &f32)| (f64::from(*y) / f64::from(*x).exp2() - 1.0).abs();
            let worst = x.iter().zip(&y).map(error).fold(0.0, f64::max);
            assert!(worst < 2e-7, "{worst}");
        }
    }

    #[test]
    fn sigmoid_agrees_with_f64_and_saturates() {
        let mut x = sweep(-30.0, 30.0);
        x.extend([-1e30, 1e30, f32::NEG_INFINITY, f32::INFINITY]);
        for y in applied(Function::Sigmoid, &x) {
            let error = |(x, y): (&f32, &f32)| (f64::from(*y) - 1.0 / (1.0 + (-f64::from(*x)).exp())).abs();
            let worst = x.iter().zip(&y).map(error).fold(0.0, f64::max);
            assert!(worst < 2e-7, "{worst}");
        }
    }
}
