//! How loud a sound is, and whether it is clipped or silent.

use serde::{Deserialize, Serialize};

/// Samples at or beyond this are counted as clipped where nothing is beyond full scale: that less one step of 16 bits.
pub const CLIPPED: f32 = 32767.0 / 32768.0;
/// Where floats go beyond full scale, so many samples in a row of the largest or the least value are a clipped peak.
const CLIPPED_RUN: usize = 3;
/// A block of [`SILENT_BLOCK`] samples counts as silent when all of them are below one step of 16 bits.
const SILENT: f32 = 1.0 / 32768.0;
/// Length of the blocks that are looked at for silence, in samples.
pub const SILENT_BLOCK: usize = 512;

/// Level of one channel of sound; full scale is 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// The largest absolute sample.
    pub peak: f32,
    /// Mean square of the samples.
    pub power: f64,
    /// How many samples are clipped: at or beyond [`CLIPPED`], or in runs of one extreme value beyond full scale.
    pub clipped: u64,
    /// How many samples are beyond full scale, as floats may be without harm.
    pub beyond: u64,
    /// Samples in silent blocks.
    pub silent: u64,
}

impl Level {
    /// Measures a sound. An empty one has level 0.
    pub fn of(samples: &[f32]) -> Level {
        let energy: f64 = samples.iter().map(|&sample| f64::from(sample) * f64::from(sample)).sum();
        Level {
            peak: samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs())),
            power: if samples.is_empty() { 0.0 } else { energy / samples.len() as f64 },
            clipped: clipped(samples),
            beyond: samples.iter().filter(|sample| sample.abs() > 1.0).count() as u64,
            silent: samples
                .chunks(SILENT_BLOCK)
                .filter(|block| block.iter().all(|sample| sample.abs() < SILENT))
                .map(|block| block.len() as u64)
                .sum(),
        }
    }

    /// Root mean square in dB relative to full scale (a full-scale sine has -3 dB); negative infinity for
    /// digital silence.
    pub fn rms_dbfs(&self) -> f64 {
        10.0 * self.power.log10()
    }

    /// Whether this is the level of a mean in which channels cancel, given the mean power of them all: it is more than
    /// 30 dB below.
    pub fn cancelled(&self, channel_power: f64) -> bool {
        self.power * 1000.0 < channel_power
    }

    /// Peak in dB relative to full scale.
    pub fn peak_dbfs(&self) -> f64 {
        20.0 * f64::from(self.peak).log10()
    }
}

fn clipped(samples: &[f32]) -> u64 {
    let highest = samples.iter().copied().fold(0.0, f32::max);
    let lowest = samples.iter().copied().fold(0.0, f32::min);
    if highest.max(-lowest) <= 1.0 {
        return samples.iter().filter(|sample| sample.abs() >= CLIPPED).count() as u64;
    }
    let runs = samples.chunk_by(|one, next| one == next);
    let runs = runs
        .filter(|run| run.len() >= CLIPPED_RUN && run[0] != 0.0 && (run[0] == highest || run[0] == lowest));
    runs.map(|run| run.len() as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_scale_sine_has_minus_3_db() {
        let sine: Vec<f32> = (0..16_000).map(|t| (std::f32::consts::TAU * 0.01 * t as f32).sin()).collect();
        let level = Level::of(&sine);
        assert!((level.rms_dbfs() + 3.0103).abs() < 1e-3, "{level:?}");
        assert!(level.peak_dbfs().abs() < 1e-3 && level.silent == 0, "{level:?}");
    }

    #[test]
    fn clipping_and_silence_are_counted() {
        let mut sound = vec![0.0; 3 * SILENT_BLOCK];
        sound[0] = 1.0;
        sound[1] = -1.0;
        sound[2] = 0.99;
        let level = Level::of(&sound);
        assert_eq!((level.clipped, level.silent), (2, 2 * SILENT_BLOCK as u64));
        assert_eq!(Level::of(&[]).rms_dbfs(), f64::NEG_INFINITY);
    }

    #[test]
    fn floats_beyond_full_scale_are_clipped_only_where_their_peaks_are_flat() {
        let loud: Vec<f32> = (0..16_000).map(|t| 4.0 * (0.17 * t as f32).sin()).collect();
        let level = Level::of(&loud);
        assert!(level.clipped == 0 && level.beyond > 10_000, "{level:?}");
        let flat: Vec<f32> = loud.iter().map(|sample| sample.clamp(-3.0, 3.5)).collect();
        let expected = flat.iter().filter(|sample| **sample == -3.0 || **sample == 3.5).count() as u64;
        assert_eq!(Level::of(&flat).clipped, expected);
    }
}
