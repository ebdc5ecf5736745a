//! Settings of the front end, and why there may be no features.

use crate::audio::{MAX_RATE, MIN_RATE};
use crate::context::Edges;
use crate::mel::{MelConfig, MelError};

/// The longest transform and the longest row taken; a typing mistake beyond them would fill the memory.
const MAX_FFT: usize = 1 << 16;
const MAX_DIM: usize = 1 << 24;

/// Settings of the front end.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct LogMelConfig {
    /// Sampling rate, in Hz.
    pub rate: u32,
    /// Samples of a frame, transformed without padding; even.
    pub fft: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
    /// The filter bank; its `bands` are M.
    pub mel: MelConfig,
    /// Frames of context on each side, C.
    pub context: usize,
    /// What is done at a sound's ends.
    pub edges: Edges,
    /// Added under the logarithm.
    pub floor: f32,
}

impl LogMelConfig {
    /// The paper's front end with M = `bands` and C = `context`: 16 kHz, frames of 512 samples every 256.
    pub fn new(bands: usize, context: usize) -> Self {
        let mel = MelConfig::new(bands);
        Self { rate: 16_000, fft: 512, hop: 256, mel, context, edges: Edges::Full, floor: 1e-8 }
    }

    /// FCN40: M = 40, C = 5, so D = 440.
    pub fn fcn40() -> Self {
        Self::new(40, 5)
    }

    /// FCN64: M = 64, C = 10, so D = 1344.
    pub fn fcn64() -> Self {
        Self::new(64, 10)
    }

    /// Length of a row, D = M(2C + 1).
    pub fn dim(&self) -> usize {
        self.mel.bands * (2 * self.context + 1)
    }

    /// Samples that one row covers: 2C hops and a frame. A shorter sound has no row with full context.
    pub fn row_span(&self) -> usize {
        2 * self.context * self.hop + self.fft
    }

    pub(super) fn check(&self) -> Result<(), LogMelError> {
        let setting = |key, found: String, expected| Err(LogMelError::Setting { key, found, expected });
        if !(MIN_RATE..=MAX_RATE).contains(&self.rate) {
            return setting("rate", format!("{} Hz", self.rate), "4000 to 384000 Hz");
        }
        if self.fft < 4 || self.fft > MAX_FFT || !self.fft.is_multiple_of(2) {
            return setting("fft", format!("{} samples", self.fft), "an even number, 4 to 2^16");
        }
        if self.hop == 0 || self.hop > self.fft {
            return setting("hop", format!("{} samples", self.hop), "1 to `fft`: frames that leave no gap");
        }
        let dim = self.context.checked_mul(2).and_then(|c| (c + 1).checked_mul(self.mel.bands));
        if dim.is_none_or(|dim| dim > MAX_DIM) {
            return setting("context", format!("{} frames", self.context), "a row of at most 2^24 features");
        }
        if !(self.floor.is_normal() && self.floor > 0.0 && self.floor <= 1.0) {
            return setting("floor", self.floor.to_string(), "a positive number, 1 at most");
        }
        Ok(())
    }
}

/// Why features cannot be made.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum LogMelError {
    /// A setting is impossible.
    #[error("`{key}` is {found}, expected {expected}")]
    Setting {
        /// The field of [`LogMelConfig`].
        key: &'static str,
        /// Its value.
        found: String,
        /// What would do.
        expected: &'static str,
    },
    /// The filter bank is impossible.
    #[error(transparent)]
    Mel(#[from] MelError),
    /// The buffer for the result has the wrong length.
    #[error("room for {found} features, expected {expected}: {count} of {width} each")]
    Output {
        /// Length of the buffer.
        found: usize,
        /// Length of the features.
        expected: usize,
        /// Frames or rows.
        count: usize,
        /// Features of each.
        width: usize,
    },
    /// A sample is NaN, infinite or too large to be sound.
    #[error("sample {at} is {value}, expected a number within ±1e10")]
    Sample {
        /// Index of the sample.
        at: usize,
        /// Its value.
        value: f32,
    },
}
