//! How loudness moves: fades, and the finish that every sound is given before it is written.

use super::RATE;
use super::filter::Biquad;

/// Samples in `seconds`.
pub(super) fn samples(seconds: f32) -> usize {
    (seconds * RATE) as usize
}

/// A gate over `length` samples that opens within `attack_s` and closes within `release_s`: sine-squared flanks.
pub(super) fn gate(i: usize, length: usize, attack_s: f32, release_s: f32) -> f32 {
    let flank = |from_edge: usize, seconds: f32| {
        let part = (from_edge as f32 / (seconds * RATE).max(1.0)).min(1.0);
        part * part * (3.0 - 2.0 * part)
    };
    flank(i, attack_s) * flank(length.saturating_sub(i), release_s)
}

/// Fades both ends of a clip, so that it joins silence without a click.
pub(super) fn fade_ends(sound: &mut [f32]) {
    let length = sound.len();
    for (i, sample) in sound.iter_mut().enumerate() {
        *sample *= gate(i, length, 0.002, 0.02);
    }
}

/// Cuts the silence at the end: what is 60 dB below the peak and stays there.
pub(super) fn trim_end(sound: &mut Vec<f32>) {
    let peak = sound.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
    let end = sound.iter().rposition(|x| x.abs() > 1e-3 * peak).map_or(0, |last| last + 1);
    sound.truncate(end);
}

/// Removes what lies below hearing, and with it any offset.
pub(super) fn remove_offset(sound: &mut [f32]) {
    Biquad::high_pass(25.0, 0.707).run(sound);
}

/// The largest magnitude that is written.
pub(super) const CEILING: f32 = 0.9;

/// Scales a sound to a peak of `peak`; silence stays.
pub(super) fn scale_to_peak(sound: &mut [f32], peak: f32) {
    let found = sound.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
    if found > 0.0 {
        for sample in sound {
            *sample *= peak / found;
        }
    }
}

/// Scales a sound down, if need be, so that nothing is clipped.
pub(super) fn hold_under_ceiling(sound: &mut [f32]) {
    if sound.iter().any(|x| x.abs() > CEILING) {
        scale_to_peak(sound, CEILING);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_closed_at_both_ends_and_open_between() {
        assert_eq!(gate(0, 1000, 0.01, 0.02), 0.0);
        assert_eq!(gate(1000, 1000, 0.01, 0.02), 0.0);
        assert_eq!(gate(400, 1000, 0.01, 0.02), 1.0);
        assert!((gate(80, 1000, 0.01, 0.02) - 0.5).abs() < 1e-6);
    }

    #[test]
    fn offset_goes_and_peaks_are_held() {
        let mut sound: Vec<f32> = (0..32_000).map(|i| 2.0 + (i as f32 * 0.3).sin()).collect();
        remove_offset(&mut sound);
        let tail = &sound[16_000..];
        assert!((tail.iter().sum::<f32>() / tail.len() as f32).abs() < 1e-3);
        hold_under_ceiling(&mut sound);
        assert!(sound.iter().all(|x| x.abs() <= CEILING * 1.000_001));
        let mut silence = vec![0.0; 5];
        scale_to_peak(&mut silence, 0.5);
        assert_eq!(silence, vec![0.0; 5]);
    }
}
