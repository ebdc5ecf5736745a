//! Mixing of sounds at a ratio of powers.
//!
//! Which rows of a mixture are anomalous follows from the clip's extent:
//! [`LogMel::rows_touching`](crate::log_mel::LogMel::rows_touching).

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
