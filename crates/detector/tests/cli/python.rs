//! A detector read by a program of NumPy alone, which is the documentation of its format.
//!
//! Needs Python with NumPy, found in the path or named by `PYTHON`. Without it the test says so and passes, unless
//! `REQUIRE_NUMPY` is set.

use std::process::Command;

use serde_json::Value;
use tests::{Outcome, python, repository};

use crate::machine::{detector, fitted, running, whistle, write};

#[test]
fn numpy_scores_a_file_as_the_program_does() {
    let Some(python) = python("numpy", "REQUIRE_NUMPY", "no detector was read by it") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wav");
    for (seconds, has_whistle) in [(6.0, false), (6.0, true), (0.25, false)] {
        let mut samples = running(seconds, 31);
        if has_whistle {
            whistle(&mut samples, 2.0, 3.0);
        }
        write(&path, &samples);
        let mut command = Command::new(&python);
        command.arg(repository().join("tests/python/detector.py")).arg(fitted()).arg(&path);
        let theirs = Outcome::success(&mut command).stdout;
        let ours = Outcome::of(detector().arg("score").arg(fitted()).arg(&path).arg("--json"));
        let ours: Value = serde_json::from_str(&ours.stdout).unwrap();
        for name in ["score", "threshold"] {
            let line = theirs.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            let [theirs, ours] = [line.trim().parse().unwrap(), ours[name].as_f64().unwrap()];
            let off: f64 = theirs / ours - 1.0;
            assert!(off.abs() < 1e-5, "{name} of {seconds} s: NumPy {theirs}, here {ours}");
        }
    }
}
