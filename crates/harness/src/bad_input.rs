//! Input that cannot be used.

use std::fs;
use std::path::Path;

/// Input that cannot be used: nothing was done. The message names the place, what was found and what was expected.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadInput(pub String);

impl BadInput {
    /// Makes a folder for results, where it is not there.
    ///
    /// # Errors
    /// A place that cannot be written, or a file that is in the way.
    pub(crate) fn make_folder(path: &Path) -> Result<(), Self> {
        fs::create_dir_all(path).map_err(|error| {
            let path = path.display();
            Self(format!("{path}: cannot be made ({error}); expected a folder that can be written for --out"))
        })
    }
}
