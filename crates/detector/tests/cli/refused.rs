//! Bad input ends in an error that says what was found and what is needed, and in no file.

use std::fs;
use std::path::Path;

use features::audio::write_wav_f32;
use tests::Outcome;

use crate::machine::{detector, fit, fitted, recordings, running, write};

fn refused_fit(recordings: &Path, parts: &[&str]) {
    let out = recordings.with_file_name("out.detector");
    Outcome::refusal(&mut fit(recordings, &out), parts);
    assert!(!out.exists());
}

#[test]
fn too_little_to_fit() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    refused_fit(&empty, &["empty", "found no .wav or .flac file", "expected recordings"]);
    refused_fit(&folder.path().join("none"), &["none", "cannot be read"]);
    let little = recordings(&folder.path().join("little"), 3, 10.0);
    refused_fit(&little, &["found 30.0 s of normal sound in 3 recordings", "expected 60 s at least"]);
}

#[test]
fn recordings_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let normal = recordings(&folder.path().join("normal"), 9, 8.0);
    write(&normal.join("short.wav"), &running(0.1, 9));
    let whole = fs::read(normal.join("000.wav")).unwrap();
    fs::write(normal.join("cut.wav"), &whole[..whole.len() / 2]).unwrap();
    fs::write(normal.join("text.flac"), "no sound").unwrap();
    let mut nan = fs::read({
        let path = normal.join("nan.wav");
        write_wav_f32(&path, &running(1.0, 3), 16_000).unwrap();
        path
    })
    .unwrap();
    let end = nan.len();
    nan[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(normal.join("nan.wav"), nan).unwrap();
    let parts = [
        "short.wav: found 0.100 s of sound, expected 0.192 s at least",
        "cut.wav: its data chunk claims",
        "text.flac",
        "nan.wav: sample 15999 is NaN",
    ];
    refused_fit(&normal, &parts);
    for (file, part) in ["short.wav", "cut.wav", "text.flac", "nan.wav"].into_iter().zip(parts) {
        let mut command = detector();
        command.arg("score").arg(fitted()).arg(normal.join(file)).arg(normal.join("001.wav"));
        let outcome = Outcome::refusal(&mut command, &[part]);
        assert!(outcome.stdout.contains("001.wav  normal"), "the others are scored: {}", outcome.stdout);
    }
}

#[test]
fn detectors_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.detector");
    let good = fs::read(fitted()).unwrap();
    let text = String::from_utf8_lossy(&good);
    let version = text.find("version").unwrap();
    let mut flipped = good.clone();
    let middle = good.len() / 2;
    flipped[middle] ^= 1;
    let mut other = good.clone();
    other[version + 1] ^= 1;
    for (bytes, part) in [
        (flipped, "its checksum does not fit"),
        (other, "checksum"),
        (good[..good.len() - 1].to_vec(), "no whole detector file"),
        (b"no detector".to_vec(), "no whole detector file"),
        (Vec::new(), "no whole detector file"),
    ] {
        fs::write(&path, bytes).unwrap();
        let mut command = detector();
        command.arg("score").arg(&path).arg(fitted().with_file_name("normal"));
        Outcome::refusal(&mut command, &["m.detector", part]);
    }
    Outcome::refusal(detector().args(["score", "none.detector"]).arg(&path), &["none.detector"]);
}

#[test]
fn options_that_say_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let normal = recordings(&folder.path().join("normal"), 9, 8.0);
    let out = folder.path().join("out.detector");
    let refused = |options: &[&str], parts: &[&str]| {
        Outcome::refusal(fit(&normal, &out).args(options), parts);
    };
    refused(&["--false-alarms", "often"], &["found `often`", "1/week"]);
    refused(&["--false-alarms", "400/hour"], &["more than one false alarm"]);
    refused(&["--loss", "XY"], &["--loss XY", "RE, SNP, BU"]);
    refused(&["--channel", "3"], &["channel 3 was asked for"]);
    let nowhere = folder.path().join("none/out.detector");
    Outcome::refusal(&mut fit(&normal, &nowhere), &["its folder is not there"]);
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let normal = recordings(&folder.path().join("normal"), 9, 8.0);
    let out = folder.path().join("out.detector");
    fs::write(&out, "old").unwrap();
    // A limit of the size of files is a disk that is full for who writes.
    let limited = "trap '' XFSZ; ulimit -f 8; exec \"$@\"";
    let mut command = std::process::Command::new("bash");
    command.args(["-c", limited, "bash", env!("CARGO_BIN_EXE_detector"), "fit", "--updates", "10"]);
    Outcome::refusal(command.arg(&normal).arg("-o").arg(&out), &["out.detector: cannot be written"]);
    assert_eq!(fs::read_to_string(&out).unwrap(), "old");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}
