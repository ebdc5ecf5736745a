//! How a command ends: exit code 2 for bad input, 130 when it was interrupted, 1 for a run that failed.

use harness::stop::{INTERRUPTED, Stopped};
use harness::{BadInput, Failure, stop};

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

/// Fails when a cell failed, and tells of each.
pub(crate) fn verdict(failures: &[Failure]) -> anyhow::Result<()> {
    match failures {
        [] => Ok(()),
        _ => {
            let each: Vec<String> =
                failures.iter().map(|Failure { label, why }| format!("{label}: {why}")).collect();
            let cells = if failures.len() == 1 { "cell" } else { "cells" };
            Err(anyhow::anyhow!("{} {cells} failed\n{}", failures.len(), each.join("\n")))
        }
    }
}

/// Ends a run that was asked to stop; what could not be saved is not said to be.
///
/// # Errors
/// [`Stopped`], or the cells that failed, where the run was asked to stop.
pub(crate) fn stopped(failures: &[Failure]) -> anyhow::Result<()> {
    if stop::asked() {
        verdict(failures)?;
        return Err(Stopped.into());
    }
    Ok(())
}

/// Characters of the longest line that is told whole.
const LONGEST_LINE: usize = 1000;

/// Characters that are kept of either end of a longer one.
const KEPT: usize = 200;

/// A message whose long lines, which echo what was given, are cut in the middle, with the length said.
pub(crate) fn shortened(message: &str) -> String {
    let line = |line: &str| {
        let length = line.chars().count();
        if length <= LONGEST_LINE {
            return line.to_owned();
        }
        let head: String = line.chars().take(KEPT).collect();
        let tail: String = line.chars().skip(length - KEPT).collect();
        format!("{head} [... a line of {length} characters ...] {tail}")
    };
    message.lines().map(line).collect::<Vec<_>>().join("\n")
}
