//! `synth` and `inspect`: a set is made, looked at and checked.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};

use tests::files::{assert_same, contents, text};
use tests::{Outcome, repository, xtask};

/// A manifest of `experiments/datasets` whose sounds lie in `root`.
fn manifest(folder: &Path, name: &str, root: &Path) -> PathBuf {
    let text = text(&repository().join(format!("experiments/datasets/{name}.yaml")));
    let line = text.lines().find(|line| line.starts_with("root: ")).unwrap();
    let path = folder.join(format!("{name}.yaml"));
    fs::write(&path, text.replace(line, &format!("root: {}", root.display()))).unwrap();
    path
}

#[test]
fn a_synthetic_set_is_made_found_again_inspected_and_left_alone_by_other_requests() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("toycar");
    let synth = |more: &[&str]| {
        let mut command = xtask();
        command.args(["synth", "--minutes", "1", "--out"]).arg(&set).args(more);
        command
    };
    let made = Outcome::success(&mut synth(&[]));
    assert!(made.stderr.contains("synth: made "), "{}", made.stderr);
    let found = Outcome::success(&mut synth(&[]));
    assert!(found.stderr.contains("is there already (seed 0, 1 minutes"), "{}", found.stderr);
    Outcome::refusal(&mut synth(&["--seed", "1"]), &["holds another set", "found seed 0", "expected seed 1"]);

    let again = folder.path().join("again");
    Outcome::success(
        xtask().args(["synth", "--minutes", "1", "--out"]).arg(&again).env("RAYON_NUM_THREADS", "1"),
    );
    let facts = [&set, &again].map(|set| text(&set.join("dataset.json")));
    assert!(facts[0] == facts[1] && facts[0].contains("\"sha256\""), "the same bytes: {facts:?}");

    check_set(folder.path(), &set);
    check_sound(folder.path(), &set.join("car/car1/test/000.wav"));
    spoil(folder.path(), &set);
}

fn check_set(folder: &Path, set: &Path) {
    let manifest = manifest(folder, "toycar-synth", set);
    let report = Outcome::success(xtask().arg("inspect").arg("--dataset").arg(&manifest)).stdout;
    for part in
        ["normal-train", "normal-test", "something-else", "anomaly-test", "noise", "280", "140", "data hash"]
    {
        assert!(report.contains(part), "{part}:\n{report}");
    }
    let again = Outcome::success(xtask().arg("inspect").arg("--dataset").arg(&manifest)).stdout;
    assert_eq!(again, report, "the index tells what the files do");
}

fn check_sound(folder: &Path, sound: &Path) {
    let out = folder.join("seen");
    let seen = Outcome::success(xtask().arg("inspect").arg(sound).arg("--out").arg(&out));
    assert!(seen.stdout.contains("16000 Hz, 1 channel, 16-bit integer, 10.000 s"), "{}", seen.stdout);
    let files = contents(&out);
    let names: Vec<String> = files.keys().map(|path| path.display().to_string()).collect();
    assert_eq!(names, ["000.frames.parquet", "000.png", "000.rows.parquet"]);
    assert!(files[Path::new("000.png")].starts_with(b"\x89PNG"));
    for name in ["000.frames.parquet", "000.rows.parquet"] {
        assert!(files[Path::new(name)].starts_with(b"PAR1"), "{name}");
    }
    let again = folder.join("seen again");
    Outcome::success(xtask().arg("inspect").arg(sound).arg("--out").arg(&again));
    assert_same(&contents(&again), &files);
}

/// Breaks two files of the set: both are told, and nothing but them.
fn spoil(folder: &Path, set: &Path) {
    let truncated = set.join("car/car2/train/000.wav");
    let bytes = fs::read(&truncated).unwrap();
    fs::write(&truncated, &bytes[..bytes.len() / 2]).unwrap();
    let prose = set.join("anomaly/knock/knock_03.wav");
    fs::write(&prose, "this is no sound").unwrap();
    let manifest = manifest(folder, "toycar-synth", set);
    let says = ["2 things are wrong", "car2/train/000.wav", "knock_03.wav", "expected"];
    let failure = Outcome::failure(xtask().arg("inspect").arg("--dataset").arg(&manifest), &says);
    assert!(failure.stdout.contains("normal-train"), "the rest is told: {}", failure.stdout);
    let says = ["car2/train/000.wav", "knock_03.wav"];
    let out = folder.join("spoilt");
    let mut inspect = xtask();
    inspect
        .arg("inspect")
        .args([&truncated, &prose, &set.join("car/car1/test/001.wav")])
        .arg("--out")
        .arg(&out);
    Outcome::failure(&mut inspect, &says);
    assert!(out.join("001.png").exists(), "good files are shown");
}

/// A mono WAV file of 32-bit floats at 16 kHz.
fn wav(samples: &[f32]) -> Vec<u8> {
    let size = 4 * samples.len() as u32;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + size).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x03\0\x01\0");
    bytes.extend(16_000_u32.to_le_bytes());
    bytes.extend(64_000_u32.to_le_bytes());
    bytes.extend(b"\x04\0\x20\0data");
    bytes.extend(size.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

/// A file's name, its bytes where it is there, and what its refusal has to say.
type BadSound = (&'static str, Option<Vec<u8>>, &'static [&'static str]);

#[test]
fn bad_sounds_are_refused_and_leave_nothing_half_written() {
    let folder = tempfile::tempdir().unwrap();
    let good: Vec<f32> = (0..16_000).map(|t| 0.5 * (0.05 * t as f32).sin()).collect();
    let not_a_number = [&good[..8_000], &[f32::NAN], &good[8_001..]].concat();
    let infinite = [&good[..15_999], &[f32::INFINITY]].concat();
    let bad: [BadSound; 7] = [
        (
            "prose.wav",
            Some(b"Some notes on a sound.".to_vec()),
            &["starts with `Some`", "expected a WAV file"],
        ),
        ("empty.wav", Some(Vec::new()), &["0 bytes long", "expected a WAV header"]),
        (
            "truncated.wav",
            Some(wav(&good)[..32_044].to_vec()),
            &["claims 64000 bytes but 32000 follow", "truncated"],
        ),
        ("nan.wav", Some(wav(&not_a_number)), &["sample 8000 is NaN", "expected a number within"]),
        ("infinite.wav", Some(wav(&infinite)), &["sample 15999 is inf", "expected a number within"]),
        ("short.wav", Some(wav(&good[..1_000])), &["shorter than one row", "expected at least 0.192 s"]),
        ("missing.wav", None, &["cannot be read", "No such file"]),
    ];
    let mut all = Vec::new();
    for (name, bytes, says) in bad {
        let path = folder.path().join(name);
        if let Some(bytes) = bytes {
            fs::write(&path, bytes).unwrap();
        }
        let out = folder.path().join("of one");
        let mut inspect = xtask();
        inspect.arg("inspect").arg(&path).arg("--out").arg(&out);
        Outcome::failure(&mut inspect, &[&[path.to_str().unwrap()], says].concat());
        assert!(!out.exists(), "{name}: nothing is left");
        all.push(path);
    }

    fs::write(folder.path().join("good.wav"), wav(&good)).unwrap();
    let of_good = folder.path().join("of good");
    Outcome::success(xtask().arg("inspect").arg(folder.path().join("good.wav")).arg("--out").arg(&of_good));
    assert_eq!(contents(&of_good).len(), 3);

    // All at once: each is told, and of the good one there is all that there is without them.
    let out = folder.path().join("of all");
    let mut inspect = xtask();
    inspect.arg("inspect").args(&all).arg(folder.path().join("good.wav")).arg("--out").arg(&out);
    let names: Vec<&str> = all.iter().map(|path| path.to_str().unwrap()).collect();
    let failure = Outcome::failure(&mut inspect, &names);
    assert!(failure.stdout.contains("1 of 8 files"), "{}", failure.stdout);
    assert_same(&contents(&out), &contents(&of_good));
}

#[test]
fn a_set_that_is_not_there_is_told_with_its_publisher() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let manifest = manifest(folder.path(), "toyadmos-toycar", &nowhere);
    let place = nowhere.display().to_string();
    let says = [place.as_str(), "zenodo.org/records/3351307"];
    Outcome::failure(xtask().arg("inspect").arg("--dataset").arg(manifest), &says);
    assert!(!nowhere.exists());
}

#[test]
fn a_foreign_folder_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("precious.wav"), "mine").unwrap();
    let before = contents(folder.path());
    let says = ["is no synthetic set", "left as it is", "--out"];
    Outcome::refusal(xtask().args(["synth", "--minutes", "1", "--out"]).arg(folder.path()), &says);
    Outcome::refusal(xtask().args(["synth", "--minutes", "0"]), &["--minutes", "'0'", "1..="]);
    Outcome::refusal(xtask().arg("inspect"), &["<FILE>"]);
    assert_same(&contents(folder.path()), &before);
}
