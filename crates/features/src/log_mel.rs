//! The paper's features (Sec. 4.2.2): x_t = (ψ_{t,-C}, ..., ψ_{t,C}), ψ = ln Mel_M |STFT|.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use crate::audio::{MAX_RATE, MIN_RATE};
use crate::context::{Edges, stack};
use crate::ln::ln;
use crate::mel::{LANES, MelBank, MelConfig, MelError};
use crate::stft::Stft;

/// The largest absolute sample taken: beyond it a power would leave the range of `f32`.
const MAX_SAMPLE: f32 = 1e10;
/// The longest transform and the longest row taken; a typing mistake beyond them would fill the memory.
const MAX_FFT: usize = 1 << 20;
const MAX_DIM: usize = 1 << 24;

/// Settings of the front end.
#[derive(Clone, Copy, Debug, PartialEq)]
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

    fn check(&self) -> Result<(), LogMelError> {
        let setting = |key, found: String, expected| Err(LogMelError::Setting { key, found, expected });
        if !(MIN_RATE..=MAX_RATE).contains(&self.rate) {
            return setting("rate", format!("{} Hz", self.rate), "4000 to 384000 Hz");
        }
        if self.fft < 4 || self.fft > MAX_FFT || !self.fft.is_multiple_of(2) {
            return setting("fft", format!("{} samples", self.fft), "an even number, 4 to 2^20");
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

/// The front end: plan, filter bank and buffers, made once and used for any number of sounds.
pub struct LogMel {
    config: LogMelConfig,
    stft: Stft,
    bank: MelBank,
    padded: Vec<f32>,
    /// One per bin, then zeros for the filter bank to run over.
    magnitudes: Vec<f32>,
    frames: Vec<f32>,
    arch: Arch,
}

impl LogMel {
    /// Makes the plan and the filter bank.
    ///
    /// # Errors
    /// [`LogMelError::Setting`] or [`LogMelError::Mel`] for an impossible setting.
    pub fn new(config: &LogMelConfig) -> Result<Self, LogMelError> {
        config.check()?;
        let bank = MelBank::new(&config.mel, config.rate, config.fft)?;
        let stft = Stft::new(config.fft);
        Ok(Self {
            config: *config,
            padded: vec![0.0; config.fft],
            magnitudes: vec![0.0; stft.bins() + LANES],
            frames: Vec::new(),
            arch: Arch::new(),
            stft,
            bank,
        })
    }

    /// The settings.
    pub fn config(&self) -> &LogMelConfig {
        &self.config
    }

    /// Length of a row, D = M(2C + 1).
    pub fn dim(&self) -> usize {
        self.config.dim()
    }

    /// Frames of a sound of `samples_len` samples. Frame t covers samples [t · hop, t · hop + fft), none is padded.
    pub fn frames(&self, samples_len: usize) -> usize {
        let LogMelConfig { fft, hop, .. } = self.config;
        if samples_len < fft { 0 } else { (samples_len - fft) / hop + 1 }
    }

    /// Rows of a sound of `samples_len` samples: with [`Edges::Full`] 2C fewer than frames, 0 for a sound shorter
    /// than [`LogMelConfig::row_span`]; with [`Edges::ZeroPad`] as many as frames.
    pub fn rows(&self, samples_len: usize) -> usize {
        let frames = self.frames(samples_len);
        match self.config.edges {
            Edges::Full => frames.saturating_sub(2 * self.config.context),
            Edges::ZeroPad => frames,
        }
    }

    /// The rows whose context window holds any sample of `extent`, which are neighbours: where `extent` is that of a
    /// clip mixed into the sound, these rows count as anomalous and the others as normal.
    pub fn rows_touching(&self, samples_len: usize, extent: Range<usize>) -> Range<usize> {
        let (hop, span, lead) = (self.config.hop, self.config.row_span(), self.lead());
        let rows = self.rows(samples_len);
        if extent.is_empty() {
            return 0..0;
        }
        // Row r covers [r · hop - lead, r · hop - lead + span).
        let first = (extent.start + lead + 1).saturating_sub(span).div_ceil(hop).min(rows);
        let end = (extent.end + lead).div_ceil(hop).min(rows);
        first..end.max(first)
    }

    /// Writes ψ, frame by frame, to `out` (frames x M).
    ///
    /// # Errors
    /// [`LogMelError::Output`] when `out` has another length, [`LogMelError::Sample`] for a sample that is NaN,
    /// infinite or beyond ±1e10.
    pub fn log_mel(&mut self, samples: &[f32], out: &mut [f32]) -> Result<(), LogMelError> {
        let frames = self.frames(samples.len());
        self.check(samples, out, frames, self.config.mel.bands)?;
        self.transform(samples, 0, out);
        Ok(())
    }

    /// Writes the rows x_t to `out` (rows x D). Row r is made of the frames r to r + 2C, each of M bands, in order
    /// of time; its centre is frame r + C ([`Edges::ZeroPad`]: frame r). Allocates nothing once it has seen a sound
    /// of this length.
    ///
    /// # Errors
    /// As [`Self::log_mel`].
    pub fn rows_into(&mut self, samples: &[f32], out: &mut [f32]) -> Result<(), LogMelError> {
        let rows = self.rows(samples.len());
        self.check(samples, out, rows, self.dim())?;
        if rows == 0 {
            return Ok(());
        }
        let LogMelConfig { context, mel, .. } = self.config;
        let mut frames = std::mem::take(&mut self.frames);
        frames.resize((rows + 2 * context) * mel.bands, 0.0);
        self.transform(samples, self.lead(), &mut frames);
        stack(&frames, mel.bands, context, out);
        self.frames = frames;
        Ok(())
    }

    /// Samples of silence taken before the start of a sound.
    fn lead(&self) -> usize {
        match self.config.edges {
            Edges::Full => 0,
            Edges::ZeroPad => self.config.context * self.config.hop,
        }
    }

    fn check(&self, samples: &[f32], out: &[f32], count: usize, width: usize) -> Result<(), LogMelError> {
        let expected = count * width;
        if out.len() != expected {
            return Err(LogMelError::Output { found: out.len(), expected, count, width });
        }
        if self.arch.dispatch(WithinRange(samples)) {
            return Ok(());
        }
        match samples.iter().position(|sample| sample.is_nan() || sample.abs() > MAX_SAMPLE) {
            None => Ok(()),
            Some(at) => Err(LogMelError::Sample { at, value: samples[at] }),
        }
    }

    /// Writes as many frames as `out` has room for; the first starts `lead` samples before the sound.
    fn transform(&mut self, samples: &[f32], lead: usize, out: &mut [f32]) {
        let LogMelConfig { fft, hop, mel, floor, .. } = self.config;
        let Self { stft, bank, padded, magnitudes, arch, .. } = self;
        for (index, out) in out.chunks_exact_mut(mel.bands).enumerate() {
            let start = index * hop;
            let frame = if start >= lead && start - lead + fft <= samples.len() {
                &samples[start - lead..][..fft]
            } else {
                pad(samples, start, lead, padded);
                &padded[..]
            };
            stft.magnitudes(frame, &mut magnitudes[..bank.bins()]);
            arch.dispatch(Features { bank, magnitudes, floor, out });
        }
    }
}

/// ψ of one frame: ln Mel_M of its magnitudes.
struct Features<'a> {
    bank: &'a MelBank,
    magnitudes: &'a [f32],
    floor: f32,
    out: &'a mut [f32],
}

impl WithSimd for Features<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.bank.apply(simd, self.magnitudes, self.out);
        for feature in self.out {
            *feature = ln(*feature + self.floor);
        }
    }
}

/// Whether every sample is a number within the range of sound; looks at all, since a way out would cost SIMD.
struct WithinRange<'a>(&'a [f32]);

impl WithSimd for WithinRange<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        self.0.iter().fold(true, |within, sample| within & (sample.abs() <= MAX_SAMPLE))
    }
}

/// The frame that starts at sample `start - lead`, silent where the sound is not.
fn pad(samples: &[f32], start: usize, lead: usize, frame: &mut [f32]) {
    for (offset, value) in frame.iter_mut().enumerate() {
        let sample = (start + offset).checked_sub(lead).and_then(|at| samples.get(at));
        *value = sample.copied().unwrap_or(0.0);
    }
}
