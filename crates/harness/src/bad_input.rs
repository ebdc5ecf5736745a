//! Input that cannot be used.

/// Input that cannot be used: nothing was done. The message names the place, what was found and what was expected.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadInput(pub String);
