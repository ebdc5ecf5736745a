//! Why batches cannot be made.

use crate::dataset::DatasetError;
use crate::log_mel::LogMelError;
use crate::mix::MixError;

/// Why batches cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// A setting is impossible.
    #[error("`{key}` is {found}, expected {expected}")]
    Setting {
        /// The field of [`BatchConfig`](super::BatchConfig).
        key: &'static str,
        /// Its value.
        found: String,
        /// What would do.
        expected: String,
    },
    /// The sounds do not make a batch.
    #[error(transparent)]
    Sounds(#[from] DatasetError),
    /// The front end refuses the samples of a batch.
    #[error("batch {index} of seed {seed}: {source}")]
    Features {
        /// The seed of the training.
        seed: u64,
        /// The batch.
        index: u64,
        /// Why.
        source: LogMelError,
    },
    /// The front end cannot be made.
    #[error(transparent)]
    FrontEnd(#[from] LogMelError),
    /// The clip cannot be mixed in.
    #[error(
        "batch {index} of seed {seed}: drawn {draws} times, at last {clip} at sample {at} of {pieces}: {source}; expected normal training sounds that are not silent nearly throughout"
    )]
    Mix {
        /// The seed of the training.
        seed: u64,
        /// The batch.
        index: u64,
        /// How often it was drawn.
        draws: usize,
        /// The something-else clip.
        clip: String,
        /// Where it was to start.
        at: usize,
        /// The sounds that were joined.
        pieces: String,
        /// Why.
        source: MixError,
    },
}
