//! The same numbers from every run: for any number of threads, from both engines, and on another machine.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use tests::files::{assert_same, csv, results};
use tests::{Outcome, repository, verify, xtask};

#[test]
fn the_bytes_are_the_same_for_any_number_of_threads_and_from_run_to_run() {
    let runs = ["1", "2", "8", "8"].map(|jobs| {
        let folder = tempfile::tempdir().unwrap();
        Outcome::success(verify(folder.path()).args(["--seeds", "3", "--jobs", jobs]));
        results(folder.path())
    });
    assert_eq!(runs[0].len(), 12 + 9 * 5, "tables, figures, settings; three files a net and two a score");
    for run in &runs[1..] {
        assert_same(run, &runs[0]);
    }
}

/// Rows of `runs.csv` as (loss, seed, the five measures).
fn runs(path: &std::path::Path) -> Vec<(String, String, Vec<f64>)> {
    let row = |row: Vec<String>| {
        let measures = row[2..].iter().map(|cell| cell.parse().unwrap()).collect();
        (row[0].clone(), row[1].clone(), measures)
    };
    csv(path).1.into_iter().map(row).collect()
}

/// Holds measures against each other, relative to the larger of the expected value and `floor`.
fn assert_close(found: &[f64], expected: &[f64], floor: f64, tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let error = (found - expected).abs() / expected.abs().max(floor);
        assert!(error <= tolerance, "found {found}, expected {expected}: off by {error:.1e}");
    }
}

#[test]
fn both_engines_give_the_same_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let [fused, candle] = ["fused", "candle"].map(|engine| {
        let out = folder.path().join(engine);
        let run = ["--seeds", "1", "--set", "training.updates=100", "--engine", engine];
        Outcome::success(verify(&out).args(run));
        runs(&out.join("ring/runs.csv"))
    });
    assert_eq!(fused.len(), 3);
    for (fused, candle) in fused.iter().zip(&candle) {
        assert_eq!((&fused.0, &fused.1), (&candle.0, &candle.1));
        assert_close(&candle.2, &fused.2, 0.1, 1e-3);
    }
}

#[test]
fn the_committed_reference_is_reproduced() {
    let committed = runs(&repository().join("results/reference/ring/runs.csv"));
    let folder = tempfile::tempdir().unwrap();
    let run = Outcome::success(xtask().args(["verify", "--seeds", "1", "--out"]).arg(folder.path()));
    assert!(run.stdout.contains("Agrees with results/reference/ring: 3 nets"), "{}", run.stdout);
    let found = runs(&folder.path().join("ring/runs.csv"));
    assert_eq!(found.len(), 3);
    for (loss, seed, measures) in found {
        let expected = committed.iter().find(|(other, number, _)| (other, number) == (&loss, &seed));
        // Another CPU adds in another order, and 5,000 updates make more of it.
        assert_close(&measures, &expected.unwrap().2, 0.1, 1e-3);
    }
}
