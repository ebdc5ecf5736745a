//! Sound files: WAV in and out, one channel of `f32` samples, at the file's rate or a wanted one.

mod decode;
mod error;
mod header;

use std::path::Path;

pub use decode::read_wav;
pub use error::AudioError;
pub use header::{MAX_RATE, MIN_RATE, WavFacts, probe};

use crate::resample::resample;

/// One channel of sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Samples; full scale of an integer file is [-1, 1). All finite.
    pub samples: Vec<f32>,
    /// Samples a second, in Hz.
    pub rate: u32,
}

impl Sound {
    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.rate)
    }

    /// The largest absolute sample; 0 for silence.
    pub fn peak(&self) -> f32 {
        self.samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
    }
}

/// What becomes of a file's channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Channel {
    /// One channel, counted from 0.
    Index(u16),
    /// The mean of all channels.
    #[default]
    Mean,
}

/// Reads a WAV file and resamples it to `rate` Hz where it has another.
///
/// # Errors
/// Those of [`read_wav`], and [`AudioError::Resample`] when `rate` is outside [`MIN_RATE`] to [`MAX_RATE`].
pub fn read_at(path: &Path, channel: Channel, rate: u32) -> Result<Sound, AudioError> {
    let sound = read_wav(path, channel)?;
    if sound.rate == rate {
        return Ok(sound);
    }
    let samples = resample(&sound.samples, sound.rate, rate)
        .map_err(|source| AudioError::Resample { path: path.into(), source })?;
    Ok(Sound { samples, rate })
}

/// Writes one channel as 16-bit integers. A sample is rounded to the nearest step of 1/32768.
///
/// # Errors
/// [`AudioError::Sample`] for a sample that is not in [-1, 1] (nothing is clipped in silence; 1 becomes
/// 32767/32768), [`AudioError::Rate`] for an impossible rate, [`AudioError::Write`] when the file cannot be
/// written.
pub fn write_wav_i16(path: &Path, samples: &[f32], rate: u32) -> Result<(), AudioError> {
    let spec = hound::WavSpec { bits_per_sample: 16, ..spec(rate, hound::SampleFormat::Int) };
    write(path, samples, spec, 1.0, |sample| (sample * 32768.0).round().min(32767.0) as i16)
}

/// Writes one channel as 32-bit floats, bit for bit.
///
/// # Errors
/// [`AudioError::Sample`] for a sample that [`read_wav`] would refuse, [`AudioError::Rate`] for an impossible
/// rate, [`AudioError::Write`] when the file cannot be written.
pub fn write_wav_f32(path: &Path, samples: &[f32], rate: u32) -> Result<(), AudioError> {
    write(path, samples, spec(rate, hound::SampleFormat::Float), decode::MAX_SAMPLE, |sample| sample)
}

fn spec(rate: u32, sample_format: hound::SampleFormat) -> hound::WavSpec {
    hound::WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 32, sample_format }
}

fn write<S: hound::Sample>(
    path: &Path,
    samples: &[f32],
    spec: hound::WavSpec,
    limit: f32,
    encode: impl Fn(f32) -> S,
) -> Result<(), AudioError> {
    header::check_rate(path, spec.sample_rate)?;
    decode::check_samples(path, samples, limit)?;
    let failed = |source| AudioError::Write { path: path.into(), source };
    let mut writer = hound::WavWriter::create(path, spec).map_err(failed)?;
    for &sample in samples {
        writer.write_sample(encode(sample)).map_err(failed)?;
    }
    writer.finalize().map_err(failed)
}
