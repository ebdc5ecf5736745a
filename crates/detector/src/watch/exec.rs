//! A program that is run on each event, beside the stream.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::tell;

/// Events that wait for the program; more are left out, and that is said.
const WAITING: usize = 64;
/// How often a running program is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Runs a program without a shell and without arguments, one at a time, with the event as JSON on its standard input.
pub struct Exec {
    events: Option<SyncSender<String>>,
    thread: Option<JoinHandle<()>>,
    left_out: u64,
}

impl Exec {
    /// Of `program`, which is killed where it takes longer than `limit`.
    pub fn new(program: &Path, limit: Duration) -> Self {
        let (events, waiting) = sync_channel(WAITING);
        let program = program.to_owned();
        let thread = thread::spawn(move || run_all(&program, limit, &waiting));
        Self { events: Some(events), thread: Some(thread), left_out: 0 }
    }

    /// Hands an event over; never waits.
    pub fn send(&mut self, json: String) {
        let Some(events) = &self.events else { return };
        if let Err(TrySendError::Full(_)) = events.try_send(json) {
            self.left_out += 1;
            tell!(
                "warning: the program of --exec is too slow: {} events were not given to it",
                self.left_out
            );
        }
    }
}

impl Drop for Exec {
    /// Waits for the events that were handed over.
    fn drop(&mut self) {
        self.events = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run_all(program: &PathBuf, limit: Duration, waiting: &Receiver<String>) {
    for json in waiting {
        if let Err(error) = run(program, limit, &json) {
            tell!("warning: {}: {error:#}", program.display());
        }
    }
}

fn run(program: &PathBuf, limit: Duration, json: &str) -> Result<()> {
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // An event is shorter than a pipe's buffer: this does not wait. One who does not read it may not want it.
        let _ = input.write_all(format!("{json}\n").as_bytes());
    }
    wait(&mut child, limit)
}

fn wait(child: &mut Child, limit: Duration) -> Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < limit {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("{status}"),
            None => sleep(LOOK),
        }
    }
    child.kill()?;
    child.wait()?;
    bail!("killed after {} s", limit.as_secs_f64())
}
