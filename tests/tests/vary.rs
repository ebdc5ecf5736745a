//! `vary`: settings as axes, in a sweep; and trainings that are looked at along the way.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tests::files::{csv, nets};
use tests::{Outcome, sounds, sweep};

/// The weights of all nets in `out`, by name.
fn weights(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let read = |net: std::path::PathBuf| {
        let name = net.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read(net.join("weights.safetensors")).unwrap())
    };
    nets(out).into_iter().map(read).collect()
}

#[test]
fn values_are_crossed_and_a_net_is_trained_once_whatever_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let sounds = sounds(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let [out, alone] = ["out", "alone"].map(|name| folder.path().join(name));
    let vary = "vary=[{loss.lambda: [2M, 2D]}, {training.until: [7, 20]}]";
    let told = Outcome::success(sweep(&sounds, &out).args(["--set", vary])).stderr;
    assert!(told.contains("Training 0 of 100 updates (10 nets)"), "five trainings, looked at twice: {told}");
    assert!(told.contains("10 nets trained, 10 scored"), "{told}");

    let made = weights(&out);
    assert_eq!(made.len(), 10, "two of RE, four of SNP, four of BU: {:?}", made.keys());
    let (header, rows) = csv(&out.join("toycar-smoke/false_alarms.csv")); // with scores, which differ where ranks do not
    assert_eq!(header[..4], ["model", "loss.lambda", "training.until", "loss"]);
    assert_eq!(rows.len(), 2 * 2 * 3 * 3, "values, losses and ANRs");
    let of = |lambda: &str, until: &str, loss: &str| -> Vec<&[String]> {
        rows.iter().filter(|row| row[1..4] == [lambda, until, loss]).map(|row| &row[4..]).collect()
    };
    assert_eq!(of("2M", "20", "RE"), of("2D", "20", "RE"), "λ is nothing to RE");
    assert_ne!(of("2M", "20", "BU"), of("2D", "20", "BU"), "but to BU");
    assert_ne!(of("2M", "7", "RE"), of("2M", "20", "RE"));

    // Each alone, the short ones too: what was made along the way has the same bytes.
    for until in ["training.until=7", "training.until=20"] {
        for lambda in ["loss.lambda=2M", "loss.lambda=2D"] {
            Outcome::success(sweep(&sounds, &alone).args(["--set", until, "--set", lambda]));
        }
    }
    assert_eq!(weights(&alone), made);
}

#[test]
fn seeds_are_counted_or_listed() {
    let folder = tempfile::tempdir().unwrap();
    let sounds = sounds(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let out = folder.path().join("out");
    Outcome::success(sweep(&sounds, &out).args(["--seeds", "5,3", "--set", "losses=[RE]"]));
    let (header, rows) = csv(&out.join("toycar-smoke/runs.csv"));
    let column = header.iter().position(|name| name == "seed").unwrap();
    let mut seeds: Vec<&str> = rows.iter().map(|row| row[column].as_str()).collect();
    seeds.dedup();
    assert_eq!(seeds, ["5", "3"]);
}

#[test]
fn what_cannot_vary_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let sounds = sounds(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let out = folder.path().join("out");
    let cases: [(&str, &[&str]); 5] = [
        ("vary=[{loss.top_share: [0, 1]}]", &["loss.top_share", "changes no net and no score here"]),
        ("vary=[{data.root: [a, b]}]", &["vary", "found a key of `data`"]),
        ("vary=[{loss.lamda: [1, 2]}]", &["vary[0].loss.lamda", "did you mean `lambda`?"]),
        ("training.until=21", &["training.until", "found 21", "1 to the 20 updates of FCN8-small"]),
        ("training.updates={FCN9-small: 5}", &["training.updates", "found none for FCN8-small"]),
    ];
    for (change, says) in cases {
        Outcome::refusal(sweep(&sounds, &out).args(["--set", change]), says);
    }
}
