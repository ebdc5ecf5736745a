//! A net's folder read by a program of NumPy alone, which is the documentation of its format.
//!
//! Needs Python with NumPy, found in the path or named by `PYTHON`. Without it the test says so and passes, unless
//! `REQUIRE_NUMPY` is set.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::path::Path;
use std::process::Command;

use tests::files::{csv, net, score};
use tests::{Outcome, python, repository, sounds, xtask};

/// Trains a net on sounds that are mixed with nothing, so that a file is scored as it is.
fn train(sounds: &Path, folder: &Path) {
    let manifest =
        std::fs::read_to_string(repository().join("experiments/datasets/toycar-synth.yaml")).unwrap();
    let plain: String = manifest
        .lines()
        .filter(|line| !line.trim_start().starts_with("noise_snr_db"))
        .map(|line| format!("{line}\n"))
        .collect();
    let path = folder.join("plain.yaml");
    std::fs::write(&path, plain).unwrap();
    let mut command = xtask();
    command.args(["sweep", "experiments/toycar-smoke.yaml", "--only", "bu", "--out"]).arg(folder.join("out"));
    for change in [
        format!("data.root={}", sounds.display()),
        format!("data.manifest={}", path.display()),
        "data.synth={minutes: 1, seed: 0}".to_owned(),
        "front_ends={FCN40: {bands: 40, context: 5}}".to_owned(),
        "networks={small: {hidden: 1, units: 32, code: 8}}".to_owned(),
        "batch={piece_s: 2.5, pieces: 4, anr_db: [-30, 10]}".to_owned(),
        "training.updates=10".to_owned(),
        "training.history_every=5".to_owned(),
        "scoring.every=20".to_owned(),
        "seeds=1".to_owned(),
    ] {
        command.args(["--set", &change]);
    }
    Outcome::success(&mut command);
}

#[test]
fn numpy_scores_a_file_as_the_program_does() {
    let Some(python) = python("numpy", "REQUIRE_NUMPY", "no net was read by it") else { return };
    let folder = tempfile::tempdir().unwrap();
    let sounds = sounds(Path::new(env!("CARGO_TARGET_TMPDIR")));
    train(&sounds, folder.path());
    let tables = folder.path().join("out/toycar-smoke");
    let label = "FCN40-small-bu-s0";
    let (head, rows) = csv(&score(&tables, label).join("scores.csv"));
    let column = |name: &str| head.iter().position(|found| found == name).unwrap();
    for row in rows.iter().filter(|row| row[1] == "normal").take(3) {
        let mut command = Command::new(&python);
        command
            .arg(repository().join("tests/python/score.py"))
            .arg(net(&tables, label))
            .arg(sounds.join(&row[0]));
        let printed = Outcome::success(&mut command).stdout;
        for name in ["max", "mean", "top5"] {
            let line = printed.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            let [theirs, ours]: [f64; 2] =
                [line.trim(), &row[column(name)]].map(|text| text.parse().unwrap());
            assert!((theirs / ours - 1.0).abs() < 1e-5, "{name} of {}: NumPy {theirs}, here {ours}", row[0]);
        }
    }
}
