//! Progress: a bar on a terminal, a plain line now and then elsewhere.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// Least time between plain lines. A long run has them further apart: each time after a twentieth of what has passed.
const PLAIN_EVERY: Duration = Duration::from_secs(2);

/// Least time between changes of a net's line.
const LINE_EVERY: Duration = Duration::from_millis(500);

/// Time that is measured before anything is said of the time left.
const FIRST_ESTIMATE: Duration = Duration::from_secs(5);

/// How far a run of many nets is, on standard error. Shared by the threads that run them.
#[derive(Debug)]
pub struct Progress {
    lines: MultiProgress,
    bar: ProgressBar,
    begun: Instant,
    plain: Option<Mutex<Instant>>,
    counts: Arc<Mutex<Counts>>,
}

/// What a run is about, and how fast it is.
#[derive(Debug)]
struct Counts {
    /// What of, such as `fan: `.
    of: String,
    /// Each once, however many ask for it.
    nets: usize,
    /// When the first update of this run was made.
    first: Option<Instant>,
    /// Updates since then.
    since: u64,
}

/// The line of one running net, on a terminal; nothing elsewhere.
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

impl Counts {
    /// How far a run is after `done` updates of `total`.
    fn told(&self, done: u64, total: u64) -> String {
        let Self { of, nets, first, since } = self;
        let passed = first.map_or(Duration::ZERO, |first| first.elapsed());
        let left = left(*since, passed, total.saturating_sub(done));
        let nets = if *nets == 1 { "1 net".to_owned() } else { format!("{nets} nets") };
        format!("{of}Training {done} of {total} updates ({nets}){left}")
    }
}

/// What is said of the time that `to_make` updates take, where `made` took `passed`: nothing where that is not known yet.
pub(crate) fn left(made: u64, passed: Duration, to_make: u64) -> String {
    if made == 0 || passed < FIRST_ESTIMATE {
        return String::new();
    }
    let seconds = passed.as_secs_f64() * to_make as f64 / made as f64;
    // What is known roughly is said roughly.
    let step = match seconds {
        60.0..600.0 => 10.0,
        600.0..36_000.0 => 60.0,
        36_000.0.. => 3600.0,
        _ => 1.0,
    };
    let left = Duration::from_secs(((seconds / step).round() * step) as u64);
    format!(", {} left", humantime::format_duration(left))
}

/// Whether lines on standard error can be written over.
fn is_on_terminal() -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stderr().is_terminal() && !is_dumb
}

impl Progress {
    /// Begins; what is trained is told by `expect`. `of` is told before it, as `fan: ` is.
    pub fn new(of: &str) -> Self {
        let on_terminal = is_on_terminal();
        let target = if on_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let lines = MultiProgress::with_draw_target(target);
        let bar = lines.add(ProgressBar::new(0));
        let counts = Counts { of: of.to_owned(), nets: 0, first: None, since: 0 };
        let counts = Arc::new(Mutex::new(counts));
        let shown = counts.clone();
        let told = move |state: &ProgressState, text: &mut dyn std::fmt::Write| {
            let told = locked(&shown).told(state.pos(), state.len().unwrap_or(0));
            let _ = text.write_str(&told); // where a line cannot be written, nothing is told
        };
        let style = ProgressStyle::with_template("{bar:30} {percent:>3}%  {told}").expect("a valid template");
        bar.set_style(style.with_key("told", told).progress_chars("━╸─"));
        let begun = Instant::now();
        Self { lines, bar, begun, plain: (!on_terminal).then(|| Mutex::new(begun)), counts }
    }

    /// A line for the running net `name`, above the bar.
    pub(crate) fn line(&self, name: &str) -> Line {
        let bar = self.lines.insert_before(&self.bar, ProgressBar::no_length());
        bar.set_style(ProgressStyle::with_template("  {prefix:24} {msg}").expect("a valid template"));
        bar.set_prefix(name.to_owned());
        Line { bar, changed: None }
    }

    /// Counts an update that was made.
    pub(crate) fn advance(&self) {
        self.bar.inc(1);
        {
            let mut counts = locked(&self.counts);
            match counts.first {
                Some(_) => counts.since += 1,
                None => counts.first = Some(Instant::now()),
            }
        }
        let Some(last) = &self.plain else { return };
        let Ok(mut last) = last.try_lock() else { return };
        if last.elapsed() >= PLAIN_EVERY.max(self.begun.elapsed() / 20) {
            *last = Instant::now();
            self.tell_plainly();
        }
    }

    /// Adds `nets`, with the updates that they are to make.
    pub(crate) fn expect(&self, nets: usize, updates: u64) {
        locked(&self.counts).nets += nets;
        self.bar.inc_length(updates);
        if self.plain.is_some() && updates > 0 {
            self.tell_plainly();
        }
    }

    /// Corrects what was expected of some nets, once it is known: `updates` of them, of which `made` were made before.
    /// These tell nothing of how fast this run is.
    pub(crate) fn correct(&self, expected: u64, updates: u64, made: u64) {
        self.bar.inc_length(updates);
        self.bar.dec_length(expected);
        self.bar.inc(made);
    }

    /// Leaves out updates that will not be made.
    pub(crate) fn leave_out(&self, updates: u64) {
        self.bar.dec_length(updates);
    }

    /// Says something above the bar.
    pub fn say(&self, line: &str) {
        self.lines.suspend(|| crate::tell!("{line}"));
    }

    /// What the run is of, to be told before a line of it.
    pub(crate) fn of(&self) -> String {
        locked(&self.counts).of.clone()
    }

    /// Ends.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn tell_plainly(&self) {
        let told = locked(&self.counts).told(self.bar.position(), self.bar.length().unwrap_or(0));
        crate::tell!("{told}");
    }
}

fn locked(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().expect("nothing panics with the counts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_said_once_it_is_known_and_to_a_sensible_digit() {
        let second = Duration::from_secs;
        assert_eq!(left(0, second(100), 10), "", "nothing is made yet");
        assert_eq!(left(1, second(1), 520_000), "", "too early to say");
        assert_eq!(left(10, second(5), 20), ", 10s left");
        assert_eq!(left(10, second(10), 123), ", 2m left");
        assert_eq!(left(100, second(100), 5_290), ", 1h 28m left");
        assert_eq!(left(100, second(7), 520_000), ", 10h left");
        assert_eq!(left(10, second(10), 0), ", 0s left");
    }

    #[test]
    fn a_line_counts_updates_and_nets() {
        let counts = |nets| Counts { of: "fan: ".to_owned(), nets, first: None, since: 0 };
        assert_eq!(counts(12).told(2, 72), "fan: Training 2 of 72 updates (12 nets)");
        assert_eq!(counts(1).told(0, 6), "fan: Training 0 of 6 updates (1 net)");
    }
}
