//! The short-time spectrum's magnitudes, one frame at a time, with a plan made once.
//!
//! Any even number of samples will do. [`crate::log_mel`] takes 16 frames together where it can, which is faster. Both
//! compute in `f64`, so that rounding leaves no trace of a loud bin in a quiet one.

use std::f64::consts::TAU;
use std::sync::Arc;

use rustfft::num_complex::Complex64;
use rustfft::{Fft, FftPlanner};

/// A plan for magnitudes |X_ω| of frames of `fft` samples under a periodic Hann window.
pub struct Stft {
    plan: Arc<dyn Fft<f64>>,
    window: Vec<f64>,
    /// Half of e^{-2πik/N}.
    half_twiddles: Vec<Complex64>,
    /// Windowed samples, two in a complex number; then their transform Z.
    packed: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

impl Stft {
    /// Plans a transform of `fft` samples.
    ///
    /// # Panics
    /// When `fft` is odd or 0.
    pub fn new(fft: usize) -> Self {
        assert!(fft > 0 && fft.is_multiple_of(2), "a frame of {fft} samples, expected an even number");
        let plan = FftPlanner::new().plan_fft_forward(fft / 2);
        let half_twiddle = |k: usize| {
            let (sin, cos) = (TAU * k as f64 / fft as f64).sin_cos();
            Complex64::new(0.5 * cos, -0.5 * sin)
        };
        Self {
            window: hann(fft),
            half_twiddles: (0..=fft / 2).map(half_twiddle).collect(),
            packed: vec![Complex64::ZERO; fft / 2],
            scratch: vec![Complex64::ZERO; plan.get_inplace_scratch_len()],
            plan,
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
        let (samples, weights) = (frame.chunks_exact(2), self.window.chunks_exact(2));
        for ((packed, sample), weight) in self.packed.iter_mut().zip(samples).zip(weights) {
            *packed = Complex64::new(f64::from(sample[0]) * weight[0], f64::from(sample[1]) * weight[1]);
        }
        self.plan.process_with_scratch(&mut self.packed, &mut self.scratch);
        // X_k = E_k + e^{-2πik/N} O_k, with the transforms of the even and of the odd samples
        // E_k = (Z_k + Z*_{N/2-k}) / 2 and O_k = (Z_k - Z*_{N/2-k}) / 2i.
        let half = self.packed.len();
        for (k, (magnitude, half_twiddle)) in magnitudes.iter_mut().zip(&self.half_twiddles).enumerate() {
            let (z, mirrored) = (self.packed[k % half], self.packed[(half - k) % half].conj());
            let odd = (z - mirrored) * -Complex64::I;
            let x = (z + mirrored).scale(0.5) + half_twiddle * odd;
            *magnitude = x.norm_sqr().sqrt() as f32;
        }
    }
}

/// The periodic Hann window of `len` samples, as for spectral analysis (`scipy.signal.get_window`).
pub(crate) fn hann(len: usize) -> Vec<f64> {
    (0..len).map(|n| 0.5 - 0.5 * (TAU * n as f64 / len as f64).cos()).collect()
}
