//! Streams and folders.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use features::resample::resample;
use serde_json::Value;
use tests::Outcome;

use crate::machine::{RATE, detector, fitted, running, whistle, write};

/// A stream with a whistle from second 5 to 6.
fn faulty() -> Vec<f32> {
    let mut samples = running(12.0, 102);
    whistle(&mut samples, 5.0, 6.0);
    samples
}

fn bytes(samples: &[f32]) -> Vec<u8> {
    samples.iter().flat_map(|sample| ((sample * 32768.0) as i16).to_le_bytes()).collect()
}

fn start(options: &[&str]) -> Child {
    let mut command = detector();
    command.arg("watch").arg(fitted()).arg("-").args(options);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What is said of a stream of `bytes`, and the exit code.
fn watch(bytes: &[u8], options: &[&str]) -> (Vec<Value>, Option<i32>) {
    let mut child = start(&[options, &["--json"]].concat());
    let mut input = child.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    // Pieces that are no whole frames.
    let writer =
        std::thread::spawn(move || bytes.chunks(4097).for_each(|part| input.write_all(part).unwrap()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), output.status.code())
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[test]
fn a_stream_is_scored_as_the_file_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faulty.wav");
    write(&path, &faulty());
    let scored = Outcome::of(detector().arg("score").arg(fitted()).arg(&path).arg("--json"));
    let report: Value = serde_json::from_str(&scored.stdout).unwrap();
    let stretch = &report["stretches"][0];
    let wav = fs::read(&path).unwrap();
    for (stream, what) in [(&wav[44..], "raw"), (&wav[..], "WAV")] {
        let (events, code) = watch(stream, &[]);
        assert_eq!((names(&events), code), (vec!["began", "ended", "end"], Some(1)), "{what}");
        for (ours, key) in [("from_s", "from_s"), ("to_s", "to_s"), ("ratio", "peak")] {
            let [ours, of_file] = [&events[1][ours], &stretch[key]].map(|value| value.as_f64().unwrap());
            assert!((ours / of_file - 1.0).abs() < 1e-6, "{what}: {key} is {ours}, of the file {of_file}");
        }
        let delay = events[0]["at_s"].as_f64().unwrap() - events[0]["from_s"].as_f64().unwrap();
        assert!(delay < 0.5, "told {delay} s late");
        assert_eq!(events[2]["at_s"], 12.0);
    }
}

#[test]
fn other_rates_channels_and_formats_are_said() {
    let high = resample(&faulty(), RATE, 48_000).unwrap();
    let stereo: Vec<u8> =
        high.iter().flat_map(|sample| [*sample, *sample]).flat_map(f32::to_le_bytes).collect();
    let (events, code) = watch(&stereo, &["--rate", "48000", "--channels", "2", "--format", "FLOAT_LE"]);
    assert_eq!(code, Some(1));
    let ended = events.iter().filter(|event| event["event"] == "ended");
    let begins: Vec<f64> = ended.map(|event| event["from_s"].as_f64().unwrap()).collect();
    assert!(begins.iter().any(|begin| (4.5..5.1).contains(begin)), "{begins:?}");
}

#[test]
fn short_anomalies_are_left_out_and_heartbeats_told() {
    let (events, code) = watch(&bytes(&faulty()), &["--least", "5s", "--heartbeat", "4s"]);
    assert_eq!((names(&events), code), (vec!["alive", "alive", "alive", "end"], Some(0)));
    assert!(events[1]["ratio"].as_f64().unwrap() > 1.0, "the largest since the last");
}

#[test]
fn a_dead_microphone_is_told_and_its_return() {
    let stream = [running(10.0, 1), vec![0.0; 10 * RATE as usize], running(10.0, 2)].concat();
    let (events, _) = watch(&bytes(&stream), &[]);
    let named = names(&events);
    assert!(named.contains(&"microphone") && named.contains(&"trusted"), "{named:?}");
    let told = events.iter().find(|event| event["event"] == "microphone").unwrap();
    assert!(
        told["health"].as_array().unwrap().iter().any(|complaint| complaint["check"] == "silence"),
        "{told}"
    );
}

#[test]
fn an_end_within_a_frame_is_told() {
    let mut stream = bytes(&running(2.0, 3));
    stream.pop();
    let (events, code) = watch(&stream, &[]);
    assert_eq!((names(&events), code), (vec!["end"], Some(0)));
    assert_eq!(events[0]["note"], "within a frame: 1 bytes of it were dropped");
    let (events, code) = watch(b"", &[]);
    assert_eq!((names(&events), code), (vec!["end"], Some(0)));
    Outcome::refusal(detector().arg("watch").arg(fitted()).args(["-", "--format", "MP3"]), &["found `MP3`"]);
}

#[test]
fn a_stream_that_stalls_is_told_and_goes_on() {
    let mut child = start(&["--json", "--stall", "500ms"]);
    let mut input = child.stdin.take().unwrap();
    input.write_all(&bytes(&running(1.0, 4))).unwrap();
    sleep(Duration::from_millis(2500));
    input.write_all(&bytes(&running(1.0, 5))).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let stalled = text.find("stalled").unwrap();
    assert!(stalled < text.find("resumed").unwrap(), "{text}");
}

/// A program that adds what it is given to a file.
fn program(folder: &Path, body: &str) -> std::path::PathBuf {
    let path = folder.join("on event; rm -rf x");
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn a_program_gets_each_event_and_holds_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let writes =
        program(folder.path(), &format!("cat >> '{}'; echo \"$#\" >> '{}'", log.display(), log.display()));
    watch(&bytes(&faulty()), &["--exec", writes.to_str().unwrap()]);
    let text = fs::read_to_string(&log).unwrap();
    assert_eq!(
        text.lines().filter(|line| *line == "0").count(),
        3,
        "no arguments, for each of three events: {text}"
    );
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(first["event"], "began");
    let sleeps = program(folder.path(), "exec sleep 60");
    let options = ["--exec", sleeps.to_str().unwrap(), "--exec-limit", "100ms"];
    let (events, _) = watch(&bytes(&faulty()), &options);
    assert_eq!(names(&events), ["began", "ended", "end"]);
}

#[test]
fn recordings_that_come_into_a_folder_are_scored() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("old.wav"), &running(2.0, 7));
    let mut command = detector();
    command.arg("watch").arg(fitted()).arg(folder.path()).stdout(Stdio::piped());
    let child = command.spawn().unwrap();
    sleep(Duration::from_secs(2));
    write(&folder.path().join("new.wav"), &faulty());
    sleep(Duration::from_secs(4));
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("new.wav  ANOMALY") && !text.contains("old.wav"), "{text}");
    assert_eq!(output.status.code(), Some(1));
}
