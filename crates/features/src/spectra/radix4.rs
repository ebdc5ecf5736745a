//! The fast Fourier transform of complex numbers, in every lane at once: radix 4, in place, decimating in frequency.

use std::f64::consts::TAU;

use pulp::Simd;

use super::{LANES, WIDE_LANES, registers};

/// A plan for transforms of a power of two of complex numbers, from 4 on, that are pairs of windowed samples.
pub(super) struct Radix4 {
    /// Window and twiddles of each butterfly of the first step.
    first: Vec<([f64; 8], Twiddles)>,
    /// Those of the next step, on a quarter of the numbers, and so on; the last step has none.
    twiddles: Vec<Twiddles>,
}

/// cos and sin of 2πjp / n, j = 1, 2, 3.
type Twiddles = [f64; 6];

impl Radix4 {
    /// Plans a transform of as many numbers as `window` has pairs.
    pub(super) fn new(window: &[f64]) -> Self {
        let numbers = window.len() / 2;
        let mut rest = Vec::new();
        let mut n = numbers / 4;
        while n > 4 {
            rest.extend((0..n / 4).map(|p| twiddles(p, n)));
            n /= 4;
        }
        let weights = |p| {
            let mut weights = [0.0; 8];
            for (quarter, weights) in weights.chunks_exact_mut(2).enumerate() {
                weights.copy_from_slice(&window[2 * (p + quarter * numbers / 4)..][..2]);
            }
            weights
        };
        Self { first: (0..numbers / 4).map(|p| (weights(p), twiddles(p, numbers))).collect(), twiddles: rest }
    }

    /// Transforms the windowed `samples`, (2n, [`LANES`]), of [`WIDE_LANES`] frames from `lane` on to `z`: of each
    /// pair the first is the real part. The bin k then stands in the row [`row_of`].
    #[inline(always)]
    pub(super) fn transform<S: Simd>(&self, simd: S, samples: &[f32], lane: usize, z: &mut [S::f64s]) {
        first(simd, &self.first, samples, lane, z);
        let width = 2 * registers::<S>();
        let mut n = self.first.len();
        let mut twiddles = &self.twiddles[..];
        while n > 4 {
            let (here, next) = twiddles.split_at(n / 4);
            for z in z.chunks_exact_mut(n * width) {
                step(simd, here, z);
            }
            (n, twiddles) = (n / 4, next);
        }
        for z in z.chunks_exact_mut(n * width) {
            match n {
                4 => last_of_four(simd, z),
                2 => last_of_two(simd, z),
                _ => {}
            }
        }
    }
}

fn twiddles(p: usize, n: usize) -> Twiddles {
    let [(s1, c1), (s2, c2), (s3, c3)] = [p, 2 * p, 3 * p].map(|turn| sin_cos(turn, n));
    [c1, s1, c2, s2, c3, s3]
}

/// sin and cos of 2πk / n.
pub(super) fn sin_cos(k: usize, n: usize) -> (f64, f64) {
    (TAU * k as f64 / n as f64).sin_cos()
}

/// The row of bin `k` after a transform of `n` numbers: its lowest digit tells in which quarter it stands.
pub(super) fn row_of(k: usize, n: usize) -> usize {
    let radix = n.min(4);
    if n == 1 { 0 } else { k % radix * (n / radix) + row_of(k / radix, n / radix) }
}

/// The first step: butterflies between the quarters of the windowed samples.
#[inline(always)]
fn first<S: Simd>(simd: S, plan: &[([f64; 8], Twiddles)], samples: &[f32], lane: usize, z: &mut [S::f64s]) {
    let registers = registers::<S>();
    let width = 2 * registers;
    let mut z = split(z);
    for (p, (window, twiddles)) in plan.iter().enumerate() {
        let mut parts = [[0.0; WIDE_LANES]; 8];
        for quarter in 0..4 {
            let start = 2 * (p + quarter * plan.len()) * LANES + lane;
            let pair = &samples[start..][..LANES + WIDE_LANES];
            for lane in 0..WIDE_LANES {
                parts[2 * quarter][lane] = f64::from(pair[lane]);
            }
            for lane in 0..WIDE_LANES {
                parts[2 * quarter + 1][lane] = f64::from(pair[LANES + lane]);
            }
        }
        for register in 0..registers {
            let mut four = Four { re: [simd.splat_f64s(0.0); 4], im: [simd.splat_f64s(0.0); 4] };
            for quarter in 0..4 {
                let (re, im) = (2 * quarter, 2 * quarter + 1);
                let (re_part, im_part) = (S::as_simd_f64s(&parts[re]).0, S::as_simd_f64s(&parts[im]).0);
                four.re[quarter] = simd.mul_f64s(re_part[register], simd.splat_f64s(window[re]));
                four.im[quarter] = simd.mul_f64s(im_part[register], simd.splat_f64s(window[im]));
            }
            let four = twiddled(simd, twiddles, butterfly(simd, four));
            let (re, im) = (p * width + register, p * width + registers + register);
            for (quarter, z) in z.iter_mut().enumerate() {
                (z[re], z[im]) = (four.re[quarter], four.im[quarter]);
            }
        }
    }
}

/// The quarters of `z`.
#[inline(always)]
fn split<T>(z: &mut [T]) -> [&mut [T]; 4] {
    let quarter = z.len() / 4;
    let (first, rest) = z.split_at_mut(quarter);
    let (second, rest) = rest.split_at_mut(quarter);
    let (third, rest) = rest.split_at_mut(quarter);
    [first, second, third, &mut rest[..quarter]]
}

/// A step between the first and the last: butterflies between the quarters.
#[inline(always)]
fn step<S: Simd>(simd: S, twiddles: &[Twiddles], z: &mut [S::f64s]) {
    let registers = registers::<S>();
    let [a, b, c, d] = split(z).map(|quarter| quarter.chunks_exact_mut(2 * registers));
    for (twiddles, (((a, b), c), d)) in twiddles.iter().zip(a.zip(b).zip(c).zip(d)) {
        for re in 0..registers {
            let im = registers + re;
            let four = Four { re: [a[re], b[re], c[re], d[re]], im: [a[im], b[im], c[im], d[im]] };
            let four = twiddled(simd, twiddles, butterfly(simd, four));
            [a[re], b[re], c[re], d[re]] = four.re;
            [a[im], b[im], c[im], d[im]] = four.im;
        }
    }
}

/// Where four numbers are left.
#[inline(always)]
fn last_of_four<S: Simd>(simd: S, z: &mut [S::f64s]) {
    let [a, b, c, d] = split(z);
    for re in 0..registers::<S>() {
        let im = registers::<S>() + re;
        let four = Four { re: [a[re], b[re], c[re], d[re]], im: [a[im], b[im], c[im], d[im]] };
        let four = butterfly(simd, four);
        [a[re], b[re], c[re], d[re]] = four.re;
        [a[im], b[im], c[im], d[im]] = four.im;
    }
}

/// Where two numbers are left.
#[inline(always)]
fn last_of_two<S: Simd>(simd: S, z: &mut [S::f64s]) {
    let (a, b) = z.split_at_mut(2 * registers::<S>());
    for (a, b) in a.iter_mut().zip(b) {
        (*a, *b) = (simd.add_f64s(*a, *b), simd.sub_f64s(*a, *b));
    }
}

/// Four complex numbers.
struct Four<T> {
    re: [T; 4],
    im: [T; 4],
}

/// The transform of four numbers.
#[inline(always)]
fn butterfly<S: Simd>(simd: S, z: Four<S::f64s>) -> Four<S::f64s> {
    let Four { re, im } = z;
    let (sum_re, sum_im) = (simd.add_f64s(re[0], re[2]), simd.add_f64s(im[0], im[2]));
    let (gap_re, gap_im) = (simd.sub_f64s(re[0], re[2]), simd.sub_f64s(im[0], im[2]));
    let (odd_re, odd_im) = (simd.add_f64s(re[1], re[3]), simd.add_f64s(im[1], im[3]));
    let (turn_re, turn_im) = (simd.sub_f64s(im[1], im[3]), simd.sub_f64s(re[3], re[1]));
    let (re_0, im_0) = (simd.add_f64s(sum_re, odd_re), simd.add_f64s(sum_im, odd_im));
    let (re_1, im_1) = (simd.add_f64s(gap_re, turn_re), simd.add_f64s(gap_im, turn_im));
    let (re_2, im_2) = (simd.sub_f64s(sum_re, odd_re), simd.sub_f64s(sum_im, odd_im));
    let (re_3, im_3) = (simd.sub_f64s(gap_re, turn_re), simd.sub_f64s(gap_im, turn_im));
    Four { re: [re_0, re_1, re_2, re_3], im: [im_0, im_1, im_2, im_3] }
}

#[inline(always)]
fn twiddled<S: Simd>(simd: S, twiddles: &Twiddles, z: Four<S::f64s>) -> Four<S::f64s> {
    let [c1, s1, c2, s2, c3, s3] = *twiddles;
    let (re_1, im_1) = turned(simd, c1, s1, z.re[1], z.im[1]);
    let (re_2, im_2) = turned(simd, c2, s2, z.re[2], z.im[2]);
    let (re_3, im_3) = turned(simd, c3, s3, z.re[3], z.im[3]);
    Four { re: [z.re[0], re_1, re_2, re_3], im: [z.im[0], im_1, im_2, im_3] }
}

/// (cos - i sin) (re + i im).
#[inline(always)]
pub(super) fn turned<S: Simd>(simd: S, cos: f64, sin: f64, re: S::f64s, im: S::f64s) -> (S::f64s, S::f64s) {
    let (cos, sin) = (simd.splat_f64s(cos), simd.splat_f64s(sin));
    let (from_im, from_re) = (simd.mul_f64s(sin, im), simd.mul_f64s(cos, im));
    (simd.mul_add_e_f64s(cos, re, from_im), simd.negate_mul_add_e_f64s(sin, re, from_re))
}
