//! The features of Sec. 4.2.2: x_t = (ψ_{t,-C}, ..., ψ_{t,C}), ψ = ln Mel_M |STFT|, or what the settings say.

mod config;
mod error;

use std::ops::Range;

pub use config::{Centring, Floor, FrontEnd, Log, Spectrum};
pub use error::LogMelError;

use crate::context::{Edges, stack};
use crate::mel::MelBank;
use crate::stft::Stft;

/// The largest absolute sample taken: no sound has a larger one.
const MAX_SAMPLE: f32 = 1e10;

/// The front end at work: plan, filter bank and buffers, made once and used for any number of sounds.
pub struct LogMel {
    config: FrontEnd,
    stft: Stft,
    bank: MelBank,
    /// A frame's samples where the sound does not have them all.
    padded: Vec<f32>,
    /// |X| or |X|² of a frame.
    spectrum: Vec<f64>,
    frames: Vec<f32>,
}

impl LogMel {
    /// Makes the plan and the filter bank.
    ///
    /// # Errors
    /// [`LogMelError::Setting`] or [`LogMelError::Mel`] for an impossible setting.
    pub fn new(config: &FrontEnd) -> Result<Self, LogMelError> {
        config.check()?;
        let stft = Stft::new(config.fft, config.window);
        Ok(Self {
            config: *config,
            bank: MelBank::new(config)?,
            padded: vec![0.0; config.fft],
            spectrum: vec![0.0; stft.bins()],
            frames: Vec::new(),
            stft,
        })
    }

    /// The settings.
    pub fn config(&self) -> &FrontEnd {
        &self.config
    }

    /// Length of a row, D = M(2C + 1).
    pub fn dim(&self) -> usize {
        self.config.dim()
    }

    /// Frames of a sound of `samples_len` samples. Frame t covers samples [t · hop, t · hop + fft), or, with centred
    /// frames, half a frame less.
    pub fn frames(&self, samples_len: usize) -> usize {
        let FrontEnd { fft, hop, centring, .. } = self.config;
        match centring {
            Centring::None if samples_len < fft => 0,
            Centring::None => (samples_len - fft) / hop + 1,
            // A sound is mirrored by samples of its own.
            Centring::Reflect if samples_len <= fft / 2 => 0,
            Centring::Zeros if samples_len == 0 => 0,
            Centring::Zeros | Centring::Reflect => samples_len / hop + 1,
        }
    }

    /// Rows of a sound of `samples_len` samples: with [`Edges::Full`] 2C fewer than frames; with [`Edges::ZeroPad`] as
    /// many as frames.
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
        let (hop, span, lead) = (self.config.hop, self.config.row_span(), self.config.lead());
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
        self.check(samples, out, frames, self.config.bands)?;
        let context = if self.config.edges == Edges::Full { 0 } else { self.config.context };
        for (frame, out) in out.chunks_exact_mut(self.config.bands).enumerate() {
            self.frame(samples, frame + context, out);
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
        let FrontEnd { bands, context, .. } = self.config;
        let mut frames = std::mem::take(&mut self.frames);
        frames.resize((rows + 2 * context) * bands, 0.0);
        for (frame, out) in frames.chunks_exact_mut(bands).enumerate() {
            self.frame(samples, frame, out);
        }
        stack(&frames, bands, context, out);
        self.frames = frames;
        Ok(())
    }

    fn check(&self, samples: &[f32], out: &[f32], count: usize, width: usize) -> Result<(), LogMelError> {
        let expected = count * width;
        if out.len() != expected {
            return Err(LogMelError::Output { found: out.len(), expected, count, width });
        }
        match samples.iter().position(|sample| sample.is_nan() || sample.abs() > MAX_SAMPLE) {
            None => Ok(()),
            Some(at) => Err(LogMelError::Sample { at, value: samples[at] }),
        }
    }

    /// Writes ψ of the frame that starts [`FrontEnd::lead`] samples before `index` hops.
    fn frame(&mut self, samples: &[f32], index: usize, out: &mut [f32]) {
        let Self { config, stft, bank, padded, spectrum, .. } = self;
        let start = index * config.hop;
        let inside =
            start.checked_sub(config.lead()).and_then(|start| samples.get(start..start + config.fft));
        let frame = inside.unwrap_or_else(|| {
            for (offset, sample) in padded.iter_mut().enumerate() {
                *sample = beyond(samples, (start + offset) as isize - config.lead() as isize, config);
            }
            padded
        });
        for (value, power) in spectrum.iter_mut().zip(stft.powers(frame)) {
            *value = if config.spectrum == Spectrum::Power { power } else { power.sqrt() };
        }
        for (out, sum) in out.iter_mut().zip(bank.sums(spectrum)) {
            *out = compressed(sum, config) as f32;
        }
    }
}

/// The sample at `at`, also beyond the ends of a sound.
fn beyond(samples: &[f32], at: isize, config: &FrontEnd) -> f32 {
    let last = samples.len() as isize - 1;
    let reach = (config.fft / 2) as isize;
    let mirrored = match at {
        _ if config.centring != Centring::Reflect => at,
        at if at < 0 && -at <= reach => -at,
        at if at > last && at - last <= reach => 2 * last - at,
        at => at,
    };
    usize::try_from(mirrored).ok().and_then(|at| samples.get(at)).copied().unwrap_or(0.0)
}

/// ψ of a band's sum.
fn compressed(sum: f64, config: &FrontEnd) -> f64 {
    let floored = match config.floor {
        Floor::Add(floor) => sum + floor,
        Floor::Maximum(floor) => sum.max(floor),
    };
    match (config.log, config.spectrum) {
        (Log::Ln, _) => floored.ln(),
        (Log::Log10, _) => floored.log10(),
        (Log::Db, Spectrum::Power) => 10.0 * floored.log10(),
        (Log::Db, Spectrum::Magnitude) => 20.0 * floored.log10(),
    }
}
