//! `testset`: the test sounds of a sweep as files, of which the scores are the sweep's.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tests::files::{csv, score};
use tests::{Outcome, sounds, sweep, xtask};

/// A manifest of the toy car's training sounds, and of `tests`, without noise, which test files have in them already.
fn manifest(path: &Path, sounds: &Path, tests: &str) {
    let text = format!(
        "name: plain\npublished: nowhere\nroot: {}\nsources:\n\
         - {{files: [\"toycar/car/{{car}}/train/*.wav\"], role: normal-train, contains: cars}}\n\
         - {{files: [\"toycar/something_else/{{class}}_??.wav\"], role: something-else, shorter_than_s: 5, contains: clips}}\n\
         {tests}",
        sounds.parent().unwrap().display()
    );
    fs::write(path, text).unwrap();
}

/// The scores of the one net in `results`.
fn scores(results: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    csv(&score(&results.join("toycar-smoke"), "FCN8-small-re-s0").join("scores.csv"))
}

fn column(header: &[String], name: &str) -> usize {
    header.iter().position(|column| column == name).unwrap()
}

#[test]
fn files_of_a_test_set_have_the_scores_of_the_sweep() {
    let folder = tempfile::Builder::new().prefix("testset").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let sounds = sounds(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let path = |name: &str| folder.path().join(name);
    let mixed = "- {files: [\"toycar/car/{car}/test/*.wav\"], role: normal-test, contains: cars}\n\
         - {files: [\"toycar/anomaly/{class}/*.wav\"], role: anomaly-test, contains: clips}\n\
         mixing: {anr_db: [-10, 0]}\n";
    manifest(&path("mixed.yaml"), &sounds, mixed);
    let name = folder.path().file_name().unwrap().to_str().unwrap();
    let files = format!(
        "- {{files: [\"{name}/set/normal/**/*.wav\"], role: normal-test, contains: cars}}\n\
         - {{files: [\"{name}/set/anomalous/**/*.wav\"], role: anomaly-test, contains: mixtures}}\n"
    );
    manifest(&path("files.yaml"), &sounds, &files);
    let of = |manifest: &str| format!("data.manifest={}", path(manifest).display());
    let run = |manifest: &str, out: &str, every: &str| {
        let mut command = sweep(&sounds, &path(out));
        command.args(["--set", &of(manifest), "--set", "data.synth=null", "--set", "data.root=null"]);
        command.args(["--set", "losses=[RE]", "--set", every]);
        Outcome::success(&mut command)
    };
    run("mixed.yaml", "of mixtures", "scoring.every=20");
    let mut testset = xtask();
    testset.args(["testset", "experiments/toycar-smoke.yaml", "--set", &of("mixed.yaml")]);
    testset.args(["--set", "data.synth=null", "--set", "data.root=null", "--set", "scoring.every=20"]);
    testset.arg("--out").arg(path("set"));
    Outcome::success(&mut testset);
    Outcome::refusal(&mut testset, &["found something there", "expected the name of a folder to make"]);

    run("files.yaml", "of files", "scoring.every=1");
    let (labels, told) = csv(&path("set/labels.csv"));
    let [file, label, anr, start, end] =
        ["file", "label", "anr_db", "start_s", "end_s"].map(|name| column(&labels, name));
    let (header, of_mixtures) = scores(&path("of mixtures"));
    assert_eq!(told.len(), of_mixtures.len());
    let known = column(&header, "max");
    let (header, of_files) = scores(&path("of files"));
    let of_file = column(&header, "max");
    let by_file: BTreeMap<&str, f64> =
        of_files.iter().map(|row| (row[0].as_str(), row[of_file].parse().unwrap())).collect();
    for (told, mixture) in told.iter().zip(&of_mixtures) {
        let expected: f64 = mixture[known].parse().unwrap();
        let found = by_file[format!("{name}/set/{}", told[file]).as_str()];
        assert!((found / expected - 1.0).abs() < 2e-3, "{}: {found}, expected {expected}", told[file]);
        let is_mixture = told[label] == "anomalous";
        assert_eq!([anr, start, end].map(|column| told[column].is_empty()), [!is_mixture; 3], "{told:?}");
    }
    assert!(told.iter().any(|row| row[anr] == "-10") && told.iter().any(|row| row[anr] == "0"));
}
