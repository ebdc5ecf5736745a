//! Progress: a bar on a terminal, a plain line now and then elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Least time between plain lines. A long run has them further apart: each time after a twentieth of what has passed.
const PLAIN_EVERY: Duration = Duration::from_secs(2);

/// Least time between changes of a cell's line.
const LINE_EVERY: Duration = Duration::from_millis(500);

/// How far a run of many cells is, on standard error. Shared by the threads that run them.
#[derive(Debug)]
pub struct Progress {
    lines: MultiProgress,
    bar: ProgressBar,
    begun: Instant,
    plain: Option<Mutex<Instant>>,
}

/// The line of one running cell, on a terminal; nothing elsewhere.
#[derive(Debug)]
pub struct Line {
    bar: ProgressBar,
    changed: Option<Instant>,
}

impl Line {
    /// Says what `text` gives, now and then.
    pub fn set(&mut self, text: impl FnOnce() -> String) {
        if self.bar.is_hidden() || self.changed.is_some_and(|changed| changed.elapsed() < LINE_EVERY) {
            return;
        }
        self.changed = Some(Instant::now());
        self.bar.set_message(text());
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress {
    /// Begins `what`; how many updates it takes is told by [`expect`](Self::expect).
    pub fn new(what: &str) -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        let target = if on_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let lines = MultiProgress::with_draw_target(target);
        let bar = lines.add(ProgressBar::new(0));
        let template =
            "{prefix} {bar:30} {percent:>3}%  {human_pos} of {human_len} updates, {per_sec}, {eta} left";
        bar.set_style(
            ProgressStyle::with_template(template).expect("a valid template").progress_chars("━╸─"),
        );
        bar.set_prefix(what.to_owned());
        let begun = Instant::now();
        Self { lines, bar, begun, plain: (!on_terminal).then(|| Mutex::new(begun)) }
    }

    /// A line for the running cell `name`, above the bar.
    pub fn line(&self, name: &str) -> Line {
        let bar = self.lines.insert_before(&self.bar, ProgressBar::no_length());
        bar.set_style(ProgressStyle::with_template("  {prefix:24} {msg}").expect("a valid template"));
        bar.set_prefix(name.to_owned());
        Line { bar, changed: None }
    }

    /// Counts updates that were made.
    pub fn advance(&self, updates: u64) {
        self.bar.inc(updates);
        let Some(last) = &self.plain else { return };
        let Ok(mut last) = last.try_lock() else { return };
        if last.elapsed() >= PLAIN_EVERY.max(self.begun.elapsed() / 20) {
            *last = Instant::now();
            let (done, total) = (self.bar.position(), self.bar.length().unwrap_or(0));
            let left = humantime::format_duration(Duration::from_secs(self.bar.eta().as_secs()));
            crate::tell!("{}: {done} of {total} updates, {left} left", self.bar.prefix());
        }
    }

    /// Counts updates that an earlier run made: they tell nothing of how fast this one is.
    pub fn skip(&self, updates: u64) {
        self.bar.inc(updates);
        self.bar.reset_eta();
    }

    /// Adds updates that are to be made.
    pub fn expect(&self, updates: u64) {
        self.bar.inc_length(updates);
        if self.plain.is_some() && updates > 0 {
            crate::tell!("{}: {updates} updates", self.bar.prefix());
        }
    }

    /// Leaves out updates that will not be made.
    pub fn leave_out(&self, updates: u64) {
        self.bar.dec_length(updates);
    }

    /// Says something above the bar.
    pub fn say(&self, line: &str) {
        self.lines.suspend(|| crate::tell!("{line}"));
    }

    /// Ends.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
