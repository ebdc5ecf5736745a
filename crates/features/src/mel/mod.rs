//! Mel filter banks: the spectrum's bins gathered into M bands, to the last digit as `librosa.filters.mel` has them.

mod scale;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::scale::MelScale;
pub(crate) use self::scale::hz_to_mel;
use self::scale::mel_to_hz;

/// How high the triangle of a band is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MelNorm {
    /// One: `librosa.filters.mel(norm=None)`.
    #[default]
    None,
    /// Such that its area in Hz is one: `librosa.filters.mel(norm="slaney")`.
    Slaney,
}

/// A mel filter bank's settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MelConfig {
    /// Number of bands, M.
    pub bands: usize,
    /// Frequency to mel.
    pub scale: MelScale,
    /// How high the triangles are.
    pub norm: MelNorm,
    /// Lower edge of the lowest band, in Hz.
    pub fmin: f64,
    /// Upper edge of the highest band, in Hz; at most half the sampling rate.
    pub fmax: f64,
}

/// Why a filter bank cannot be made.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum MelError {
    /// The edges are not a range of frequencies below half the sampling rate.
    #[error(
        "mel bands from {low_hz} Hz to {high_hz} Hz, expected 0 <= low < high <= {nyquist} Hz (half the rate)"
    )]
    Range {
        /// Lower edge, Hz.
        low_hz: f64,
        /// Upper edge, Hz.
        high_hz: f64,
        /// Half the sampling rate, Hz.
        nyquist: f64,
    },
    /// No band, or more than there are bins.
    #[error(
        "found {bands} mel bands, expected 1 to {bins}, the bins of the spectrum: use fewer bands or a longer `fft`"
    )]
    Bands {
        /// Bands asked for, M.
        bands: usize,
        /// Bins there are, Ω.
        bins: usize,
    },
    /// A band lies between two bins: its feature would be a constant.
    #[error(
        "mel band {band} ({low_hz:.1} to {high_hz:.1} Hz) holds no FFT bin, expected one at least: use fewer bands or a longer `fft`"
    )]
    EmptyBand {
        /// Index of the band, from 0.
        band: usize,
        /// Its lower edge, Hz.
        low_hz: f64,
        /// Its upper edge, Hz.
        high_hz: f64,
    },
}

/// One band: its first bin, and the weights from there on.
#[derive(Clone, Debug)]
struct Band {
    first_bin: usize,
    weights: Vec<f64>,
}

/// A mel filter bank; of each band only the bins inside its triangle are stored.
#[derive(Clone, Debug)]
pub struct MelBank {
    bins: usize,
    bands: Vec<Band>,
}

impl MelBank {
    /// Makes the bank for spectra of an `fft`-point transform of sound at `rate` Hz.
    ///
    /// # Errors
    /// [`MelError`] when the edges are not frequencies of that sound, or a band would hold no bin.
    pub fn new(config: &MelConfig, rate: u32, fft: usize) -> Result<Self, MelError> {
        let MelConfig { bands, norm, fmin: low_hz, fmax: high_hz, .. } = *config;
        let nyquist = f64::from(rate) / 2.0;
        if !(0.0 <= low_hz && low_hz < high_hz && high_hz <= nyquist) {
            return Err(MelError::Range { low_hz, high_hz, nyquist });
        }
        let bins = fft / 2 + 1;
        if bands == 0 || bands > bins {
            return Err(MelError::Bands { bands, bins });
        }
        let hz: Vec<f64> = (0..bins).map(|bin| bin as f64 * (f64::from(rate) / fft as f64)).collect();
        let mut bank = Self { bins, bands: Vec::new() };
        for (band, corners) in edges_hz(config).windows(3).enumerate() {
            let [low_hz, high_hz] = [corners[0], corners[2]];
            let Some(first_bin) = hz.iter().position(|hz| triangle(*hz, corners) > 0.0) else {
                return Err(MelError::EmptyBand { band, low_hz, high_hz });
            };
            let scale = if norm == MelNorm::None { 1.0 } else { 2.0 / (high_hz - low_hz) };
            let inside =
                hz[first_bin..].iter().map(|hz| triangle(*hz, corners)).take_while(|weight| *weight > 0.0);
            // In `f32` before and after the scale, as librosa stores them.
            let stored = inside.map(|weight| f64::from((f64::from(weight as f32) * scale) as f32));
            bank.bands.push(Band { first_bin, weights: stored.collect() });
        }
        Ok(bank)
    }

    /// Each band's weighted sum of `spectrum`, one number a bin.
    pub(crate) fn sums(&self, spectrum: &[f64]) -> impl Iterator<Item = f64> {
        self.bands.iter().map(|band| {
            band.weights.iter().zip(&spectrum[band.first_bin..]).map(|(weight, value)| weight * value).sum()
        })
    }

    /// The bank as a matrix, (M, Ω), row by row.
    pub fn dense(&self) -> Vec<f32> {
        let mut dense = vec![0.0; self.bands.len() * self.bins];
        for (row, band) in dense.chunks_exact_mut(self.bins).zip(&self.bands) {
            let weights = band.weights.iter().map(|weight| *weight as f32);
            row[band.first_bin..].iter_mut().zip(weights).for_each(|(to, weight)| *to = weight);
        }
        dense
    }
}

/// The bands' corners, M + 2 frequencies in Hz at equal distances in mel.
pub(crate) fn edges_hz(config: &MelConfig) -> Vec<f64> {
    let MelConfig { bands, scale, fmin, fmax, .. } = *config;
    let [low, high] = [fmin, fmax].map(|hz| hz_to_mel(hz, scale));
    let step = (high - low) / (bands + 1) as f64;
    let mel = |edge| if edge == bands + 1 { high } else { low + step * edge as f64 };
    (0..bands + 2).map(|edge| mel_to_hz(mel(edge), scale)).collect()
}

/// Height at `hz` of the triangle over three corners, peak one.
fn triangle(hz: f64, corners: &[f64]) -> f64 {
    let rising = (hz - corners[0]) / (corners[1] - corners[0]);
    let falling = (corners[2] - hz) / (corners[2] - corners[1]);
    rising.min(falling).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bank(bands: usize, rate: u32, fft: usize) -> Result<MelBank, MelError> {
        let (scale, norm) = (MelScale::Htk, MelNorm::None);
        MelBank::new(&MelConfig { bands, scale, norm, fmin: 0.0, fmax: 8_000.0 }, rate, fft)
    }

    #[test]
    fn bands_that_the_bins_cannot_fill_are_refused_with_what_to_change() {
        for (bands, fft) in [(40, 512), (64, 512), (80, 512), (128, 1024)] {
            assert!(bank(bands, 16_000, fft).is_ok(), "{bands}");
        }
        let error = bank(128, 16_000, 512).unwrap_err();
        assert!(matches!(error, MelError::EmptyBand { .. }), "{error}");
        assert!(error.to_string().contains("fewer bands or a longer `fft`"), "{error}");
        for bands in [0, 258, usize::MAX] {
            assert_eq!(bank(bands, 16_000, 512).unwrap_err(), MelError::Bands { bands, bins: 257 });
        }
    }

    #[test]
    fn edges_beyond_half_the_rate_are_refused() {
        let error = bank(40, 8_000, 512).unwrap_err();
        assert!(matches!(error, MelError::Range { .. }), "{error}");
    }
}
