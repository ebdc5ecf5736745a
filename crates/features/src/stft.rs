//! The short-time spectrum's magnitudes, one frame at a time, with a plan made once.
//!
//! A real frame of N samples is transformed as N/2 complex numbers, and the spectrum taken apart from that. The
//! taking apart is written here, on separate real and imaginary parts, since it would otherwise cost more than
//! the transform; only the magnitudes leave it.

use std::f64::consts::TAU;
use std::sync::Arc;

use pulp::{Arch, Simd, WithSimd};
use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

/// A plan for magnitudes |X_ω| of frames of `fft` samples under a periodic Hann window.
pub struct Stft {
    plan: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    /// Windowed samples, two in a complex number; then their transform Z.
    packed: Vec<Complex32>,
    scratch: Vec<Complex32>,
    halves: Halves,
    arch: Arch,
}

impl Stft {
    /// Plans a transform of `fft` samples.
    ///
    /// # Panics
    /// When `fft` is odd or 0.
    pub fn new(fft: usize) -> Self {
        assert!(fft > 0 && fft.is_multiple_of(2), "a frame of {fft} samples, expected an even number");
        let plan = FftPlanner::new().plan_fft_forward(fft / 2);
        Self {
            window: hann(fft),
            packed: vec![Complex32::ZERO; fft / 2],
            scratch: vec![Complex32::ZERO; plan.get_inplace_scratch_len()],
            halves: Halves::new(fft),
            plan,
            arch: Arch::new(),
        }
    }

    /// Samples in a frame.
    pub fn fft(&self) -> usize {
        self.window.len()
    }

    /// Number of bins, Ω = fft / 2 + 1.
    pub fn bins(&self) -> usize {
        self.packed.len() + 1
    }

    /// Writes the magnitudes of `frame` (`fft` samples) to `magnitudes` (one per bin).
    ///
    /// # Panics
    /// When either has another length.
    pub fn magnitudes(&mut self, frame: &[f32], magnitudes: &mut [f32]) {
        assert_eq!(
            (frame.len(), magnitudes.len()),
            (self.fft(), self.bins()),
            "lengths of frame and magnitudes"
        );
        let Self { plan, window, packed, scratch, halves, arch } = self;
        arch.dispatch(Pack { frame, window, packed });
        plan.process_with_scratch(packed, scratch);
        arch.dispatch(Magnitudes { packed, halves, magnitudes });
    }
}

/// The periodic Hann window of `len` samples, as for spectral analysis (`scipy.signal.get_window`).
fn hann(len: usize) -> Vec<f32> {
    (0..len).map(|n| (0.5 - 0.5 * (TAU * n as f64 / len as f64).cos()) as f32).collect()
}

/// Windows a frame and packs neighbours into complex numbers.
struct Pack<'a> {
    frame: &'a [f32],
    window: &'a [f32],
    packed: &'a mut [Complex32],
}

impl WithSimd for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (samples, weights) = (self.frame.chunks_exact(2), self.window.chunks_exact(2));
        for ((packed, sample), weight) in self.packed.iter_mut().zip(samples).zip(weights) {
            *packed = Complex32::new(sample[0] * weight[0], sample[1] * weight[1]);
        }
    }
}

/// Z and its reverse by parts, one number a bin, and the twiddle factors that join the two.
struct Halves {
    re: Vec<f32>,
    im: Vec<f32>,
    reverse_re: Vec<f32>,
    reverse_im: Vec<f32>,
    /// Half of cos and sin of 2πk / N.
    half_cos: Vec<f32>,
    half_sin: Vec<f32>,
}

impl Halves {
    fn new(fft: usize) -> Self {
        let bins = fft / 2 + 1;
        let half =
            |f: fn(f64) -> f64| (0..bins).map(|k| (0.5 * f(TAU * k as f64 / fft as f64)) as f32).collect();
        let zeros = || vec![0.0; bins];
        Self {
            re: zeros(),
            im: zeros(),
            reverse_re: zeros(),
            reverse_im: zeros(),
            half_cos: half(f64::cos),
            half_sin: half(f64::sin),
        }
    }
}

/// |X_k| = |E_k + e^{-2πik/N} O_k|, with the transforms of the even and of the odd samples
/// E_k = (Z_k + Z*_{N/2-k}) / 2 and O_k = (Z_k - Z*_{N/2-k}) / 2i.
struct Magnitudes<'a> {
    packed: &'a [Complex32],
    halves: &'a mut Halves,
    magnitudes: &'a mut [f32],
}

impl WithSimd for Magnitudes<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Halves { re, im, reverse_re, reverse_im, half_cos, half_sin } = self.halves;
        for ((re, im), z) in re.iter_mut().zip(&mut *im).zip(self.packed) {
            (*re, *im) = (z.re, z.im);
        }
        // Z has period N/2, so the last bin is the first.
        let last = self.packed.len();
        (re[last], im[last]) = (re[0], im[0]);
        reverse(re, reverse_re);
        reverse(im, reverse_im);
        let bins = self.magnitudes.len();
        let (re, im) = (&re[..bins], &im[..bins]);
        let (reverse_re, reverse_im) = (&reverse_re[..bins], &reverse_im[..bins]);
        let (half_cos, half_sin) = (&half_cos[..bins], &half_sin[..bins]);
        for (k, magnitude) in self.magnitudes.iter_mut().enumerate() {
            let (even_re, even_im) = (0.5 * (re[k] + reverse_re[k]), 0.5 * (im[k] - reverse_im[k]));
            let (odd_re, odd_im) = (im[k] + reverse_im[k], reverse_re[k] - re[k]);
            let x_re = even_re + half_cos[k] * odd_re + half_sin[k] * odd_im;
            let x_im = even_im + half_cos[k] * odd_im - half_sin[k] * odd_re;
            *magnitude = (x_re * x_re + x_im * x_im).sqrt();
        }
    }
}

#[inline(always)]
fn reverse(from: &[f32], to: &mut [f32]) {
    for (to, from) in to.iter_mut().zip(from.iter().rev()) {
        *to = *from;
    }
}
