//! Elementary functions on vector registers, on whatever instruction set `pulp` finds at run time.
//!
//! Code for registers is fast only where all of it is inlined into the function that `pulp` compiles for the
//! instruction set: so it stands in `#[inline(always)]` functions and plain loops, never in closures.

use aligned_vec::{AVec, ConstAlign};
use pulp::Simd;

/// Numbers that begin at a cache line, so that no register is loaded from two.
pub type Lines = AVec<f32, ConstAlign<64>>;

/// Smallest exponent whose power of two is a normal `f32`.
pub const MIN_EXPONENT: f32 = -126.0;

/// 1.5 · 2^23: adding it to |x| < 2^22 rounds x to an integer, which then stands in the low bits of the sum.
const ROUND: f32 = 12_582_912.0;

/// 2^f = 1 + f (C0 + f (C1 + ...)) on [-1/2, 1/2]; coefficients of Cephes' `exp2f`, error below 1e-7.
const COEFFICIENTS: [f32; 6] =
    [std::f32::consts::LN_2, 0.240_226_48, 0.055_503_324, 0.009_618_437, 0.001_339_887_4, 0.000_153_533_62];

/// 2^x in each lane, for x in [[`MIN_EXPONENT`], 127]; relative error below 2e-7.
#[inline(always)]
pub fn exp2<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let round = simd.splat_f32s(ROUND);
    let shifted = simd.add_f32s(x, round);
    let fraction = simd.sub_f32s(x, simd.sub_f32s(shifted, round));
    let mut power = simd.splat_f32s(COEFFICIENTS[5]);
    for &c in COEFFICIENTS[..5].iter().rev() {
        power = simd.mul_add_e_f32s(power, fraction, simd.splat_f32s(c));
    }
    power = simd.mul_add_e_f32s(power, fraction, simd.splat_f32s(1.0));
    // The integer part is added to the exponent field of the power.
    let exponent = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    simd.transmute_f32s_u32s(simd.add_u32s(simd.transmute_u32s_f32s(power), exponent))
}

/// The logistic function 1 / (1 + e^-x) in each lane; absolute error below 2e-7.
#[inline(always)]
pub fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let one = simd.splat_f32s(1.0);
    let exponent = simd.mul_f32s(x, simd.splat_f32s(-std::f32::consts::LOG2_E));
    let bounded = simd.min_f32s(exponent, simd.splat_f32s(-MIN_EXPONENT));
    let exp = exp2(simd, simd.max_f32s(bounded, simd.splat_f32s(MIN_EXPONENT)));
    simd.div_f32s(one, simd.add_f32s(one, exp))
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

    impl WithSimd for Apply<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let f = |x| match self.0 {
                Function::Exp2 => exp2(simd, x),
                Function::Sigmoid => sigmoid(simd, x),
            };
            let (head, tail) = S::as_mut_simd_f32s(self.1);
            head.iter_mut().for_each(|x| *x = f(*x));
            let last = f(simd.partial_load_f32s(tail));
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
