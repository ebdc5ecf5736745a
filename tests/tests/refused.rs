//! Bad input to `verify`: exit code 2, a message that names place, key, found and expected, and nothing written.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};

use tests::files::text;
use tests::{Outcome, repository, verify, xtask};

/// Arguments of `verify`, and what its refusal has to say.
type Case = (&'static [&'static str], &'static [&'static str]);

const ARGUMENTS: [Case; 9] = [
    (&["--seeds", "0"], &["--seeds", "invalid value '0'", "expected 1 to"]),
    (&["--seeds", "-3"], &["-3"]),
    (&["--jobs", "0"], &["--jobs", "invalid value '0'", "1..="]),
    (&["--engine", "jax"], &["--engine", "invalid value 'jax'", "fused", "candle"]),
    (&["--set", "updates"], &["--set", "'updates'", "expected key=value"]),
    (&["--set", "=1"], &["--set", "expected names"]),
    (&["--set", "loss.sigma=[1"], &["--set", "is no YAML"]),
    (&["--sets", "a=1"], &["--sets", "--set"]),
    (&["experiments/none.yaml"], &["experiments/none.yaml: cannot be read", "expected an experiment file"]),
];

const SETTINGS: [Case; 35] = [
    (&["loss.sigma=0"], &["loss.sigma", "found 0", "expected"]),
    (&["loss.sigma=-1.5"], &["loss.sigma", "found -1.5", "expected"]),
    (&["loss.sigma=.nan"], &["loss.sigma", "found NaN", "expected"]),
    (&["loss.sigma=wide"], &["loss.sigma", "`wide`", "expected a number, or one such as 2D"]),
    (&["loss.lambda=.nan"], &["loss.lambda", "found NaN", "expected"]),
    (&["loss.lambda=.inf"], &["loss.lambda", "found inf", "expected"]),
    (&["loss.epsilon=-1"], &["loss.epsilon", "found -1", "expected"]),
    (&["data.samples=-5"], &["data.samples", "found -5", "expected a whole number, 0 at least"]),
    (&["data.samples=0"], &["data.samples", "found 0", "expected 1 to"]),
    (&["data.samples=1000000000000"], &["data.samples", "found 1000000000000", "expected 1 to"]),
    (&["data.samples=499"], &["batch", "found 500", "499"]),
    (&["data.normal_radius=-2"], &["data.normal_radius", "found [0, -2]", "expected"]),
    (&["data.anomalous_radius=[3, 2]"], &["data.anomalous_radius", "found [3, 2]", "expected"]),
    (
        &["data.anomalous_radius=[3]"],
        &["data.anomalous_radius", "found a list of 1, expected a list of 2", "expected"],
    ),
    (&["data.sampling=freshly"], &["data.sampling", "`freshly`", "did you mean `fresh`?"]),
    (&["batch=0"], &["batch", "found 0", "expected"]),
    (&["grid.points=0"], &["grid.points", "found 0", "expected 2 to"]),
    (&["grid.points=1"], &["grid.points", "found 1", "expected 2 to"]),
    (&["grid.points=65536"], &["grid.points", "found 65536", "expected 2 to"]),
    (&["grid.half_width=0"], &["grid.half_width", "found 0", "expected"]),
    (&["grid.cap=0"], &["grid.cap", "found 0", "expected"]),
    (&["network.sizes=[]"], &["network.sizes", "found []", "expected"]),
    (&["network.sizes=[2, 0, 2]"], &["network.sizes", "found 0", "expected 1 to"]),
    (&["network.sizes=[2, 18446744073709551615, 2]"], &["network.sizes", "found 18446744073709551615"]),
    (&["network.sizes=[2, 5, 3]"], &["network.sizes", "found [2, 5, 3]", "as many outputs as inputs"]),
    (&["network.sizes=[3, 5, 3]"], &["network.sizes", "found 3", "expected 2"]),
    (&["training.beta1=1"], &["training.beta1", "found 1", "below 1"]),
    (&["training.updates=0"], &["training.updates", "found 0", "expected 1 to"]),
    (&["training.learning_rate=.inf"], &["training.learning_rate", "found inf", "finite"]),
    (&["training.updates=18446744073709551615"], &["training.updates", "expected 1 to"]),
    (&["seeds=18446744073709551615"], &["seeds", "expected 1 to"]),
    (&["seeds=0"], &["seeds", "found 0", "expected 1 to"]),
    (&["los.sigma=1"], &["unknown key `los`", "did you mean `loss`?"]),
    (&["loss.sigmma=1"], &["loss", "unknown key `sigmma`", "did you mean `sigma`?"]),
    (&["loss=4"], &["loss: found 4, expected keys with values"]),
];

#[test]
fn impossible_arguments_are_refused() {
    for (arguments, says) in ARGUMENTS {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        Outcome::refusal(verify(&out).args(arguments), says);
        assert!(!out.exists(), "{arguments:?}");
    }
}

#[test]
fn impossible_settings_are_refused_and_named() {
    for (setting, says) in SETTINGS {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let refusal = Outcome::refusal(verify(&out).arg("--set").args(setting), says);
        let key = setting[0].split('=').next().unwrap();
        // A batch that is larger than the samples is the batch's fault as well.
        if key != "data.samples" {
            assert!(refusal.stderr.starts_with(&format!("error: --set {key}=")), "{}", refusal.stderr);
        }
        assert!(!out.exists(), "{setting:?}");
    }
}

/// A copy of `experiments/ring.yaml` with one text in place of another, and the line where that stands.
fn changed(folder: &Path, from: &str, to: &str) -> (PathBuf, usize) {
    let ring = text(&repository().join("experiments/ring.yaml"));
    assert_eq!(ring.matches(from).count(), 1, "{from}");
    let line = ring.lines().position(|line| line.contains(from)).unwrap() + 1;
    let path = folder.join("changed.yaml");
    fs::write(&path, ring.replace(from, to)).unwrap();
    (path, line)
}

#[test]
fn a_mistake_in_a_file_is_told_with_its_line() {
    let cases: [(&str, &str, &[&str]); 10] = [
        ("  sigma: 2D", "  sigmma: 2D", &["unknown key `sigmma`", "did you mean `sigma`?"]),
        ("  sigma: 2D", "  sigma: wide", &["loss.sigma", "`wide`", "expected a number, or one such as 2D"]),
        ("  sigma: 2D", "  sigma: 0.0", &["loss.sigma", "found 0", "expected"]),
        ("  lambda: 2D", "  lambda: .nan", &["loss.lambda", "found NaN"]),
        ("  lambda: 2D", "  lambda: 2M", &["loss.lambda", "found 2M", "no mel bands"]),
        ("  beta1: 0.9 ", "  beta1: 1.0 ", &["training.beta1", "found 1", "below 1"]),
        (
            "  samples: 10000",
            "  samples: -10000",
            &["data.samples: found -10000, expected a whole number, 0 at least"],
        ),
        ("  points: 601", "  points: 1", &["grid.points", "found 1"]),
        ("batch: 500 ", "batch: 20000 ", &["batch", "20000", "10000"]),
        ("activation: sigmoid", "activation: Sigmoid", &["`Sigmoid`", "did you mean `sigmoid`?"]),
    ];
    for (from, to, says) in cases {
        let folder = tempfile::tempdir().unwrap();
        let (path, line) = changed(folder.path(), from, to);
        let out = folder.path().join("out");
        let refusal = Outcome::refusal(xtask().arg("verify").arg(&path).arg("--out").arg(&out), says);
        let place = format!("{}:{line}: ", path.display());
        assert!(refusal.stderr.starts_with(&format!("error: {place}")), "{to}: {}", refusal.stderr);
        assert!(!out.exists());
    }
}

#[test]
fn what_is_no_experiment_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&str, &[u8], &str); 6] = [
        ("empty.yaml", b"", "experiment"),
        ("prose.yaml", b"this is: not: yaml: [", "prose.yaml:1"),
        ("list.yaml", b"- 1\n- 2\n", "list.yaml"),
        ("binary.yaml", b"\xff\xfe\x00\x01", "binary.yaml: cannot be read"),
        ("kind.yaml", b"experiment: rings\n", "did you mean `ring`?"),
        ("twice.yaml", b"experiment: ring\nexperiment: ring\n", "duplicate"),
    ];
    for (name, bytes, says) in cases {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        Outcome::refusal(
            xtask().arg("verify").arg(&path).arg("--out").arg(folder.path().join("out")),
            &[name, says],
        );
    }
    Outcome::refusal(xtask().arg("verify").arg(folder.path()), &["cannot be read"]);
    assert!(!folder.path().join("out").exists());
}

#[test]
fn results_that_cannot_be_written_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    for out in [file.clone(), file.join("below")] {
        let place = format!("{}/nets: cannot be made", out.display());
        Outcome::refusal(verify(&out).args(["--seeds", "1"]), &[&place, "expected a folder", "--out"]);
    }
    assert_eq!(text(&file), "mine");
}

#[test]
fn an_experiment_may_not_take_the_name_of_another_folder() {
    let folder = tempfile::tempdir().unwrap();
    let ring = text(&repository().join("experiments/ring.yaml"));
    for name in ["nets", "scores", "reference", "inspect"] {
        let path = folder.path().join(format!("{name}.yaml"));
        fs::write(&path, &ring).unwrap();
        let out = folder.path().join("out");
        let says = format!("found the name {name}");
        Outcome::refusal(xtask().arg("verify").arg(&path).arg("--out").arg(&out), &[&says, "another name"]);
        assert!(!out.exists());
    }
}

#[test]
fn what_is_no_text_of_a_sensible_kind_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let nested = folder.path().join("nested.yaml");
    fs::write(&nested, "experiment: ring\nseeds: ".to_owned() + &"[".repeat(20_000) + &"]".repeat(20_000))
        .unwrap();
    let refused = |file: &Path, says: &[&str]| {
        Outcome::refusal(xtask().arg("verify").arg(file).arg("--out").arg(&out), says);
    };
    refused(Path::new("/dev/zero"), &["/dev/zero", "no plain file", "expected"]);
    refused(&pipe, &["pipe", "no plain file", "expected"]);
    refused(&nested, &["nested.yaml:2", "found more than 32 values nested", "expected"]);
    let deep = format!("loss{}=1", ".a".repeat(20_000));
    Outcome::refusal(verify(&out).args(["--set", &deep]), &["found a key of 20001 parts", "expected 32"]);
    let nested = format!("loss.sigma={}", "[".repeat(20_000));
    Outcome::refusal(verify(&out).args(["--set", &nested]), &["found more than 32 values nested"]);
    assert!(!out.exists());
}

#[test]
fn a_long_value_is_not_echoed_whole() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let long = "x".repeat(50_000);
    for setting in [format!("loss.sigma={long}"), format!("{long}={long}"), long] {
        let refusal = Outcome::refusal(verify(&out).args(["--set", &setting]), &["characters ...]"]);
        assert!(refusal.stderr.len() < 3000, "{} bytes", refusal.stderr.len());
    }
}
