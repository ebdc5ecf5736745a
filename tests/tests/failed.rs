//! Cells that fail: the others are finished, the hole is told, the exit code is 1, and nothing is lost.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::fs;
use std::path::PathBuf;

use tests::files::{assert_same, cell, csv, results, text};
use tests::{Outcome, verify};

#[test]
fn a_training_that_diverges_fails_with_its_last_words() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    let diverging = ["--seeds", "1", "--set", "training.learning_rate=1e30"];
    let says = ["3 cells failed", "ring-re-s0-", "the objective became", "at step", "learning rate"];
    let outcome = Outcome::failure(verify(out).args(diverging), &says);
    for stem in ["ring-re-s0-", "ring-snp-s0-", "ring-bu-s0-"] {
        let told = |line: &&str| line.starts_with(stem) && line.contains("failed: ");
        assert_eq!(outcome.stderr.lines().filter(told).count(), 1, "{}", outcome.stderr);
    }
    let report = text(&out.join("report.html"));
    assert!(report.contains("Cells that failed") && report.contains("training has diverged"));
    assert!(!out.join("runs.csv").exists(), "no table of nothing: what an earlier run wrote stays");
    let missing = Outcome::success(verify(out).args(diverging).arg("--plan")).stdout;
    assert!(missing.contains("3 of 3 cells to train"), "{missing}");
}

/// The hidden folder in which the cell of a plan's line is trained.
fn in_training(out: &std::path::Path, plan: &str, stem: &str) -> PathBuf {
    let name = plan.split_whitespace().find(|word| word.starts_with(stem)).unwrap();
    out.join("cells").join(format!(".{name}.partial"))
}

#[test]
fn a_cell_that_cannot_be_written_leaves_a_hole_that_the_next_run_fills() {
    let (folder, clean) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let out = folder.path();
    let plan = Outcome::success(verify(out).args(["--seeds", "2", "--plan"])).stdout;
    let obstacle = in_training(out, &plan, "ring-bu-s1-").join("metrics.json");
    fs::create_dir_all(&obstacle).unwrap();

    let says = ["1 cell failed", "ring-bu-s1-", "metrics.json", "from update 0 of 200", "failed: "];
    let outcome = Outcome::failure(verify(out).args(["--seeds", "2"]), &says);
    assert!(outcome.stdout.starts_with("Table 1"), "{}", outcome.stdout);
    let report = text(&out.join("report.html"));
    assert!(report.contains("Cells that failed") && report.contains("ring-bu-s1-"));
    let runs = csv(&out.join("runs.csv")).1;
    assert_eq!(runs.len(), 5, "the others are finished");
    let seeds: Vec<String> = csv(&out.join("table1.csv")).1.into_iter().map(|row| row[1].clone()).collect();
    assert_eq!(seeds, ["2", "2", "1"]);

    fs::remove_dir(&obstacle).unwrap();
    let filled = Outcome::success(verify(out).args(["--seeds", "2"]));
    assert!(filled.stderr.contains("Training 1 of 6 cells"), "{}", filled.stderr);
    Outcome::success(verify(clean.path()).args(["--seeds", "2"]));
    assert_same(&results(out), &results(clean.path()));
    assert!(text(&cell(out, "ring-bu-s1").join("log.txt")).contains("failed: "), "its log tells all of it");
}
