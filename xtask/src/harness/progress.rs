//! Progress: a bar on a terminal, a plain line now and then elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Least time between plain lines.
const PLAIN_EVERY: Duration = Duration::from_secs(2);

/// How far a run of many cells is, on standard error. Shared by the threads that run them.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    plain: Option<Mutex<Instant>>,
}

impl Progress {
    /// Begins `what`, `total` updates in all.
    pub(crate) fn new(what: &str, total: u64) -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        let target = if on_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let template =
            "{prefix} {bar:30} {percent:>3}%  {human_pos} of {human_len} updates, {per_sec}, {eta} left";
        bar.set_style(
            ProgressStyle::with_template(template).expect("a valid template").progress_chars("━╸─"),
        );
        bar.set_prefix(what.to_owned());
        if !on_terminal {
            eprintln!("{what}: {total} updates");
        }
        Self { bar, plain: (!on_terminal).then(|| Mutex::new(Instant::now())) }
    }

    /// Counts updates that were made.
    pub(crate) fn advance(&self, updates: u64) {
        self.bar.inc(updates);
        let Some(last) = &self.plain else { return };
        let Ok(mut last) = last.try_lock() else { return };
        if last.elapsed() >= PLAIN_EVERY {
            *last = Instant::now();
            let (done, total) = (self.bar.position(), self.bar.length().unwrap_or(0));
            let left = humantime::format_duration(Duration::from_secs(self.bar.eta().as_secs()));
            eprintln!("{}: {done} of {total} updates, {left} left", self.bar.prefix());
        }
    }

    /// Says something above the bar.
    pub(crate) fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }

    /// Ends.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
