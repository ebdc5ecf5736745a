//! What `score` says, and its exit code.

use std::path::{Path, PathBuf};

use features::audio::write_wav_i16;
use features::resample::resample;
use serde_json::Value;
use tests::Outcome;

use crate::machine::{RATE, detector, fitted, running, whistle, write};

struct Files {
    folder: tempfile::TempDir,
    normal: PathBuf,
    faulty: PathBuf,
    dead: PathBuf,
}

fn files() -> Files {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let [normal, faulty, dead] = ["normal.wav", "faulty.wav", "dead.wav"].map(path);
    write(&normal, &running(8.0, 101));
    let mut samples = running(12.0, 102);
    whistle(&mut samples, 5.0, 6.0);
    write(&faulty, &samples);
    write(&dead, &vec![0.0; 5 * RATE as usize]);
    Files { folder, normal, faulty, dead }
}

fn score(files: &[&Path], options: &[&str]) -> Outcome {
    Outcome::of(detector().arg("score").arg(fitted()).args(files).args(options))
}

#[test]
fn each_verdict_has_its_line_and_its_exit_code() {
    let Files { folder, normal, faulty, dead } = &files();
    let outcome = score(&[normal], &[]);
    assert!(outcome.code == Some(0) && outcome.stdout.contains("normal.wav  normal "), "{outcome:?}");
    let outcome = score(&[normal, faulty], &[]);
    assert!(outcome.code == Some(1) && outcome.stdout.contains("faulty.wav  ANOMALY "), "{outcome:?}");
    let outcome = score(&[normal, dead], &[]);
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert!(
        outcome.stdout.contains("dead.wav  microphone? ") && outcome.stdout.contains("silence 100 %"),
        "{outcome:?}"
    );
    assert_eq!(score(&[dead, faulty], &[]).code, Some(1));
    assert_eq!(score(&[folder.path()], &[]).stdout.lines().count(), 3);
}

#[test]
fn an_anomaly_is_told_with_its_moment_and_its_band() {
    let Files { folder: _folder, normal, faulty, .. } = &files();
    let outcome = score(&[normal, faulty], &["--json"]);
    let lines: Vec<Value> = outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["verdict"], "normal");
    assert!(lines[0]["ratio"].as_f64().unwrap() <= 1.0);
    let stretches = lines[1]["stretches"].as_array().unwrap();
    assert_eq!(stretches.len(), 1, "{stretches:?}");
    let number = |key: &str| stretches[0][key].as_f64().unwrap();
    assert!((4.5..5.1).contains(&number("from_s")) && (5.9..6.5).contains(&number("to_s")), "{stretches:?}");
    let band = &stretches[0]["band"];
    let [low, high] = ["low_hz", "high_hz"].map(|key| band[key].as_f64().unwrap());
    assert!(low < 5_000.0 && 5_000.0 < high && band["times"].as_f64().unwrap() > 5.0, "{band}");
}

#[test]
fn a_table_has_a_line_a_file() {
    let Files { folder: _folder, normal, faulty, .. } = &files();
    let outcome = score(&[normal, faulty], &["--csv"]);
    let columns: Vec<usize> = outcome.stdout.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(columns, [12; 3], "{}", outcome.stdout);
}

#[test]
fn a_recording_of_another_rate_has_nearly_the_same_score() {
    let Files { folder, normal, .. } = &files();
    let other = folder.path().join("48k.wav");
    let samples: Vec<f32> = resample(&running(8.0, 101), RATE, 48_000).unwrap();
    write_wav_i16(&other, &samples, 48_000).unwrap();
    let outcome = score(&[normal, &other], &["--json"]);
    let lines: Vec<Value> = outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [one, two] = [0, 1].map(|at: usize| lines[at]["ratio"].as_f64().unwrap());
    assert!((one / two - 1.0).abs() < 0.1 && lines[1]["rate"] == 48_000, "{one} and {two}");
}

#[test]
fn a_file_is_drawn_with_what_is_above_the_threshold() {
    let Files { folder, normal, faulty, dead } = &files();
    let pictures = folder.path().join("pictures");
    let outcome = score(&[normal, faulty, dead, faulty], &["--plot", pictures.to_str().unwrap()]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    let names: Vec<String> = std::fs::read_dir(&pictures)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 4, "{names:?}");
    let picture = |end: &str| {
        let name = names.iter().find(|name| name.ends_with(end)).unwrap();
        std::fs::read_to_string(pictures.join(name)).unwrap()
    };
    let marks = |svg: &str| svg.matches("#e69f00").count();
    assert!(picture("faulty.svg").contains("faulty.wav: <tspan font-weight=\"bold\">ANOMALY"));
    assert_eq!(picture("faulty.svg"), picture("faulty-2.svg"));
    // A stretch is marked over both panels.
    assert_eq!([marks(&picture("normal.svg")), marks(&picture("faulty.svg"))], [0, 2]);
    assert!(picture("dead.svg").contains("microphone?") && picture("dead.svg").contains("(level, silence"));
}
