//! Ctrl-C: a run finishes what it is at, saves, and says how to go on. A second one ends it at once.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Set by the first signal, once anybody listens.
static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// The exit code of a program that was interrupted, as shells have it.
pub const INTERRUPTED: u8 = 130;

/// A run that was asked to stop, and did.
#[derive(Debug, thiserror::Error)]
#[error("stopped, and saved what was trained; the same command goes on from there")]
pub struct Stopped;

/// Listens for Ctrl-C, and for the signal by which schedulers end a job, from now on.
///
/// # Errors
/// When the system refuses.
pub fn listen() -> Result<()> {
    let asked = ASKED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM] {
        // The order matters: the first signal finds the flag unset, and sets it; the second ends the program.
        flag::register_conditional_shutdown(signal, i32::from(INTERRUPTED), asked.clone())?;
        flag::register(signal, asked.clone())?;
    }
    Ok(())
}

/// Whether the run was asked to stop.
pub fn asked() -> bool {
    ASKED.get().is_some_and(|asked| asked.load(Ordering::Relaxed))
}
