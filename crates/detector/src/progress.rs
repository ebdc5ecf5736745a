//! How far a training is: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Least time between lines where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// Shared by the threads that train.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// When a line was last written; none on a terminal.
    told: Option<Mutex<Instant>>,
}

impl Progress {
    /// Begins `what`, of `most` updates.
    pub(crate) fn new(what: &str, most: u64) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let template = "{prefix} {bar:30} {percent:>3}%  {elapsed}, {eta} left at most";
        let style = ProgressStyle::with_template(template).expect("a valid template").progress_chars("━╸─");
        let bar = ProgressBar::with_draw_target(Some(most), target).with_style(style);
        bar.set_prefix(what.to_owned());
        Self { bar, told: (!terminal).then(|| Mutex::new(Instant::now())) }
    }

    /// Counts updates that were made, or need not be made.
    pub(crate) fn advance(&self, updates: u64) {
        self.bar.inc(updates);
        let Some(told) = &self.told else { return };
        let Ok(mut told) = told.try_lock() else { return };
        if told.elapsed() >= EVERY {
            *told = Instant::now();
            let (done, most) = (self.bar.position(), self.bar.length().unwrap_or(0));
            crate::tell!("{}: {} %", self.bar.prefix(), 100 * done / most.max(1));
        }
    }

    /// Ends it.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
