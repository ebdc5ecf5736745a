//! The samples of a WAV file as `f32`, one channel or the mean of all.

use std::path::Path;

use super::error::AudioError;
use super::header::{self, CheckedReader};
use super::{Channel, Sound};

/// The largest absolute sample of a float file. Beyond it a power spectrum would leave the range of `f32`.
pub(super) const MAX_SAMPLE: f32 = 1e10;

/// Reads a WAV file: 8, 16, 24 or 32-bit integers (scaled to [-1, 1)) or 32-bit floats (as they are), any
/// number of channels, plain or WAVE_FORMAT_EXTENSIBLE.
///
/// Memory is four bytes a frame of the file, allocated after the header's lengths were held against the file's.
///
/// # Errors
/// [`AudioError`] for a file that cannot be opened, is not WAV, is truncated, holds no sample, has zero channels,
/// not the asked channel, a rate outside [`header::MIN_RATE`] to [`header::MAX_RATE`], another encoding, or a
/// sample that is NaN, infinite or beyond ±1e10.
pub fn read_wav(path: &Path, channel: Channel) -> Result<Sound, AudioError> {
    let (facts, reader) = header::open(path)?;
    if let Channel::Index(asked) = channel
        && asked >= facts.channels
    {
        return Err(AudioError::Channel { path: path.into(), asked, channels: facts.channels });
    }
    let samples = if facts.float {
        collect(reader.into_samples::<f32>(), channel, facts.channels, facts.frames, |sample| sample)
    } else {
        let scale = 0.5_f32.powi(i32::from(facts.bits) - 1);
        collect::<i32>(reader.into_samples(), channel, facts.channels, facts.frames, |sample| {
            sample as f32 * scale
        })
    }
    .map_err(|source| AudioError::Decode { path: path.into(), source })?;
    check_samples(path, &samples, MAX_SAMPLE)?;
    Ok(Sound { samples, rate: facts.rate })
}

/// Refuses NaN, infinity and anything beyond ±`limit`.
pub(super) fn check_samples(path: &Path, samples: &[f32], limit: f32) -> Result<(), AudioError> {
    match samples.iter().position(|sample| sample.is_nan() || sample.abs() > limit) {
        None => Ok(()),
        Some(at) => Err(AudioError::Sample { path: path.into(), at, value: samples[at], limit }),
    }
}

/// One value for each frame of interleaved samples.
fn collect<S: hound::Sample>(
    mut interleaved: hound::WavIntoSamples<CheckedReader, S>,
    channel: Channel,
    channels: u16,
    frames: u32,
    decode: impl Fn(S) -> f32,
) -> Result<Vec<f32>, hound::Error> {
    let mut samples = Vec::with_capacity(frames as usize);
    for _ in 0..frames {
        let mut value = 0.0;
        for (index, sample) in interleaved.by_ref().take(usize::from(channels)).enumerate() {
            let sample = decode(sample?);
            match channel {
                Channel::Mean => value += sample,
                Channel::Index(wanted) if index == usize::from(wanted) => value = sample,
                Channel::Index(_) => {}
            }
        }
        samples.push(if channel == Channel::Mean { value / f32::from(channels) } else { value });
    }
    Ok(samples)
}
