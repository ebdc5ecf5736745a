//! What can be wrong with a sound file, each naming the file, what was found and what was expected.

use std::path::PathBuf;

use super::format::{MAX_RATE, MIN_RATE};
use crate::resample::ResampleError;

/// Why a sound file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum AudioError {
    /// The file cannot be opened or read: missing, no permission, a loop of symbolic links.
    #[error("{}: cannot be read: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The path leads to a folder, a pipe or a device.
    #[error("{}: found {found}, expected a sound file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// The file is no sound, or its header contradicts itself.
    #[error("{}: {found}, expected {expected}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: String,
        /// What a sound file holds there.
        expected: &'static str,
    },
    /// A chunk claims more bytes than the file has left.
    #[error(
        "{}: its {chunk} chunk claims {declared} bytes but {present} follow: the file is truncated, or its header was never completed",
        path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// The chunk's name.
        chunk: String,
        /// Bytes according to the chunk's header.
        declared: u64,
        /// Bytes between that header and the end of the file.
        present: u64,
    },
    /// The file holds no sample.
    #[error("{}: holds no samples, expected at least one", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The rate is not one of sound.
    #[error("{}: sampling rate {rate} Hz, expected {MIN_RATE} to {MAX_RATE} Hz", path.display())]
    Rate {
        /// The file.
        path: PathBuf,
        /// Hz, as the header or the caller has it.
        rate: u32,
    },
    /// The encoding is one that is not read.
    #[error(
        "{}: {found}, expected PCM of up to 32 bits or floats of 32 or 64",
        path.display()
    )]
    Encoding {
        /// The file.
        path: PathBuf,
        /// The file's encoding.
        found: String,
    },
    /// The asked channel is not there.
    #[error("{}: channel {asked} was asked for, the file has {channels} (counted from 0)", path.display())]
    Channel {
        /// The file.
        path: PathBuf,
        /// The channel asked for, from 0.
        asked: u16,
        /// Channels in the file.
        channels: u16,
    },
    /// A sample is NaN, infinite or too large to be sound.
    #[error("{}: sample {at} is {value}, expected a number within ±{limit}", path.display())]
    Sample {
        /// The file.
        path: PathBuf,
        /// Index of the sample, in frames from the start.
        at: usize,
        /// Its value.
        value: f32,
        /// The largest absolute value allowed.
        limit: f32,
    },
    /// The file is FLAC and damaged, or of a kind that is not read.
    #[error("{}: no FLAC that can be decoded: {source}", path.display())]
    Flac {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        source: claxon::Error,
    },
    /// The sound could not be brought to the wanted rate.
    #[error("{}: {source}", path.display())]
    Resample {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ResampleError,
    },
    /// The file could not be written.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the encoder or the system said.
        source: hound::Error,
    },
}
