//! Many processes on one results root: they share the work, take over from the dead, and leave the same bytes.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tests::files::{assert_same, checkpoints, nets, results, text};
use tests::{Outcome, Running, sounds, sweep, verify};

/// Nets long enough to be caught in the middle.
fn long(out: &Path) -> Command {
    let mut command = verify(out);
    command.args([
        "--seeds",
        "4",
        "--set",
        "training.updates=4000",
        "--set",
        "training.checkpoint_every=100",
    ]);
    command
}

/// From how many updates on each run of a net trained it, by its log.
fn starts(net: &Path) -> Vec<u64> {
    let start = |line: &str| line.split_once("from update ")?.1.split(' ').next()?.parse().ok();
    text(&net.join("log.txt")).lines().filter_map(start).collect()
}

#[test]
fn two_processes_share_a_ring_and_end_alike() {
    let (folder, alone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let runs = [(); 2].map(|()| Running::start(long(folder.path()).args(["--jobs", "1"])));
    for run in runs {
        assert!(run.wait(), "each ends well");
    }
    Outcome::success(&mut long(alone.path()));
    assert_same(&results(folder.path()), &results(alone.path()));
    let nets = nets(folder.path());
    assert!(nets.len() == 12 && nets.iter().all(|net| starts(net) == [0]), "each net is trained once");
}

#[test]
fn two_processes_share_a_sweep_and_end_alike() {
    let made = sounds(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let (folder, alone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let command = |out: &Path| {
        let mut command = sweep(&made, out);
        command.args(["--seeds", "3", "--set", "training.updates=150"]);
        command
    };
    let runs = [(); 2].map(|()| Running::start(command(folder.path()).args(["--jobs", "1"])));
    for run in runs {
        assert!(run.wait(), "each ends well");
    }
    Outcome::success(&mut command(alone.path()));
    assert_same(&results(folder.path()), &results(alone.path()));
    assert!(nets(folder.path()).iter().all(|net| starts(net) == [0]), "each net is trained once");
}

#[test]
fn what_a_killed_process_left_is_taken_over_by_one_that_runs() {
    let (folder, alone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut first = Running::start(long(folder.path()).args(["--jobs", "1"]));
    wait_for(&mut first, || !checkpoints(folder.path()).is_empty());
    let second = Running::start(long(folder.path()).args(["--jobs", "1"]));
    sleep(Duration::from_millis(50));
    first.kill();
    assert!(second.wait(), "the second ends well");
    Outcome::success(&mut long(alone.path()));
    assert_same(&results(folder.path()), &results(alone.path()));
}

fn wait_for(run: &mut Running, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(!run.has_ended(), "the run ended too early");
        assert!(begun.elapsed() < Duration::from_secs(60), "it took too long");
        sleep(Duration::from_millis(1));
    }
}

/// The files of locks in a results root.
fn locks(out: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(out.join("nets")).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|ending| ending == "lock")).collect()
}

#[test]
fn a_holder_that_slept_for_longer_than_its_lease_does_no_harm_when_it_wakes() {
    let (folder, alone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut sleeper = Running::start(long(folder.path()).args(["--jobs", "1"]).env("HARNESS_LEASE_S", "1"));
    wait_for(&mut sleeper, || !checkpoints(folder.path()).is_empty());
    sleeper.signal("STOP");
    // As if it ran on another machine, of which only its locks are seen: they no longer change.
    for lock in locks(folder.path()) {
        let mut holder: serde_json::Value = serde_json::from_str(&text(&lock)).unwrap();
        holder["space"] = "another machine".into();
        fs::write(&lock, holder.to_string()).unwrap();
    }
    sleep(Duration::from_millis(1500));
    Outcome::success(long(folder.path()).env("HARNESS_LEASE_S", "1"));
    let taken_over = results(folder.path());
    sleeper.signal("CONT");
    assert!(sleeper.wait(), "it finds all done");
    assert_same(&results(folder.path()), &taken_over);
    Outcome::success(&mut long(alone.path()));
    assert_same(&results(folder.path()), &results(alone.path()));
    let twice = nets(folder.path()).iter().filter(|net| starts(net).len() == 2).count();
    assert_eq!(twice, 3, "a group of three nets went on from its checkpoints");
}

/// A number that looks random.
fn drawn(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11
}

/// How many files are damaged; `FLIPS` in the environment sets another number.
fn flips(few: u64) -> u64 {
    std::env::var("FLIPS").map_or(few, |flips| flips.parse().unwrap())
}

/// Flips a bit of a file, or cuts it, as `number` says.
fn damage(path: &Path, number: u64) {
    let mut bytes = fs::read(path).unwrap();
    if bytes.is_empty() {
        return;
    }
    let place = (drawn(number) % bytes.len() as u64) as usize;
    if number.is_multiple_of(3) {
        bytes.truncate(place);
    } else {
        bytes[place] ^= 1 << (number % 8);
    }
    fs::write(path, bytes).unwrap();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// Tables and figures, without what tells of the machine.
fn tables(out: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    results(&out.join("ring"))
}

#[test]
fn a_damaged_file_is_found_or_changes_no_table() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    let run = || Outcome::success(verify(out).args(["--seeds", "1"]));
    run();
    let expected = tables(out);
    for number in 0..flips(40) {
        let shelf = out.join(if number % 2 == 0 { "nets" } else { "scores" });
        let folders: Vec<PathBuf> =
            files(&shelf).into_iter().filter(|path| !path.to_string_lossy().contains("damaged")).collect();
        let of = files(&folders[(drawn(number + 1000) % folders.len() as u64) as usize]);
        damage(&of[(drawn(number + 2000) % of.len() as u64) as usize], number);
        // A score that is gone is made again, of a net that may be damaged.
        if number.is_multiple_of(5) {
            fs::remove_dir_all(&files(&out.join("scores"))[0]).unwrap();
        }
        run();
        assert_same(&tables(out), &expected);
    }
}

#[test]
fn a_damaged_checkpoint_is_found_or_changes_no_table() {
    let alone = tempfile::tempdir().unwrap();
    let short = |out: &Path| {
        let mut command = verify(out);
        command.args([
            "--seeds",
            "1",
            "--set",
            "training.updates=3000",
            "--set",
            "training.checkpoint_every=100",
        ]);
        command
    };
    Outcome::success(&mut short(alone.path()));
    let expected = results(alone.path());
    for number in 0..flips(12) {
        let folder = tempfile::tempdir().unwrap();
        let mut run = Running::start(&mut short(folder.path()));
        wait_for(&mut run, || checkpoints(folder.path()).len() == 3);
        assert!(!run.kill(), "it is caught in the middle");
        let caught = checkpoints(folder.path());
        let of = files(caught[(drawn(number) % 3) as usize].parent().unwrap());
        damage(&of[(drawn(number + 3000) % of.len() as u64) as usize], number);
        Outcome::success(&mut short(folder.path()));
        assert_same(&results(folder.path()), &expected);
    }
}

#[test]
fn the_checkpoint_of_another_net_is_not_trained_on() {
    let (folder, alone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut run = Running::start(long(folder.path()).args(["--jobs", "1"]));
    wait_for(&mut run, || checkpoints(folder.path()).len() == 3);
    assert!(!run.kill());
    let caught = checkpoints(folder.path());
    let other = fs::read(&caught[0]).unwrap();
    fs::write(&caught[1], other).unwrap();
    let resumed = Outcome::success(&mut long(folder.path()));
    assert!(resumed.stderr.contains("checkpoint: found that of "), "{}", resumed.stderr);
    Outcome::success(&mut long(alone.path()));
    assert_same(&results(folder.path()), &results(alone.path()));
}
