//! Mixing of sounds at a ratio of powers.
//!
//! Which rows of a mixture are anomalous follows from the clip's extent:
//! [`FrontEnd::rows_touching`](crate::log_mel::FrontEnd::rows_touching).

/// Why sounds cannot be mixed.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum MixError {
    /// The two do not have one length.
    #[error("noise of {noise} samples for a signal of {signal}, expected equal lengths")]
    Lengths {
        /// Samples of the signal.
        signal: usize,
        /// Samples of the noise.
        noise: usize,
    },
    /// The clip reaches past the end.
    #[error(
        "a clip of {clip} samples at sample {at} of a sound of {sound}, expected it to end within the sound"
    )]
    TooLong {
        /// Samples of the clip.
        clip: usize,
        /// Where it was to start.
        at: usize,
        /// Samples of the sound it was to go in.
        sound: usize,
    },
    /// No gain gives the ratio.
    #[error("the {which} has power {power}, expected a positive number: no gain gives a ratio to silence")]
    Power {
        /// Which of the two sounds.
        which: &'static str,
        /// Its mean square.
        power: f64,
    },
    /// The ratio is not one.
    #[error("a ratio of {db} dB, expected -200 to 200 dB")]
    Ratio {
        /// As asked for.
        db: f64,
    },
}

/// Mean square of a sound; 0 for an empty one. Summed in order in `f64`.
pub fn power(samples: &[f32]) -> f64 {
    let energy: f64 = samples.iter().map(|&sample| f64::from(sample) * f64::from(sample)).sum();
    energy / samples.len().max(1) as f64
}

/// Adds `noise` to all of `signal`, scaled so that power of signal over power of noise is `snr_db`.
///
/// Gives the gain α that the noise got.
///
/// # Errors
/// [`MixError::Lengths`] when they differ in length, [`MixError::Power`] when one is silent,
/// [`MixError::Ratio`] when `snr_db` is not a ratio of sounds.
pub fn mix_at_snr(signal: &mut [f32], noise: &[f32], snr_db: f64) -> Result<f32, MixError> {
    if signal.len() != noise.len() {
        return Err(MixError::Lengths { signal: signal.len(), noise: noise.len() });
    }
    let gain = gain(("noise", noise), ("signal", signal), -snr_db)?;
    add(signal, noise, gain);
    Ok(gain)
}

/// Adds `clip` to `normal` from sample `at` on: s_n + α a_n (Eq. 8), with α such that power of the clip over power
/// of the normal sound *under the clip* is `anr_db`.
///
/// Gives the gain α.
///
/// # Errors
/// [`MixError::TooLong`] when the clip does not end within the sound, [`MixError::Power`] when the clip, or the
/// sound under it, is silent, [`MixError::Ratio`] when `anr_db` is not a ratio of sounds.
pub fn mix_at_anr(normal: &mut [f32], clip: &[f32], at: usize, anr_db: f64) -> Result<f32, MixError> {
    let sound = normal.len();
    let too_long = MixError::TooLong { clip: clip.len(), at, sound };
    let Some(under) = at.checked_add(clip.len()).and_then(|end| normal.get_mut(at..end)) else {
        return Err(too_long);
    };
    let gain = gain(("clip", clip), ("normal sound under the clip", under), anr_db)?;
    add(under, clip, gain);
    Ok(gain)
}

/// The gain that brings `sound` to `db` over `reference`.
fn gain(sound: (&'static str, &[f32]), reference: (&'static str, &[f32]), db: f64) -> Result<f32, MixError> {
    if !(-200.0..=200.0).contains(&db) {
        return Err(MixError::Ratio { db });
    }
    let mut powers = [0.0; 2];
    for (power_of, (which, samples)) in powers.iter_mut().zip([sound, reference]) {
        let power = power(samples);
        if !(power.is_finite() && power > 0.0) {
            return Err(MixError::Power { which, power });
        }
        *power_of = power;
    }
    Ok((powers[1] / powers[0] * 10.0_f64.powf(db / 10.0)).sqrt() as f32)
}

fn add(sound: &mut [f32], other: &[f32], gain: f32) {
    for (sample, other) in sound.iter_mut().zip(other) {
        *sample += gain * other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, stream};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;
    use rand::RngExt;

    fn noise(seed: u64, len: usize, level: f32) -> Vec<f32> {
        let mut rng = stream(seed, Purpose::Data, 0);
        (0..len).map(|_| level * rng.random_range(-1.0_f32..1.0)).collect()
    }

    fn db(ratio: f64) -> f64 {
        10.0 * ratio.log10()
    }

    /// Power of what was added, measured on the mixture.
    fn added(mixture: &[f32], before: &[f32]) -> f64 {
        power(&mixture.iter().zip(before).map(|(mixed, before)| mixed - before).collect::<Vec<_>>())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(0), ..ProptestConfig::with_cases(64) })]

        #[test]
        fn a_mixture_has_the_asked_anr(
            seed: u64,
            anr_db in -30.0_f64..10.0,
            clip_len in 1_usize..2_000,
            at in 0_usize..3_000,
            level in 1e-3_f32..1.0,
        ) {
            let before = noise(seed, 5_000, 0.5);
            let mut mixture = before.clone();
            mix_at_anr(&mut mixture, &noise(!seed, clip_len, level), at, anr_db).unwrap();
            let extent = at..at + clip_len;
            let ratio = added(&mixture[extent.clone()], &before[extent.clone()]) / power(&before[extent.clone()]);
            prop_assert!((db(ratio) - anr_db).abs() < 0.01, "{} dB for {anr_db} dB", db(ratio));
            prop_assert_eq!(&mixture[..at], &before[..at]);
            prop_assert_eq!(&mixture[extent.end..], &before[extent.end..]);
        }

        #[test]
        fn a_mixture_has_the_asked_snr(seed: u64, snr_db in -20.0_f64..30.0, level in 1e-3_f32..1.0) {
            let before = noise(seed, 4_000, 0.5);
            let mut mixture = before.clone();
            mix_at_snr(&mut mixture, &noise(!seed, 4_000, level), snr_db).unwrap();
            let ratio = power(&before) / added(&mixture, &before);
            prop_assert!((db(ratio) - snr_db).abs() < 0.01, "{} dB for {snr_db} dB", db(ratio));
        }
    }

    #[test]
    fn what_cannot_be_mixed_is_refused_and_changes_nothing() {
        let mut normal = noise(1, 100, 1.0);
        normal[60..].fill(0.0);
        let (before, clip) = (normal.clone(), noise(2, 10, 1.0));
        let long = mix_at_anr(&mut normal, &noise(2, 101, 1.0), 0, 0.0).unwrap_err();
        assert_eq!(long, MixError::TooLong { clip: 101, at: 0, sound: 100 });
        for at in [91, usize::MAX] {
            let late = mix_at_anr(&mut normal, &clip, at, 0.0).unwrap_err();
            assert_eq!(late, MixError::TooLong { clip: 10, at, sound: 100 });
        }
        let under = mix_at_anr(&mut normal, &clip, 80, 0.0).unwrap_err();
        assert_eq!(under, MixError::Power { which: "normal sound under the clip", power: 0.0 });
        for silent in [&[0.0; 10][..], &[]] {
            let silent = mix_at_anr(&mut normal, silent, 0, 0.0).unwrap_err();
            assert_eq!(silent, MixError::Power { which: "clip", power: 0.0 });
        }
        let ratio = mix_at_anr(&mut normal, &clip, 0, f64::NAN).unwrap_err();
        assert!(matches!(ratio, MixError::Ratio { .. }));
        let lengths = mix_at_snr(&mut normal, &clip, 0.0).unwrap_err();
        assert_eq!(lengths, MixError::Lengths { signal: 100, noise: 10 });
        assert!(mix_at_snr(&mut normal, &[f32::NAN; 100], 0.0).is_err());
        assert_eq!(normal, before);
    }
}
