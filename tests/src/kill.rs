//! Runs that are killed, again and again, and started again.

use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Instant;

use crate::files::{assert_same, results};
use crate::{Outcome, Running};

/// Kills `run`, which is given its results folder, at moments spread over its duration, and starts it again each time:
/// in the end it has to leave what an uninterrupted run leaves. `KILLS` in the environment sets how often.
pub fn killed_at_any_moment(kills: u32, run: impl Fn(&Path) -> Command) {
    let kills = std::env::var("KILLS").map_or(kills, |kills| kills.parse().expect("KILLS is a number"));
    let new = || tempfile::tempdir().expect("a folder can be made");
    let straight = new();
    let mut command = run(straight.path()); // built by now: that is not timed
    let begun = Instant::now();
    Outcome::success(&mut command);
    let (duration, expected) = (begun.elapsed(), results(straight.path()));
    let (mut folder, mut caught) = (new(), 0);
    for kill in 0..kills {
        // The same moments each time: multiples of the golden ratio, less whole numbers.
        let moment = duration.mul_f64((f64::from(kill + 1) * 0.618_034).fract());
        let running = Running::start(&mut run(folder.path()));
        sleep(moment);
        if running.kill() {
            assert_same(&results(folder.path()), &expected);
            folder = new();
        } else {
            caught += 1;
        }
    }
    assert!(caught > 0, "every run ended before it was killed");
    Outcome::success(&mut run(folder.path()));
    assert_same(&results(folder.path()), &expected);
}
