//! Bad input to `sweep`: exit code 2, a message that names place, key, found and expected, and nothing written.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::path::Path;

use tests::{Outcome, sounds, sweep, xtask};

/// Settings of `sweep`, and what their refusal has to say.
type Case = (&'static str, &'static [&'static str]);

const SETTINGS: [Case; 27] = [
    ("losses=[RE, VAE]", &["losses", "`VAE`", "RE, SNP, BU"]),
    ("losses=[]", &["losses", "found []", "one at least"]),
    ("losses=[BU, BU]", &["losses", "found [BU, BU]", "each once"]),
    ("networks={}", &["networks", "found 0", "one at least"]),
    ("networks={large: {hiden: 1, units: 8, code: 4}}", &["networks", "`hiden`", "did you mean `hidden`?"]),
    (
        "networks={large: {hidden: 1, units: 0, code: 4}}",
        &["networks.large.units", "found 0", "expected 1 to"],
    ),
    ("networks={'a-b': {hidden: 1, units: 8, code: 4}}", &["networks", "found a-b", "letters and digits"]),
    ("front_ends.FCN8.bands=0", &["front_ends.FCN8.bands", "found 0", "expected 1"]),
    (
        "front_ends.FCN8.bands=600",
        &["front_ends.FCN8", "expected 1 to 257, the bins of the spectrum", "fewer bands"],
    ),
    ("front_ends.FCN8.context=99999999", &["front_ends.FCN8", "context", "expected"]),
    ("front_ends.FCN8.scale=mels", &["front_ends", "`mels`", "`htk` or `slaney`"]),
    ("batch.anr_db=[loud, 10]", &["batch.anr_db", "\"loud\"", "expected a number"]),
    ("batch.anr_db=[.nan, 10]", &["batch", "anr_db", "NaN", "expected"]),
    ("batch.anr_db=[10, -30]", &["batch", "anr_db", "[10, -30]", "expected"]),
    ("batch.pieces=0", &["batch", "pieces", "0", "at least 1"]),
    ("training.updates=0", &["training.updates", "found 0", "expected 1 to"]),
    ("training.decay_from=1", &["training.decay_from", "found 1", "below 1"]),
    ("training.decay_to=2", &["training.decay_to", "found 2", "from 0 to 1"]),
    ("loss.sigma=0", &["loss.sigma", "sigma: found 0", "expected"]),
    ("loss.sigma=2X", &["loss", "found `2X`", "such as 2D, 2M or 1/(2D)"]),
    ("loss.lambda=-2M", &["loss.lambda", "lambda: found -16", "expected"]),
    ("loss.sigma_times_dim=0.5", &["`sigma_times_dim` is no longer a key", "1/(2D)"]),
    ("loss.lambda_per_band=2", &["`lambda_per_band` is no longer a key", "2M"]),
    ("scoring.file=median", &["scoring.file", "`median`", "one of `max`, `mean`, `top5`"]),
    ("scoring.every=0", &["scoring.every", "found 0", "expected 1"]),
    ("scoring.tpr=0", &["scoring.tpr", "found 0", "expected a rate"]),
    ("data.manifest=none.yaml", &["none.yaml: cannot be read"]),
];

fn out(folder: &tempfile::TempDir) -> std::path::PathBuf {
    folder.path().join("out")
}

#[test]
fn impossible_settings_are_refused_and_named() {
    let sounds = sounds(Path::new(env!("CARGO_TARGET_TMPDIR")));
    for (setting, says) in SETTINGS {
        let folder = tempfile::tempdir().unwrap();
        Outcome::refusal(sweep(&sounds, &out(&folder)).args(["--set", setting]), says);
        assert!(!out(&folder).join("nets").exists() || setting.starts_with("data."), "{setting}");
    }
}

#[test]
fn impossible_arguments_are_refused() {
    let sounds = sounds(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let cases: [(&[&str], &[&str]); 4] = [
        (&["--only", "vae"], &["--only vae", "found none of 3 nets", "such as FCN8-small-re-s0"]),
        (&["--only", ""], &["--only", "a part of a net's name"]),
        (&["--device", "tpu"], &["--device", "'tpu'", "cpu"]),
        (&["--seeds", "0"], &["--seeds", "invalid value '0'"]),
    ];
    for (arguments, says) in cases {
        let folder = tempfile::tempdir().unwrap();
        Outcome::refusal(sweep(&sounds, &out(&folder)).args(arguments), says);
    }
}

#[test]
fn a_file_for_the_other_command_is_sent_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = out(&folder);
    let ring = ["sweep", "experiments/ring.yaml", "--out"];
    Outcome::refusal(
        xtask().args(ring).arg(&path),
        &["found a ring", "cargo xtask verify experiments/ring.yaml"],
    );
    let toycar = ["verify", "experiments/toycar.yaml", "--out"];
    Outcome::refusal(
        xtask().args(toycar).arg(&path),
        &["found a sweep", "cargo xtask sweep experiments/toycar.yaml"],
    );
    assert!(!path.exists());
}

#[test]
fn missing_sounds_are_named_with_where_they_are_published() {
    let folder = tempfile::tempdir().unwrap();
    for (name, published) in [("toycar-paper", "archive.org"), ("dcase2020", "zenodo.org")] {
        let experiment = format!("experiments/{name}.yaml");
        let mut command = xtask();
        command.args(["sweep", &experiment, "--set", "data.root=/nowhere", "--out"]).arg(out(&folder));
        Outcome::refusal(&mut command, &["/nowhere", published, "expected"]);
    }
}
