//! Sound files: WAV and FLAC in, WAV out, one channel of `f32` samples, at the file's rate or a wanted one.

mod downmix;
mod error;
mod flac;
mod format;
mod wav;

use std::fs::{self, File};
use std::io::{BufReader, Read, Seek};
use std::path::Path;

pub use downmix::Channel;
pub use error::AudioError;
pub use format::{Format, MAX_FRAMES, MAX_RATE, MIN_RATE};

use crate::resample::resample;

/// The largest absolute sample. Beyond it a power spectrum would leave the range of `f32`.
const MAX_SAMPLE: f32 = 1e10;

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

    /// The sound of the file at `path`, resampled to `rate` Hz where it has another.
    ///
    /// # Errors
    /// [`AudioError::Resample`] when `rate` is outside [`MIN_RATE`] to [`MAX_RATE`].
    pub fn at_rate(self, path: &Path, rate: u32) -> Result<Sound, AudioError> {
        if self.rate == rate {
            return Ok(self);
        }
        let samples = resample(&self.samples, self.rate, rate)
            .map_err(|source| AudioError::Resample { path: path.into(), source })?;
        Ok(Sound { samples, rate })
    }

    /// The largest absolute sample; 0 for silence.
    pub fn peak(&self) -> f32 {
        self.samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
    }
}

/// A sound file that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The channel that was asked for.
    pub sound: Sound,
    /// What the file's header says.
    pub format: Format,
    /// Mean square of the samples of each channel.
    pub channel_powers: Vec<f64>,
}

impl Recording {
    /// Mean square of the samples of all channels. Where it is far above that of their mean, they cancel.
    pub fn channel_power(&self) -> f64 {
        self.channel_powers.iter().sum::<f64>() / self.channel_powers.len() as f64
    }
}

/// Whether the file's name is one of a sound that is read: `.wav` or `.flac`, in capitals or not.
pub fn has_sound_name(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    extension.is_some_and(|extension| ["wav", "flac"].contains(&extension.as_str()))
}

/// Reads the header of a sound file and holds its lengths against the file's; decodes no sample.
///
/// # Errors
/// As [`read`], but for what only the samples tell.
pub fn probe(path: &Path) -> Result<Format, AudioError> {
    let mut file = open(path)?;
    if is_flac(path, &mut file)? {
        flac::probe(path, file)
    } else {
        wav::header::read(path, &mut file).map(|header| header.format)
    }
}

/// Reads a sound file, told by its content: WAV (RIFF, RF64 or BW64, plain or WAVE_FORMAT_EXTENSIBLE) with integers of
/// up to 32 bits or floats of 32 or 64, or FLAC of up to 24 bits; any number of channels. Integers are scaled to
/// [-1, 1), floats are taken as they are.
///
/// Memory is four bytes a frame of the file, allocated after the header's lengths were held against the file's.
///
/// # Errors
/// [`AudioError`] for a file that cannot be opened, is no sound, is truncated, holds no sample or more than
/// [`MAX_FRAMES`], has zero channels, not the asked channel, a rate outside [`MIN_RATE`] to [`MAX_RATE`], another
/// encoding, or a sample that is NaN, infinite or beyond ±1e10.
pub fn read(path: &Path, channel: Channel) -> Result<Recording, AudioError> {
    let mut file = open(path)?;
    let (format, mixed) = if is_flac(path, &mut file)? {
        flac::read(path, file, channel)?
    } else {
        wav::read(path, file, channel)?
    };
    let (samples, channel_powers) = mixed.finish();
    check_samples(path, &samples, MAX_SAMPLE)?;
    Ok(Recording { sound: Sound { samples, rate: format.rate }, format, channel_powers })
}

/// Reads a sound file and resamples it to `rate` Hz where it has another.
///
/// # Errors
/// Those of [`read`], and [`AudioError::Resample`] when `rate` is outside [`MIN_RATE`] to [`MAX_RATE`].
pub fn read_at(path: &Path, channel: Channel, rate: u32) -> Result<Sound, AudioError> {
    read(path, channel)?.sound.at_rate(path, rate)
}

/// Opens a plain file: opening a pipe would wait for a writer for ever.
fn open(path: &Path) -> Result<BufReader<File>, AudioError> {
    let unreadable = |source| AudioError::Open { path: path.into(), source };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        let found = if metadata.is_dir() { "a folder" } else { "neither a file nor a folder" };
        return Err(AudioError::NotAFile { path: path.into(), found });
    }
    Ok(BufReader::new(File::open(path).map_err(unreadable)?))
}

fn is_flac(path: &Path, file: &mut BufReader<File>) -> Result<bool, AudioError> {
    let unreadable = |source| AudioError::Open { path: path.into(), source };
    let mut start = Vec::new();
    file.by_ref().take(4).read_to_end(&mut start).map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    Ok(start == *b"fLaC")
}

/// Refuses NaN, infinity and anything beyond ±`limit`.
fn check_samples(path: &Path, samples: &[f32], limit: f32) -> Result<(), AudioError> {
    match samples.iter().position(|sample| sample.is_nan() || sample.abs() > limit) {
        None => Ok(()),
        Some(at) => Err(AudioError::Sample { path: path.into(), at, value: samples[at], limit }),
    }
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
/// [`AudioError::Sample`] for a sample that [`read`] would refuse, [`AudioError::Rate`] for an impossible
/// rate, [`AudioError::Write`] when the file cannot be written.
pub fn write_wav_f32(path: &Path, samples: &[f32], rate: u32) -> Result<(), AudioError> {
    write(path, samples, spec(rate, hound::SampleFormat::Float), MAX_SAMPLE, |sample| sample)
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
    format::check_rate(path, spec.sample_rate)?;
    check_samples(path, samples, limit)?;
    let failed = |source| AudioError::Write { path: path.into(), source };
    let mut writer = hound::WavWriter::create(path, spec).map_err(failed)?;
    for &sample in samples {
        writer.write_sample(encode(sample)).map_err(failed)?;
    }
    writer.finalize().map_err(failed)
}
