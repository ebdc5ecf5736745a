//! What `fit` says and writes.

use std::fs;

use tests::Outcome;

use crate::machine::{detector, fit, recordings, running, whistle, write};

#[test]
fn a_fit_tells_what_it_learned_and_what_it_would_not_trust() {
    let folder = tempfile::tempdir().unwrap();
    let normal = recordings(&folder.path().join("normal"), 10, 8.0);
    let mut other = running(8.0, 77);
    whistle(&mut other, 0.0, 8.0);
    write(&normal.join("other-machine.wav"), &other);
    let outcome = Outcome::success(&mut fit(&normal, &folder.path().join("a.detector")));
    for part in ["11 recordings", "RE after", "too few for 1%, which needs 99 files", "wrote "] {
        assert!(outcome.stdout.contains(part), "{part} is not in\n{}", outcome.stdout);
    }
    let doubt = "is it one machine, and are they normal?";
    assert!(
        outcome.stderr.contains(doubt) && outcome.stderr.contains("other-machine.wav"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn the_same_recordings_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let normal = recordings(&folder.path().join("normal"), 9, 8.0);
    let bytes = |name: &str, threads: &str| {
        let out = folder.path().join(name);
        Outcome::success(fit(&normal, &out).env("RAYON_NUM_THREADS", threads));
        fs::read(out).unwrap()
    };
    assert!(bytes("one", "1") == bytes("two", "3"), "other bytes");
}

#[test]
fn clips_of_other_things_are_learned_to_be_no_normal_sounds() {
    let folder = tempfile::tempdir().unwrap();
    let normal = recordings(&folder.path().join("normal"), 8, 9.0);
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    let mut clip = vec![0.0; 16_000];
    whistle(&mut clip, 0.0, 1.0);
    write(&other.join("whistle.wav"), &clip);
    for loss in ["SNP", "BU"] {
        let out = folder.path().join(loss);
        let outcome = Outcome::success(fit(&normal, &out).args(["--loss", loss, "--other"]).arg(&other));
        assert!(outcome.stdout.contains(&format!("{loss} after")), "{}", outcome.stdout);
        let good = folder.path().join("good.wav");
        write(&good, &running(8.0, 55));
        Outcome::success(detector().arg("score").arg(&out).arg(&good));
    }
    let without = folder.path().join("without");
    Outcome::refusal(
        fit(&normal, &without).args(["--loss", "BU"]),
        &["BU needs clips of other things", "--other"],
    );
}
