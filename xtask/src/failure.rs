//! How a command ends: exit code 2 for bad input, 130 when it was interrupted, 1 for a run that failed.

use crate::harness::stop::{INTERRUPTED, Stopped};

/// Input that cannot be used: nothing was done. The message names the place, what was found and what was expected.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadInput(pub String);

/// The exit code of `error`.
pub(crate) fn exit_code(error: &anyhow::Error) -> u8 {
    if error.is::<BadInput>() {
        2
    } else if error.is::<Stopped>() {
        INTERRUPTED
    } else {
        1
    }
}
