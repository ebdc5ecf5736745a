//! The fast Fourier transform of complex numbers, in every lane at once: radix 4, in place, decimating in frequency.

use std::f64::consts::TAU;

use pulp::Simd;

use super::registers;

/// A plan for transforms of a power of two of rows.
pub(super) struct Radix4 {
    /// cos and sin of 2πjp / n, j = 1, 2, 3, for a transform of n numbers: p to n/4, then those of n/4 numbers.
    twiddles: Vec<[f32; 6]>,
}

impl Radix4 {
    pub(super) fn new(rows: usize) -> Self {
        let mut twiddles = Vec::new();
        let mut n = rows;
        while n >= 4 {
            for p in 0..n / 4 {
                let [(s1, c1), (s2, c2), (s3, c3)] = [p, 2 * p, 3 * p].map(|turn| sin_cos(turn, n));
                twiddles.push([c1, s1, c2, s2, c3, s3]);
            }
            n /= 4;
        }
        Self { twiddles }
    }

    /// Transforms `re` + i `im`; the bin k then stands in the row [`row_of`].
    #[inline(always)]
    pub(super) fn transform<S: Simd>(&self, simd: S, re: &mut [S::f32s], im: &mut [S::f32s]) {
        let mut n = re.len();
        let mut twiddles = &self.twiddles[..];
        while n >= 4 * registers::<S>() {
            let quarter = n / 4;
            let (here, next) = twiddles.split_at(quarter / registers::<S>());
            for (re, im) in re.chunks_exact_mut(n).zip(im.chunks_exact_mut(n)) {
                quarters(simd, here, re, im);
            }
            (n, twiddles) = (quarter, next);
        }
        if n == 2 * registers::<S>() {
            for part in [re, im] {
                for pair in part.chunks_exact_mut(n) {
                    let (a, b) = pair.split_at_mut(n / 2);
                    for (a, b) in a.iter_mut().zip(b) {
                        (*a, *b) = (simd.add_f32s(*a, *b), simd.sub_f32s(*a, *b));
                    }
                }
            }
        }
    }
}

/// sin and cos of 2πk / n.
pub(super) fn sin_cos(k: usize, n: usize) -> (f32, f32) {
    let (sin, cos) = (TAU * k as f64 / n as f64).sin_cos();
    (sin as f32, cos as f32)
}

/// The row of bin `k` after a transform of `n` numbers: its lowest digit tells in which quarter it stands.
pub(super) fn row_of(k: usize, n: usize) -> usize {
    let radix = n.min(4);
    if n == 1 { 0 } else { k % radix * (n / radix) + row_of(k / radix, n / radix) }
}

/// One step: butterflies between the quarters.
#[inline(always)]
fn quarters<S: Simd>(simd: S, twiddles: &[[f32; 6]], re: &mut [S::f32s], im: &mut [S::f32s]) {
    let registers = registers::<S>();
    let quarter = twiddles.len() * registers;
    let (re_0, rest) = re.split_at_mut(quarter);
    let (re_1, rest) = rest.split_at_mut(quarter);
    let (re_2, re_3) = rest.split_at_mut(quarter);
    let (im_0, rest) = im.split_at_mut(quarter);
    let (im_1, rest) = rest.split_at_mut(quarter);
    let (im_2, im_3) = rest.split_at_mut(quarter);
    let (re_3, im_3) = (&mut re_3[..quarter], &mut im_3[..quarter]);
    for i in 0..quarter {
        let [c1, s1, c2, s2, c3, s3] = twiddles[i / registers];
        let (sum_re, sum_im) = (simd.add_f32s(re_0[i], re_2[i]), simd.add_f32s(im_0[i], im_2[i]));
        let (gap_re, gap_im) = (simd.sub_f32s(re_0[i], re_2[i]), simd.sub_f32s(im_0[i], im_2[i]));
        let (odd_re, odd_im) = (simd.add_f32s(re_1[i], re_3[i]), simd.add_f32s(im_1[i], im_3[i]));
        let (turn_re, turn_im) = (simd.sub_f32s(im_1[i], im_3[i]), simd.sub_f32s(re_3[i], re_1[i]));
        (re_0[i], im_0[i]) = (simd.add_f32s(sum_re, odd_re), simd.add_f32s(sum_im, odd_im));
        (re_1[i], im_1[i]) =
            turned(simd, c1, s1, simd.add_f32s(gap_re, turn_re), simd.add_f32s(gap_im, turn_im));
        (re_2[i], im_2[i]) =
            turned(simd, c2, s2, simd.sub_f32s(sum_re, odd_re), simd.sub_f32s(sum_im, odd_im));
        (re_3[i], im_3[i]) =
            turned(simd, c3, s3, simd.sub_f32s(gap_re, turn_re), simd.sub_f32s(gap_im, turn_im));
    }
}

/// (cos - i sin) (re + i im).
#[inline(always)]
pub(super) fn turned<S: Simd>(simd: S, cos: f32, sin: f32, re: S::f32s, im: S::f32s) -> (S::f32s, S::f32s) {
    let (cos, sin) = (simd.splat_f32s(cos), simd.splat_f32s(sin));
    let (from_im, from_re) = (simd.mul_f32s(sin, im), simd.mul_f32s(sin, re));
    (simd.mul_add_e_f32s(cos, re, from_im), simd.mul_add_e_f32s(cos, im, simd.neg_f32s(from_re)))
}
