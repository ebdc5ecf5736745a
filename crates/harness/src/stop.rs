//! Ctrl-C, and every signal by which a terminal or a scheduler ends a program: a run finishes what it is at, saves,
//! and says how to go on. A second one ends it at once.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::Result;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGXCPU};
use signal_hook::flag;

/// Signals that ask a run to stop: Ctrl-C, a scheduler's end of a job and its warning before, a terminal that is
/// closed, and the limit of CPU time.
const SIGNALS: [i32; 5] = [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGXCPU];

/// Set by the first signal, once anybody listens.
static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// The exit code of a program that was interrupted, as shells have it.
pub const INTERRUPTED: u8 = 130;

/// A run that was asked to stop, and did.
#[derive(Debug, thiserror::Error)]
#[error("stopped, and saved what was trained; the same command goes on from there")]
pub struct Stopped;

/// Listens for the signals that ask a run to stop, from now on.
///
/// # Errors
/// When the system refuses.
pub fn listen() -> Result<()> {
    let asked = ASKED.get_or_init(Arc::default);
    // Under nohup a closed terminal is nobody's wish to stop.
    let listened = SIGNALS.into_iter().filter(|signal| *signal != SIGHUP || !is_ignored(SIGHUP));
    for signal in listened {
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

/// Whether the program was started with `signal` ignored; never where the system does not say.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
