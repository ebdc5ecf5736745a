//! The paper's features (Sec. 4.2.2): x_t = (ψ_{t,-C}, ..., ψ_{t,C}), ψ = ln Mel_M |STFT|.

mod config;

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

pub use config::{LogMelConfig, LogMelError};

use crate::context::{Edges, stack};
use crate::ln::ln;
use crate::mel::MelBank;
use crate::spectra::{LANES, Rows, Spectra, rows};

/// The largest absolute sample taken: beyond it a power would leave the range of `f32`.
const MAX_SAMPLE: f32 = 1e10;
/// The front end: plan, filter bank and buffers, made once and used for any number of sounds.
pub struct LogMel {
    config: LogMelConfig,
    spectra: Spectra,
    bank: MelBank,
    /// The samples of [`LANES`] frames where the sound does not have them all.
    padded: Vec<f32>,
    /// ψ of [`LANES`] frames, (bands, [`LANES`]).
    features: Rows,
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
        Ok(Self {
            config: *config,
            spectra: Spectra::new(config.fft),
            padded: vec![0.0; (LANES - 1) * config.hop + config.fft],
            features: rows(config.mel.bands),
            frames: Vec::new(),
            arch: Arch::new(),
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
        for (block, out) in out.chunks_mut(LANES * self.config.mel.bands).enumerate() {
            self.transform(samples, block * LANES, 0, out);
        }
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
        let (bands, dim, count) = (mel.bands, self.dim(), rows + 2 * context);
        let mut frames = std::mem::take(&mut self.frames);
        frames.resize(count * bands, 0.0);
        let mut row = 0;
        for first in (0..count).step_by(LANES) {
            let end = (first + LANES).min(count);
            self.transform(samples, first, self.lead(), &mut frames[first * bands..end * bands]);
            // Rows are written as soon as their last frame is there: memory is slow, and works beside the transforms.
            let ready = end.saturating_sub(2 * context);
            stack(&frames[row * bands..end * bands], bands, context, &mut out[row * dim..ready * dim]);
            row = ready;
        }
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

    /// Writes the frames from `first` on, [`LANES`] or fewer as `out` has room for; frame 0 starts `lead` samples
    /// before the sound.
    fn transform(&mut self, samples: &[f32], first: usize, lead: usize, out: &mut [f32]) {
        let Self { config, spectra, bank, padded, features, arch, .. } = self;
        let start = first * config.hop;
        let inside = start.checked_sub(lead).and_then(|start| samples.get(start..start + padded.len()));
        let block = inside.unwrap_or_else(|| {
            pad(samples, start, lead, padded);
            padded
        });
        let magnitudes = spectra.magnitudes(block, config.hop);
        arch.dispatch(Features { bank, magnitudes, floor: config.floor, features });
        for (lane, frame) in out.chunks_exact_mut(config.mel.bands).enumerate() {
            frame.iter_mut().zip(features[lane..].iter().step_by(LANES)).for_each(|(to, from)| *to = *from);
        }
    }
}

/// ψ of [`LANES`] frames: ln Mel_M of their magnitudes.
struct Features<'a> {
    bank: &'a MelBank,
    magnitudes: &'a [f32],
    floor: f32,
    features: &'a mut [f32],
}

impl WithSimd for Features<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.bank.apply(simd, self.magnitudes, self.features);
        for feature in self.features {
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

/// The samples from `start - lead` on, silent where the sound is not.
fn pad(samples: &[f32], start: usize, lead: usize, padded: &mut [f32]) {
    for (offset, value) in padded.iter_mut().enumerate() {
        let sample = (start + offset).checked_sub(lead).and_then(|at| samples.get(at));
        *value = sample.copied().unwrap_or(0.0);
    }
}
