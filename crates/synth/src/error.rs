//! Why a set was not made.

use std::io;
use std::path::Path;

/// Why a set was not made.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// A place that cannot be used; nothing was touched. The message says what was found and expected there.
    #[error("{0}")]
    Refused(String),
    /// A file or folder that could not be made; what there was of the set is cleared.
    #[error("{what}: {source}")]
    Failed {
        /// What was tried, with the path.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A sound that could not be written.
    #[error(transparent)]
    Audio(#[from] features::audio::AudioError),
}

impl SynthError {
    /// That doing `what` to `path` failed, as a function of the cause.
    pub(crate) fn failed<'a>(what: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + 'a {
        move |source| Self::Failed { what: format!("cannot {what} {}", path.display()), source }
    }
}
