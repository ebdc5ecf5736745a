//! L_a of Eq. 10: the clipped scores of anomalous samples, which training pushes up.

use pulp::{Arch, Simd, WithSimd};

use crate::simd::sigmoid;

/// L_a = 1/M Σ λ tanh(A_j / λ) (Eq. 10), and its derivative 1/M (1 - tanh²(A_j / λ)) by each score.
pub(super) fn evaluate(scores: &[f32], lambda: f64, gradient: &mut [f32]) -> f64 {
    let share = 1.0 / scores.len() as f64;
    gradient.copy_from_slice(scores);
    let sum = Arch::new().dispatch(Clip { scores: gradient, lambda: lambda as f32, share: share as f32 });
    share * lambda * sum
}

/// [`evaluate`] as a tensor in the graph; `scores` is (M).
#[cfg(feature = "candle")]
pub(super) fn tensor(scores: &candle_core::Tensor, lambda: f64) -> candle_core::Result<candle_core::Tensor> {
    (scores / lambda)?.tanh()?.mean_all()? * lambda
}

/// Sums tanh(A / λ) over scores and puts the derivatives in their place.
struct Clip<'a> {
    scores: &'a mut [f32],
    lambda: f32,
    share: f32,
}

impl WithSimd for Clip<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let (steepness, share) = (2.0 / self.lambda, self.share);
        let (head, tail) = S::as_mut_simd_f32s(self.scores);
        let mut sum = 0.0;
        for score in head {
            let (tanh, derivative) = clip(simd, *score, steepness, share);
            *score = derivative;
            sum += f64::from(simd.reduce_sum_f32s(tanh));
        }
        // Absent lanes load as zero, whose tanh is zero.
        let (tanh, derivative) = clip(simd, simd.partial_load_f32s(tail), steepness, share);
        simd.partial_store_f32s(tail, derivative);
        sum + f64::from(simd.reduce_sum_f32s(tanh))
    }
}

/// tanh(A / λ) and `share` times its derivative 1 - tanh²; `steepness` is 2 / λ, as tanh(z) = 2 s(2 z) - 1 with the
/// logistic function s.
#[inline(always)]
fn clip<S: Simd>(simd: S, score: S::f32s, steepness: f32, share: f32) -> (S::f32s, S::f32s) {
    let [one, two] = [simd.splat_f32s(1.0), simd.splat_f32s(2.0)];
    let [logistic] = sigmoid(simd, [simd.mul_f32s(simd.splat_f32s(steepness), score)]);
    let tanh = simd.sub_f32s(simd.mul_f32s(two, logistic), one);
    let slope = simd.mul_f32s(simd.sub_f32s(one, tanh), simd.add_f32s(one, tanh));
    (tanh, simd.mul_f32s(simd.splat_f32s(share), slope))
}
