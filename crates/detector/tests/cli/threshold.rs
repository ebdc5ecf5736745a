//! Another threshold without training.

use std::fs;

use tests::Outcome;

use crate::machine::{detector, fitted, recordings};

#[test]
fn another_rate_needs_no_training() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.detector");
    fs::copy(fitted(), &path).unwrap();
    let before = fs::read(&path).unwrap();
    let shown = Outcome::success(detector().arg("threshold").arg(&path));
    assert!(shown.stdout.contains("7.69 % of files expected"), "{}", shown.stdout);
    assert!(fs::read(&path).unwrap() == before, "showing changes nothing");
    let changed = Outcome::success(detector().arg("threshold").arg(&path).args(["--false-alarms", "25%"]));
    assert!(changed.stdout.contains("for 25%: 23.1 % of files expected"), "{}", changed.stdout);
    assert_eq!(Outcome::success(detector().arg("threshold").arg(&path)).stdout, changed.stdout);
    let stream = Outcome::success(detector().arg("threshold").arg(&path).args(["--false-alarms", "1/hour"]));
    assert!(stream.stdout.contains("which needs 359 ten-second blocks"), "{}", stream.stdout);
}

#[test]
fn normal_sounds_of_another_site_take_the_place_of_those_that_were_held_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.detector");
    fs::copy(fitted(), &path).unwrap();
    let known = fitted().with_file_name("normal");
    let from = |recordings: &std::path::Path| {
        let mut command = detector();
        command.arg("threshold").arg(&path).arg("--from").arg(recordings);
        command
    };
    Outcome::refusal(&mut from(&known), &["normal", "the net was trained on it"]);
    // The first twelve are those that are known.
    let site = recordings(&folder.path().join("site"), 40, 4.0);
    let outcome = Outcome::success(&mut from(&site));
    assert!(outcome.stdout.contains("from 40 files that were held out"), "{}", outcome.stdout);
}
