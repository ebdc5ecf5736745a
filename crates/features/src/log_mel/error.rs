//! Why there may be no features.

use crate::mel::MelError;

/// Why features cannot be made.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum LogMelError {
    /// A setting is impossible.
    #[error("`{key}` is {found}, expected {expected}")]
    Setting {
        /// The field of [`FrontEnd`](super::FrontEnd).
        key: &'static str,
        /// Its value.
        found: String,
        /// What would do.
        expected: &'static str,
    },
    /// The filter bank is impossible.
    #[error(transparent)]
    Mel(#[from] MelError),
    /// The buffer for the result has the wrong length.
    #[error("room for {found} features, expected {expected}: {count} of {width} each")]
    Output {
        /// Length of the buffer.
        found: usize,
        /// Length of the features.
        expected: usize,
        /// Frames or rows.
        count: usize,
        /// Features of each.
        width: usize,
    },
    /// A sample is NaN, infinite or too large to be sound.
    #[error("sample {at} is {value}, expected a number within ±1e10")]
    Sample {
        /// Index of the sample.
        at: usize,
        /// Its value.
        value: f32,
    },
}
