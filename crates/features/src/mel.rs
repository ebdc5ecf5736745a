//! Mel filter banks: the spectrum's bins gathered into M bands.

mod scale;

use pulp::Simd;

pub use scale::{MelScale, hz_to_mel, mel_to_hz};

use crate::spectra::LANES;

/// What a band looks like between its lower and its upper edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub enum BandShape {
    /// A triangle whose three corners are moved to distinct FFT bins, its weights summing to one. No band can be
    /// empty, and every band of white noise has the same level.
    #[default]
    Snapped,
    /// A triangle of height one between the exact edges; `librosa.filters.mel(norm=None)`.
    Triangle,
    /// A triangle of area one in Hz between the exact edges; `librosa.filters.mel(norm="slaney")`.
    UnitArea,
}

/// A mel filter bank's settings.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct MelConfig {
    /// Number of bands, M.
    pub bands: usize,
    /// Frequency to mel.
    pub scale: MelScale,
    /// The bands' shape.
    pub shape: BandShape,
    /// Lower edge of the lowest band, in Hz.
    pub low_hz: f64,
    /// Upper edge of the highest band, in Hz; at most half the sampling rate.
    pub high_hz: f64,
}

impl MelConfig {
    /// `bands` bands over 0 to 8 kHz, equally wide on the HTK scale, snapped to distinct bins.
    pub fn new(bands: usize) -> Self {
        Self { bands, scale: MelScale::Htk, shape: BandShape::Snapped, low_hz: 0.0, high_hz: 8_000.0 }
    }
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
    /// More bands than the bins can carry, or none.
    #[error("{bands} mel bands, expected 1 to {most}: each needs an FFT bin of its own")]
    Bands {
        /// Bands asked for.
        bands: usize,
        /// Bands that fit.
        most: usize,
    },
    /// A band lies between two bins: its feature would be a constant.
    #[error(
        "mel band {band} ({low_hz:.1} to {high_hz:.1} Hz) holds no FFT bin, expected one at least: use fewer bands, a longer FFT or the snapped shape"
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
    weights: Vec<f32>,
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
        let MelConfig { bands, low_hz, high_hz, .. } = *config;
        let nyquist = f64::from(rate) / 2.0;
        if !(0.0 <= low_hz && low_hz < high_hz && high_hz <= nyquist) {
            return Err(MelError::Range { low_hz, high_hz, nyquist });
        }
        let bins = fft / 2 + 1;
        let hz_per_bin = f64::from(rate) / fft as f64;
        let (low_bin, high_bin) = (low_hz / hz_per_bin, high_hz / hz_per_bin);
        let most = (high_bin.round() - low_bin.round() - 1.0).max(0.0) as usize;
        if bands == 0 || bands > most {
            return Err(MelError::Bands { bands, most });
        }
        let mut edges = edges_hz(config);
        if config.shape == BandShape::Snapped {
            snap(&mut edges, hz_per_bin);
        }
        let mut bank = Self { bins, bands: Vec::with_capacity(bands) };
        for (band, corners) in edges.windows(3).enumerate() {
            let (low_hz, high_hz) = (corners[0], corners[2]);
            let weights: Vec<f64> = (0..bins).map(|bin| triangle(bin as f64 * hz_per_bin, corners)).collect();
            let Some(first_bin) = weights.iter().position(|&weight| weight > 0.0) else {
                return Err(MelError::EmptyBand { band, low_hz, high_hz });
            };
            let scale = match config.shape {
                BandShape::Snapped => 1.0 / weights.iter().sum::<f64>(),
                BandShape::Triangle => 1.0,
                BandShape::UnitArea => 2.0 / (high_hz - low_hz),
            };
            let inside = weights[first_bin..].iter().take_while(|&&weight| weight > 0.0);
            let weights = inside.map(|weight| (weight * scale) as f32).collect();
            bank.bands.push(Band { first_bin, weights });
        }
        Ok(bank)
    }

    /// Number of bands, M.
    pub fn bands(&self) -> usize {
        self.bands.len()
    }

    /// Number of spectral bins, Ω.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// Writes each band's weighted sum of `magnitudes`, (bins, [`LANES`]), to `sums`, (bands, [`LANES`]).
    #[inline(always)]
    pub(crate) fn apply<S: Simd>(&self, simd: S, magnitudes: &[f32], sums: &mut [f32]) {
        let registers = const { LANES / S::F32_LANES };
        let (magnitudes, _) = S::as_simd_f32s(magnitudes);
        let (sums, _) = S::as_mut_simd_f32s(sums);
        for (sums, band) in sums.chunks_exact_mut(registers).zip(&self.bands) {
            let magnitudes = &magnitudes[band.first_bin * registers..];
            for register in 0..registers {
                let mut sum = simd.splat_f32s(0.0);
                for (magnitudes, weight) in magnitudes.chunks_exact(registers).zip(&band.weights) {
                    sum = simd.mul_add_e_f32s(simd.splat_f32s(*weight), magnitudes[register], sum);
                }
                sums[register] = sum;
            }
        }
    }

    /// The bank as a matrix, bands x bins, row by row.
    pub fn dense(&self) -> Vec<f32> {
        let mut dense = vec![0.0; self.bands.len() * self.bins];
        for (row, band) in dense.chunks_exact_mut(self.bins).zip(&self.bands) {
            row[band.first_bin..][..band.weights.len()].copy_from_slice(&band.weights);
        }
        dense
    }
}

/// The bands' corners, M + 2 frequencies in Hz at equal distances in mel.
fn edges_hz(config: &MelConfig) -> Vec<f64> {
    let (low, high) = (hz_to_mel(config.low_hz, config.scale), hz_to_mel(config.high_hz, config.scale));
    let step = (high - low) / (config.bands + 1) as f64;
    (0..config.bands + 2).map(|edge| mel_to_hz(low + step * edge as f64, config.scale)).collect()
}

/// Moves edges to the nearest bins, and on by as little as makes them distinct. There are enough bins.
fn snap(edges: &mut [f64], hz_per_bin: f64) {
    let mut bins: Vec<usize> = edges.iter().map(|hz| (hz / hz_per_bin).round() as usize).collect();
    let last = bins[bins.len() - 1];
    for i in 1..bins.len() {
        bins[i] = bins[i].max(bins[i - 1] + 1);
    }
    let mut limit = last;
    for bin in bins.iter_mut().rev() {
        *bin = (*bin).min(limit);
        limit = bin.saturating_sub(1);
    }
    for (edge, bin) in edges.iter_mut().zip(bins) {
        *edge = bin as f64 * hz_per_bin;
    }
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

    #[test]
    fn snapped_bands_hold_a_bin_and_sum_to_one_up_to_as_many_as_fit() {
        for (bands, fft) in [(1, 512), (40, 512), (64, 512), (128, 512), (255, 512), (64, 256), (300, 2048)] {
            let bank = MelBank::new(&MelConfig::new(bands), 16_000, fft).unwrap();
            for (band, weights) in bank.dense().chunks_exact(bank.bins()).enumerate() {
                let sum: f32 = weights.iter().sum();
                assert!((sum - 1.0).abs() < 1e-6, "{bands} bands, band {band}: sum {sum}");
            }
        }
    }

    #[test]
    fn plain_triangles_without_a_bin_are_refused() {
        let triangles = |bands| MelConfig { shape: BandShape::Triangle, ..MelConfig::new(bands) };
        assert!(MelBank::new(&triangles(64), 16_000, 512).is_ok());
        let error = MelBank::new(&triangles(128), 16_000, 512).unwrap_err();
        assert!(matches!(error, MelError::EmptyBand { band: 0, .. }), "{error}");
    }

    #[test]
    fn more_bands_than_bins_are_refused() {
        let error = MelBank::new(&MelConfig::new(256), 16_000, 512).unwrap_err();
        assert_eq!(error, MelError::Bands { bands: 256, most: 255 });
    }
}
