//! A run that is killed at any moment and started again ends with the bytes of one that was not.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use tests::files::{assert_same, checkpoints, nets, results, text};
use tests::{Outcome, Running, killed_at_any_moment, verify};

/// Nets long enough to be caught in the middle: many checkpoints each.
fn long(out: &Path) -> Command {
    let mut command = verify(out);
    command.args([
        "--seeds",
        "1",
        "--set",
        "training.updates=8000",
        "--set",
        "training.checkpoint_every=200",
    ]);
    command
}

/// What an uninterrupted run leaves.
fn uninterrupted() -> BTreeMap<PathBuf, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    Outcome::success(&mut long(folder.path()));
    results(folder.path())
}

/// Starts a run and kills it when every net in training has a checkpoint.
fn kill_with_checkpoints(out: &Path) -> Vec<PathBuf> {
    let mut run = Running::start(long(out).args(["--jobs", "3"]));
    while checkpoints(out).len() < 3 {
        assert!(!run.has_ended(), "the run ended before it could be killed");
        sleep(Duration::from_millis(1));
    }
    assert!(!run.kill());
    checkpoints(out)
}

/// Update from which each run of a net went on, as its log tells.
fn starts(net: &Path) -> Vec<u64> {
    let start = |line: &str| line.split_once("from update ")?.1.split(' ').next()?.parse().ok();
    text(&net.join("log.txt")).lines().filter_map(start).collect()
}

#[test]
fn a_run_killed_at_any_moment_ends_with_the_same_bytes() {
    killed_at_any_moment(5, long);
}

#[test]
fn an_interrupted_run_saves_the_update_at_hand_and_goes_on_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Running::start(long(folder.path()).args(["--jobs", "2"]));
    while checkpoints(folder.path()).len() < 2 {
        assert!(!run.has_ended(), "the run ended before it could be interrupted");
        sleep(Duration::from_millis(1));
    }
    assert_eq!(run.stop("INT"), Some(130));
    let caught = checkpoints(folder.path());
    assert_eq!(caught.len(), 3, "two groups of three nets are in training");
    let saved = |path: &PathBuf| {
        let log = text(&path.with_file_name("log.txt"));
        vec![
            0,
            log.lines()
                .last()
                .unwrap()
                .strip_prefix("saved at update ")
                .unwrap()
                .split(':')
                .next()
                .unwrap()
                .parse()
                .unwrap(),
        ]
    };
    let saved: BTreeSet<Vec<u64>> = caught.iter().map(saved).collect();
    Outcome::success(&mut long(folder.path()));
    assert_same(&results(folder.path()), &uninterrupted());
    let starts: BTreeSet<Vec<u64>> = nets(folder.path()).iter().map(|net| starts(net)).collect();
    assert_eq!(starts, saved);
}

/// A long run of one job at a time that the command `starter` starts.
fn started_by(starter: &[&str], out: &Path) -> Command {
    let program = long(out);
    let mut command = Command::new(starter[0]);
    command.args(&starter[1..]).arg(program.get_program()).args(program.get_args()).args(["--jobs", "1"]);
    command.current_dir(program.get_current_dir().unwrap());
    command
}

#[test]
fn every_signal_that_ends_a_job_saves_what_was_trained() {
    let folder = tempfile::tempdir().unwrap();
    for signal in ["TERM", "HUP", "USR1", "XCPU"] {
        // The tests themselves may run under nohup.
        let mut run = Running::start(&mut started_by(&["env", "--default-signal=HUP"], folder.path()));
        while checkpoints(folder.path()).is_empty() {
            assert!(!run.has_ended(), "the run ended before it got {signal}");
            sleep(Duration::from_millis(1));
        }
        assert_eq!(run.stop(signal), Some(130), "{signal}");
        for path in checkpoints(folder.path()) {
            let log = text(&path.with_file_name("log.txt"));
            assert!(log.lines().last().unwrap().starts_with("saved at update "), "{signal}: {log}");
        }
        fs::remove_dir_all(folder.path().join("nets")).unwrap();
    }
}

#[test]
fn under_nohup_a_closed_terminal_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Running::start(&mut started_by(&["nohup"], folder.path()));
    while checkpoints(folder.path()).is_empty() {
        assert!(!run.has_ended(), "the run ended before it got a signal");
        sleep(Duration::from_millis(1));
    }
    run.signal("HUP");
    assert!(run.wait());
}

#[test]
fn nets_go_on_from_their_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let caught = kill_with_checkpoints(folder.path());
    assert_eq!(caught.len(), 3);
    Outcome::success(&mut long(folder.path()));
    assert_same(&results(folder.path()), &uninterrupted());
    for net in nets(folder.path()) {
        let starts = starts(&net);
        assert!(starts.len() == 2 && starts[0] == 0 && starts[1] >= 200, "{}: {starts:?}", net.display());
    }
}

#[test]
fn a_damaged_checkpoint_is_told_and_its_net_starts_over() {
    let folder = tempfile::tempdir().unwrap();
    let caught = kill_with_checkpoints(folder.path());
    let bytes = fs::read(&caught[0]).unwrap();
    fs::write(&caught[0], &bytes[..bytes.len() / 2]).unwrap();
    fs::write(&caught[1], "no checkpoint").unwrap();
    for entry in fs::read_dir(caught[2].parent().unwrap()).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("history-to-") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    Outcome::success(&mut long(folder.path()));
    assert_same(&results(folder.path()), &uninterrupted());
    for net in nets(folder.path()) {
        assert_eq!(starts(&net), [0, 0], "{}", net.display());
        assert!(text(&net.join("log.txt")).contains("; starting over"));
    }
}
