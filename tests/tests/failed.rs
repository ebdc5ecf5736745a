//! Cells that fail: the others are finished, the hole is told, the exit code is 1, and nothing is lost.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use tests::files::{assert_same, csv, net, results, text};
use tests::{Outcome, verify};

#[test]
fn a_training_that_diverges_fails_with_its_last_words() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    let diverging = ["--seeds", "1", "--set", "training.learning_rate=1e30"];
    let says = ["3 cells failed", "ring-re-s0: ", "the objective became", "at step", "learning rate"];
    let outcome = Outcome::failure(verify(out).args(diverging), &says);
    for stem in ["ring-re-s0: ", "ring-snp-s0: ", "ring-bu-s0: "] {
        let told = |line: &&str| line.starts_with(stem) && line.contains("failed: ");
        assert_eq!(outcome.stderr.lines().filter(told).count(), 1, "{}", outcome.stderr);
    }
    let report = text(&out.join("ring/report.html"));
    assert!(report.contains("Cells that failed") && report.contains("training has diverged"));
    assert!(!out.join("ring/runs.csv").exists(), "no table of nothing: what an earlier run wrote stays");
    let missing = Outcome::success(verify(out).args(diverging).arg("--plan")).stdout;
    assert!(missing.contains("3 of 3 nets to train"), "{missing}");
}

/// Where the net of a plan's line belongs.
fn place(out: &std::path::Path, plan: &str, label: &str) -> PathBuf {
    let line =
        plan.lines().find(|line| line.contains(" net ") && line.contains(&format!(" {label} "))).unwrap();
    out.join("nets").join(line.split_whitespace().nth(3).unwrap())
}

#[test]
fn a_net_that_cannot_be_written_leaves_a_hole_that_the_next_run_fills() {
    let (folder, clean) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let out = folder.path();
    let plan = Outcome::success(verify(out).args(["--seeds", "2", "--plan"])).stdout;
    // A link to nowhere: nothing is there, and nothing can be put there.
    let obstacle = place(out, &plan, "ring-bu-s1");
    fs::create_dir_all(obstacle.parent().unwrap()).unwrap();
    symlink("nowhere", &obstacle).unwrap();

    let says = ["1 cell failed", "ring-bu-s1: ", "cannot be made", "from update 0 of 200"];
    let outcome = Outcome::failure(verify(out).args(["--seeds", "2"]), &says);
    assert!(outcome.stdout.starts_with("Table 1"), "{}", outcome.stdout);
    let report = text(&out.join("ring/report.html"));
    assert!(report.contains("Cells that failed") && report.contains("ring-bu-s1"));
    let runs = csv(&out.join("ring/runs.csv")).1;
    assert_eq!(runs.len(), 5, "the others are finished");
    let seeds: Vec<String> =
        csv(&out.join("ring/table1.csv")).1.into_iter().map(|row| row[1].clone()).collect();
    assert_eq!(seeds, ["2", "2", "1"]);

    fs::remove_file(&obstacle).unwrap();
    let filled = Outcome::success(verify(out).args(["--seeds", "2"]));
    assert!(filled.stderr.contains("1 net trained, 1 scored"), "{}", filled.stderr);
    Outcome::success(verify(clean.path()).args(["--seeds", "2"]));
    assert_same(&results(out), &results(clean.path()));
    let log = text(&net(&out.join("ring"), "ring-bu-s1").join("log.txt"));
    assert_eq!(log.matches("from update ").count(), 2, "its log tells all of it: {log}");
}
