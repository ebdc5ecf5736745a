//! What the header of a sound file says, and what is not believed of it.

use std::path::Path;

use super::error::AudioError;

/// The lowest sampling rate that is taken for sound, in Hz.
pub const MIN_RATE: u32 = 4_000;
/// The highest sampling rate that is taken for sound, in Hz.
pub const MAX_RATE: u32 = 384_000;
/// Samples in a channel of the longest file that is read: 12 hours at 48 kHz, which need 8 GiB of memory.
pub const MAX_FRAMES: u64 = 1 << 31;

/// What the header of a sound file says, checked against the file's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Channels, at least 1.
    pub channels: u16,
    /// Samples a second in each channel, in Hz; [`MIN_RATE`] to [`MAX_RATE`].
    pub rate: u32,
    /// Bits of a sample.
    pub bits: u16,
    /// Whether samples are floats; integers otherwise.
    pub float: bool,
    /// Samples in each channel, 1 to [`MAX_FRAMES`].
    pub frames: u64,
    /// Bytes of a last frame that is not whole; they are dropped.
    pub dropped: u64,
}

impl Format {
    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.rate)
    }

    /// Refuses what is no sound or more than can be held.
    pub(super) fn checked(self, path: &Path) -> Result<Format, AudioError> {
        check_rate(path, self.rate)?;
        match self.frames {
            0 => Err(AudioError::Empty { path: path.into() }),
            1..=MAX_FRAMES => Ok(self),
            frames => Err(AudioError::Header {
                path: path.into(),
                found: format!("{frames} samples in each channel"),
                expected: "2147483648 at most, 12 hours at 48 kHz: cut it into pieces",
            }),
        }
    }
}

/// Refuses a rate that no sound has.
pub(super) fn check_rate(path: &Path, rate: u32) -> Result<(), AudioError> {
    if (MIN_RATE..=MAX_RATE).contains(&rate) {
        Ok(())
    } else {
        Err(AudioError::Rate { path: path.into(), rate })
    }
}
