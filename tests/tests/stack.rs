//! Nets trained in stacks, by the real program on the CPU.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::path::Path;

use tests::files::csv;
use tests::{Outcome, killed_at_any_moment, sounds, sweep, verify};

const OBJECTIVES: [&str; 4] = ["--seeds", "2", "--set", "losses=[RE, SNP, BU, BU-POWER, TOP-SNP]"];

/// The columns of `file` that hold scores, row by row.
fn scores(file: &Path) -> Vec<f64> {
    let (header, rows) = csv(file);
    let column = header.iter().position(|name| name == "max_score_normal").unwrap();
    rows.iter().map(|row| row[column].parse().unwrap()).collect()
}

#[test]
fn a_stack_comes_to_what_the_other_engine_comes_to() {
    let folder = tempfile::tempdir().unwrap();
    let sounds = sounds(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let [stack, fused] = ["stack", "fused"].map(|name| folder.path().join(name));
    Outcome::success(sweep(&sounds, &stack).args(OBJECTIVES).args(["--engine", "stack"]));
    Outcome::success(sweep(&sounds, &fused).args(OBJECTIVES));
    let [stack, fused] = [stack, fused].map(|out| scores(&out.join("toycar-smoke/runs.csv")));
    assert_eq!(stack.len(), 5 * 2 * 3, "objectives, seeds and ANRs");
    for (stack, fused) in stack.iter().zip(&fused) {
        assert!((stack / fused - 1.0).abs() < 1e-3, "{stack} and {fused}");
    }
    // The ring, whose samples are rows and frames at once.
    let [stack, fused] = ["ring-stack", "ring-fused"].map(|name| folder.path().join(name));
    let ring = ["--seeds", "3", "--set", "training.updates=500"];
    Outcome::success(verify(&stack).args(ring).args(["--engine", "stack"]));
    Outcome::success(verify(&fused).args(ring));
    let [stack, fused] = [stack, fused].map(|out| scores(&out.join("ring/runs.csv")));
    assert_eq!(stack.len(), 9);
    for (stack, fused) in stack.iter().zip(&fused) {
        assert!((stack / fused - 1.0).abs() < 1e-3, "{stack} and {fused}");
    }
}

#[test]
fn a_stack_that_is_killed_goes_on_to_the_same_bytes() {
    killed_at_any_moment(5, |out| {
        let mut command = verify(out);
        command.args(["--seeds", "2", "--engine", "stack", "--set", "training.updates=600"]);
        command
    });
}

#[test]
fn a_net_that_diverges_fails_with_what_ends_along_its_way_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let sounds = sounds(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let out = folder.path().join("out");
    let vary = "vary=[{training.learning_rate: [0.001, 1.0e+30]}, {training.until: [7, 20]}]";
    let says = ["training has diverged", "failed"];
    let failed = Outcome::failure(
        sweep(&sounds, &out).args(["--engine", "stack", "--set", vary, "--set", "losses=[RE]"]),
        &says,
    );
    assert!(failed.stderr.contains("2 cells failed"), "it, and what ends along its way: {}", failed.stderr);
    let (header, rows) = csv(&out.join("toycar-smoke/auc.csv"));
    let column = |name: &str| header.iter().position(|other| other == name).unwrap();
    let until: Vec<&str> = rows.iter().map(|row| row[column("training.until")].as_str()).collect();
    assert_eq!(until, ["7", "7", "7", "20", "20", "20"], "by ANR");
    assert!(rows.iter().all(|row| row[column("training.learning_rate")] == "0.001"));
}

#[test]
fn a_card_that_is_not_there_is_told_before_any_work() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let cases: [(&[&str], &[&str]); 5] = [
        (&["--device", "cuda"], &["cuda:0: "]),
        (&["--device", "cuda:3"], &["cuda:3: "]),
        (&["--device", "gpu"], &["--device", "expected cpu, cuda, or a card such as cuda:1"]),
        (&["--precision", "tf32"], &["precision", "found tf32 with device cpu"]),
        (&["--engine", "fused", "--device", "cuda"], &["engine", "expected stack"]),
    ];
    for (arguments, says) in cases {
        Outcome::refusal(verify(&out).args(arguments), says);
        assert!(!out.exists(), "{arguments:?}");
    }
}
