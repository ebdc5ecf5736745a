//! The features of Sec. 4.2.2: x_t = (ψ_{t-C}, ..., ψ_{t+C}), ψ = ln Mel_M |STFT|, or what the settings say.

mod config;
mod error;
mod geometry;

use std::ops::Range;

pub use config::{Centring, Floor, FrontEnd, Log, Spectrum};
pub use error::LogMelError;

use crate::context::gather;
use crate::mel::MelBank;
use crate::stft::Stft;

/// A front end at work: plan, filter bank and buffers, made once and used for any number of sounds.
pub struct LogMel {
    front_end: FrontEnd,
    stft: Stft,
    bank: MelBank,
    /// The samples of a frame that the sound does not have all of.
    padded: Vec<f32>,
    /// |X| or |X|² of a frame.
    spectrum: Vec<f64>,
    /// ψ of the frames that rows are made of.
    frames: Vec<f32>,
}

impl LogMel {
    /// Makes the plan and the filter bank.
    ///
    /// # Errors
    /// [`LogMelError::Setting`] or [`LogMelError::Mel`] for an impossible setting.
    pub fn new(front_end: &FrontEnd) -> Result<Self, LogMelError> {
        Ok(Self {
            bank: front_end.bank()?,
            stft: Stft::new(front_end.fft, front_end.window),
            padded: vec![0.0; front_end.fft],
            spectrum: vec![0.0; front_end.fft / 2 + 1],
            frames: Vec::new(),
            front_end: *front_end,
        })
    }

    /// The settings.
    pub fn front_end(&self) -> &FrontEnd {
        &self.front_end
    }

    /// Writes ψ of all frames of `samples` to `out`, ([`FrontEnd::frames`], M).
    ///
    /// # Errors
    /// [`LogMelError::Output`] when `out` has another length, [`LogMelError::Sample`] for a sample that is NaN or infinite.
    pub fn frames_into(&mut self, samples: &[f32], out: &mut [f32]) -> Result<(), LogMelError> {
        let (frames, bands) = (self.front_end.frames(samples.len()), self.front_end.bands);
        check(samples, out, frames, bands)?;
        self.transform(samples, 0, out);
        Ok(())
    }

    /// Writes the rows `rows` of `samples` to `out`, (rows, D); there are [`FrontEnd::rows`] of them. Row r is made of the
    /// frames r to r + 2C. Allocates nothing once it has made as many rows.
    ///
    /// # Errors
    /// As [`Self::frames_into`].
    ///
    /// # Panics
    /// When the sound has fewer rows.
    pub fn rows_into(
        &mut self,
        samples: &[f32],
        rows: Range<usize>,
        out: &mut [f32],
    ) -> Result<(), LogMelError> {
        let FrontEnd { bands, context, .. } = self.front_end;
        let there = self.front_end.rows(samples.len());
        assert!(rows.end <= there, "rows {rows:?} of a sound that has {there}");
        check(samples, out, rows.len(), self.front_end.dim())?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut frames = std::mem::take(&mut self.frames);
        frames.resize((rows.len() + 2 * context) * bands, 0.0);
        self.transform(samples, rows.start, &mut frames);
        gather(&frames, bands, 0..rows.len(), out, self.front_end.dim());
        self.frames = frames;
        Ok(())
    }

    /// Writes ψ of the frames from `first` on, as many as `out` has room for.
    fn transform(&mut self, samples: &[f32], first: usize, out: &mut [f32]) {
        let Self { front_end, stft, bank, padded, spectrum, .. } = self;
        for (frame, out) in (first..).zip(out.chunks_exact_mut(front_end.bands)) {
            let start = (frame * front_end.hop).checked_sub(front_end.lead());
            let inside = start.and_then(|start| samples.get(start..start + front_end.fft));
            let frame = inside.unwrap_or_else(|| {
                pad(front_end, samples, frame, padded);
                padded
            });
            for (value, power) in spectrum.iter_mut().zip(stft.powers(frame)) {
                *value = if front_end.spectrum == Spectrum::Power { power } else { power.sqrt() };
            }
            for (feature, sum) in out.iter_mut().zip(bank.sums(spectrum)) {
                *feature = front_end.log_of(sum);
            }
        }
    }
}

/// Checks samples, and the length of `out`.
fn check(samples: &[f32], out: &[f32], count: usize, width: usize) -> Result<(), LogMelError> {
    let expected = count * width;
    if out.len() != expected {
        return Err(LogMelError::Output { found: out.len(), expected, count, width });
    }
    // All are looked at: a way out of the loop would cost SIMD.
    if samples.iter().fold(true, |finite, sample| finite & sample.is_finite()) {
        return Ok(());
    }
    match samples.iter().position(|sample| !sample.is_finite()) {
        None => Ok(()),
        Some(at) => Err(LogMelError::Sample { at, value: samples[at] }),
    }
}

/// The samples of frame `frame`, which begins before the sound or ends after it.
fn pad(front_end: &FrontEnd, samples: &[f32], frame: usize, padded: &mut [f32]) {
    let (reach, last) = (front_end.reach() as isize, samples.len() as isize - 1);
    let start = (frame * front_end.hop) as isize - front_end.lead() as isize;
    for (at, value) in (start..).zip(padded) {
        let mirrored = match front_end.centring {
            Centring::Reflect if -reach <= at && at < 0 => -at,
            Centring::Reflect if last < at && at <= last + reach => 2 * last - at,
            _ => at,
        };
        let sample = usize::try_from(mirrored).ok().and_then(|at| samples.get(at));
        *value = sample.copied().unwrap_or(0.0);
    }
}
