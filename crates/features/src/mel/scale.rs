//! Mel scales: frequency as it is heard.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How frequency becomes mel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MelScale {
    /// 2595 log10(1 + f / 700), as HTK has it.
    #[default]
    Htk,
    /// Linear below 1 kHz and logarithmic above, as Slaney's Auditory Toolbox has it.
    Slaney,
}

/// Slaney's scale: 3 mel in 200 Hz up to 1 kHz (15 mel), then 27 mel in a factor of 6.4.
const SLANEY_HZ_PER_MEL: f64 = 200.0 / 3.0;
const SLANEY_BREAK_HZ: f64 = 1_000.0;
const SLANEY_BREAK_MEL: f64 = 15.0;

fn slaney_log_step() -> f64 {
    6.4_f64.ln() / 27.0
}

/// Frequency in mel.
pub(crate) fn hz_to_mel(hz: f64, scale: MelScale) -> f64 {
    match scale {
        MelScale::Htk => 2595.0 * (1.0 + hz / 700.0).log10(),
        MelScale::Slaney if hz < SLANEY_BREAK_HZ => hz / SLANEY_HZ_PER_MEL,
        MelScale::Slaney => SLANEY_BREAK_MEL + (hz / SLANEY_BREAK_HZ).ln() / slaney_log_step(),
    }
}

/// Frequency in Hz; the inverse of [`hz_to_mel`].
pub(super) fn mel_to_hz(mel: f64, scale: MelScale) -> f64 {
    match scale {
        MelScale::Htk => 700.0 * (10.0_f64.powf(mel / 2595.0) - 1.0),
        MelScale::Slaney if mel < SLANEY_BREAK_MEL => mel * SLANEY_HZ_PER_MEL,
        MelScale::Slaney => SLANEY_BREAK_HZ * ((mel - SLANEY_BREAK_MEL) * slaney_log_step()).exp(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scales_are_inverted() {
        for scale in [MelScale::Htk, MelScale::Slaney] {
            for hz in [0.0, 31.25, 999.0, 1_000.0, 1_001.0, 7_999.0] {
                assert!((mel_to_hz(hz_to_mel(hz, scale), scale) - hz).abs() < 1e-9, "{scale:?} at {hz} Hz");
            }
        }
    }
}
