//! The short-time spectrum's magnitudes, one frame at a time, with a plan made once.

use std::f64::consts::TAU;
use std::sync::Arc;

use pulp::Arch;
use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

/// A plan for magnitudes |X_ω| of frames of `fft` samples under a periodic Hann window.
pub struct Stft {
    plan: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    windowed: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
    arch: Arch,
}

impl Stft {
    /// Plans a transform of `fft` samples; `fft` is even and at least 2.
    pub fn new(fft: usize) -> Self {
        let plan = RealFftPlanner::new().plan_fft_forward(fft);
        Self {
            window: hann(fft),
            windowed: plan.make_input_vec(),
            spectrum: plan.make_output_vec(),
            scratch: plan.make_scratch_vec(),
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
        self.spectrum.len()
    }

    /// Writes the magnitudes of `frame` (`fft` samples) to `magnitudes` (one per bin).
    ///
    /// # Panics
    /// When either has another length.
    pub fn magnitudes(&mut self, frame: &[f32], magnitudes: &mut [f32]) {
        assert_eq!((frame.len(), magnitudes.len()), (self.fft(), self.bins()));
        let Self { plan, window, windowed, spectrum, scratch, arch } = self;
        arch.dispatch(|| {
            for ((windowed, sample), weight) in windowed.iter_mut().zip(frame).zip(&*window) {
                *windowed = sample * weight;
            }
        });
        plan.process_with_scratch(windowed, spectrum, scratch).expect("buffers made by this plan");
        arch.dispatch(|| {
            for (magnitude, bin) in magnitudes.iter_mut().zip(&*spectrum) {
                *magnitude = (bin.re * bin.re + bin.im * bin.im).sqrt();
            }
        });
    }
}

/// The periodic Hann window of `len` samples, as for spectral analysis (`scipy.signal.get_window`).
fn hann(len: usize) -> Vec<f32> {
    (0..len).map(|n| (0.5 - 0.5 * (TAU * n as f64 / len as f64).cos()) as f32).collect()
}
