//! `--plan`, and cells that are damaged.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tests::files::{assert_same, cell, cells, contents, results};
use tests::{Outcome, verify};

#[test]
fn a_plan_tells_missing_done_stale_and_damaged_and_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let plan =
        |more: &[&str]| Outcome::success(verify(&out).args(["--plan", "--seeds", "1"]).args(more)).stdout;

    let missing = plan(&[]);
    assert_eq!(missing.lines().filter(|line| line.starts_with("missing ring-")).count(), 3, "{missing}");
    assert!(missing.contains("3 of 3 cells to train"), "{missing}");
    assert!(!out.exists(), "a plan writes nothing");

    Outcome::success(verify(&out).args(["--seeds", "1"]));
    let before = contents(&out);
    let done = plan(&[]);
    assert_eq!(done.lines().filter(|line| line.starts_with("done    ring-")).count(), 3, "{done}");
    assert!(done.contains("0 of 3 cells to train"), "{done}");

    let stale = plan(&["--set", "loss.sigma=2.0", "--set", "training.updates=300"]);
    let changes = "training.updates 200 -> 300";
    let told = |line: &&str| {
        line.starts_with("stale   ring-") && line.contains(changes) && line.contains("sigma 4.0 -> 2.0")
    };
    assert_eq!(stale.lines().filter(told).count(), 3, "{stale}");
    let engine = plan(&["--engine", "candle"]);
    assert!(engine.contains("engine \"fused\" -> \"candle\""), "{engine}");

    let more = Outcome::success(verify(&out).args(["--plan", "--seeds", "2"])).stdout;
    assert!(more.contains("3 of 6 cells to train"), "{more}");
    assert_same(&contents(&out), &before);

    fs::write(cell(&out, "ring-snp-s0").join("weights.safetensors"), "half").unwrap();
    let damaged = plan(&[]);
    let line = damaged.lines().find(|line| line.starts_with("damaged ring-snp-s0-")).unwrap();
    assert!(line.contains("weights.safetensors: found sha256"), "{line}");
    assert!(damaged.contains("1 of 3 cells to train"), "{damaged}");
}

#[test]
fn settings_that_went_back_are_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = |more: &[&str]| Outcome::success(verify(folder.path()).args(["--seeds", "1"]).args(more));
    let first = run(&[]);
    run(&["--set", "loss.sigma=2.0"]);
    assert_eq!(cells(folder.path()).len(), 6, "what is stale is kept");
    let again = run(&[]);
    assert!(again.stderr.contains("All 3 cells are done"), "{}", again.stderr);
    assert_eq!(again.stdout, first.stdout);
}

#[test]
fn damaged_cells_are_told_set_aside_and_trained_again() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    Outcome::success(verify(out).args(["--seeds", "2"]));
    let expected = results(out);

    let [re0, snp0, bu0, re1, snp1] =
        ["ring-re-s0", "ring-snp-s0", "ring-bu-s0", "ring-re-s1", "ring-snp-s1"].map(|stem| cell(out, stem));
    let weights = fs::read(re0.join("weights.safetensors")).unwrap();
    fs::write(re0.join("weights.safetensors"), &weights[..weights.len() / 2]).unwrap();
    fs::write(snp0.join("resolved.yaml"), "loss: [").unwrap();
    fs::write(bu0.join("metrics.json"), "{\"kld_p\": ").unwrap();
    fs::remove_file(re1.join("history.csv")).unwrap();
    fs::remove_dir_all(&snp1).unwrap();
    fs::write(&snp1, "a file where a cell should be").unwrap();

    let outcome = Outcome::success(verify(out).args(["--seeds", "2"]));
    assert!(outcome.stderr.contains("Training 5 of 6 cells"), "{}", outcome.stderr);
    let told = |stem: &str, why: &str| {
        let line = outcome.stderr.lines().find(|line| line.starts_with(stem)).unwrap();
        assert!(line.contains("damaged, is trained again") && line.contains(why), "{line}");
    };
    told("ring-re-s0", "weights.safetensors: found sha256");
    told("ring-snp-s0", "resolved.yaml: found sha256");
    told("ring-bu-s0", "metrics.json: found sha256");
    told("ring-re-s1", "history.csv: No such file");
    told("ring-snp-s1", "SHA256SUMS: Not a directory");

    let is_aside = |path: &Path| path.to_string_lossy().contains(".damaged-1");
    let (aside, after): (BTreeMap<_, _>, _) = results(out).into_iter().partition(|(path, _)| is_aside(path));
    assert_eq!(aside.len(), 3 * 5 + 4 + 1, "nothing is lost");
    assert_same(&after, &expected);
}
