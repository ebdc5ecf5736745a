//! A frozen plan, made by many workers at once: each net is trained by one, and the bytes are those of one run.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;
use tests::files::{assert_same, checkpoints, contents, csv, nets, results, text};
use tests::{Outcome, Running, repository, sounds, sweep, verify, xtask};

/// Freezes the plan of `command`, and reads it; its folder and content.
fn frozen(command: &mut Command, experiment: &Path) -> (PathBuf, Value) {
    let told = Outcome::success(command.arg("--freeze"));
    let plans = experiment.join("plans");
    let plan = plans.join(text(&plans.join("current")));
    assert!(told.stdout.contains(plan.to_str().unwrap()), "{}", told.stdout);
    let content = serde_json::from_str(&text(&plan.join("plan.json"))).unwrap();
    (plan, content)
}

/// The worker that is frozen with the plan.
fn work(plan: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(plan.join("xtask"));
    for name in ["SLURM_ARRAY_TASK_ID", "HQ_TASK_ID", "JOB_COMPLETION_INDEX"] {
        command.env_remove(name);
    }
    command.arg("work").arg(plan).args(["--jobs", "1"]).args(arguments).current_dir("/");
    command
}

fn collect(plan: &Path) -> Command {
    let mut command = xtask();
    command.arg("collect").arg(plan);
    command
}

/// What a results root holds beside plans.
fn made(out: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = results(out);
    found.retain(|path, _| !path.iter().any(|part| part == "plans"));
    found
}

/// How often each net's training began.
fn starts(out: &Path) -> Vec<usize> {
    nets(out).iter().map(|net| text(&net.join("log.txt")).matches("from update ").count()).collect()
}

fn tiny(out: &Path) -> Command {
    let mut command = sweep(&sounds(Path::new(env!("CARGO_TARGET_TMPDIR"))), out);
    command.args(["--seeds", "3", "--set", "training.updates=100"]);
    command
}

#[test]
fn workers_of_parts_and_of_what_is_free_leave_the_bytes_of_one_run() {
    let (folder, alone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let out = folder.path();
    let experiment = out.join("toycar-smoke");
    let (plan, content) = frozen(tiny(out).args(["--parts", "4"]), &experiment);
    let parts = content["parts"].as_array().unwrap();
    let labels: Vec<&Value> = parts.iter().flat_map(|part| part.as_array().unwrap()).collect();
    assert!(parts.len() == 4 && labels.len() == 9, "{content}");
    assert!(nets(out).is_empty(), "nothing is trained");

    let mut running = vec![Running::start(&mut work(&plan, &[])), Running::start(&mut work(&plan, &[]))];
    running.push(Running::start(&mut work(&plan, &["--part", "0/4"])));
    running.push(Running::start(work(&plan, &[]).env("SLURM_ARRAY_TASK_ID", "3")));
    assert!(running.into_iter().all(Running::wait), "each ends well");
    // What somebody held to its end was left to him: all of it is there now.
    let again = Outcome::success(&mut work(&plan, &[]));
    assert!(again.stderr.contains("All is done: 4 of 4 parts"), "{}", again.stderr);
    assert_eq!(starts(out), [1; 9], "each net is trained once");
    assert!(!experiment.join("auc.csv").exists(), "a worker makes no table");

    Outcome::success(&mut collect(&experiment));
    Outcome::success(&mut tiny(alone.path()));
    assert_same(&made(out), &made(alone.path()));
}

#[test]
fn a_part_is_one_of_the_plan_and_another_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    Outcome::refusal(&mut work_of(out), &["found no plan", "--freeze"]);
    let (plan, content) = frozen(&mut verify_two(out), &out.join("ring"));
    assert_eq!(content["parts"].as_array().unwrap().len(), 6, "a part a training");
    Outcome::refusal(&mut work(&plan, &["--part", "6"]), &["expected 0 to 5"]);
    Outcome::refusal(&mut work(&plan, &["--part", "0/7"]), &["found 7 parts", "expected the 6"]);
    let mut of_queue = work(&plan, &[]);
    Outcome::refusal(of_queue.env("JOB_COMPLETION_INDEX", "x"), &["JOB_COMPLETION_INDEX: found `x`"]);
    assert!(nets(out).is_empty());
    Outcome::success(&mut work(&plan, &["--part", "5"]));
    assert_eq!(nets(out).len(), 1);
    Outcome::success(work(&plan, &[]).env("HQ_TASK_ID", "4"));
    assert_eq!(nets(out).len(), 2);

    let edited = text(&plan.join("plan.json")).replacen("\"version\": 1", "\"version\": 999", 1);
    fs::write(plan.join("plan.json"), edited).unwrap();
    Outcome::refusal(&mut work(&plan, &[]), &["plan.json: found version 999, expected 1"]);
}

/// A worker of an experiment that was never frozen.
fn work_of(out: &Path) -> Command {
    let mut command = xtask();
    command.arg("work").arg(out);
    command
}

fn verify_two(out: &Path) -> Command {
    let mut command = verify(out);
    command.args(["--seeds", "2"]);
    command
}

#[test]
fn another_config_is_another_plan_and_the_same_one_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let experiment = folder.path().join("ring");
    let (first, _) = frozen(&mut verify_two(folder.path()), &experiment);
    let before = fs::metadata(first.join("xtask")).unwrap().modified().unwrap();
    let (same, _) = frozen(&mut verify_two(folder.path()), &experiment);
    assert_eq!(first, same);
    let (other, _) = frozen(verify_two(folder.path()).args(["--set", "training.updates=100"]), &experiment);
    assert_ne!(first, other);
    assert_eq!(fs::metadata(first.join("xtask")).unwrap().modified().unwrap(), before, "it is not touched");
}

#[test]
fn a_net_that_fails_is_a_hole_in_the_report_until_it_is_made() {
    let (folder, alone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let out = folder.path();
    let (plan, content) = frozen(&mut verify_two(out), &out.join("ring"));
    let planned = &content["parts"][0][0];
    let label = planned["label"].as_str().unwrap();
    // A link to nowhere: nothing is there, and nothing can be put there.
    let obstacle = out.join("nets").join(planned["net"].as_str().unwrap());
    fs::create_dir_all(obstacle.parent().unwrap()).unwrap();
    symlink("nowhere", &obstacle).unwrap();

    Outcome::failure(&mut work(&plan, &[]), &["1 cell failed", label, "cannot be made"]);
    Outcome::failure(&mut collect(&plan), &["1 cell failed", label, "cannot be made"]);
    let report = text(&out.join("ring/report.html"));
    assert!(report.contains("Cells that failed") && report.contains(label));
    assert_eq!(csv(&out.join("ring/runs.csv")).1.len(), 5, "the others are finished");

    fs::remove_file(&obstacle).unwrap();
    Outcome::success(&mut work(&plan, &["--part", "0"]));
    Outcome::success(&mut collect(&plan));
    Outcome::success(&mut verify_two(alone.path()));
    assert_same(&made(out), &made(alone.path()));
}

#[test]
fn a_worker_that_is_killed_or_stopped_is_gone_on_from() {
    let (folder, alone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let long = |out: &Path| {
        let mut command = verify(out);
        command.args(["--seeds", "1", "--set", "training.updates=8000"]);
        command.args(["--set", "training.checkpoint_every=100"]);
        command
    };
    let out = folder.path();
    let (plan, _) = frozen(long(out).args(["--parts", "1"]), &out.join("ring"));
    for signal in ["KILL", "USR1"] {
        let mut worker = Running::start(&mut work(&plan, &["--part", "0"]));
        let seen = checkpoints(out).len();
        while checkpoints(out).len() <= seen && checkpoints(out).len() < 3 {
            assert!(!worker.has_ended(), "it ended before it could be stopped");
            sleep(Duration::from_millis(1));
        }
        let expected = if signal == "KILL" { None } else { Some(130) };
        assert_eq!(worker.stop(signal), expected);
    }
    Outcome::success(&mut work(&plan, &["--part", "0"]));
    Outcome::success(&mut collect(&plan));
    Outcome::success(&mut long(alone.path()));
    assert_same(&made(out), &made(alone.path()));
    assert!(starts(out).iter().all(|starts| *starts >= 2), "{:?}", starts(out));
}

#[test]
fn sounds_that_changed_since_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let sounds = folder.path().join("sounds");
    Outcome::success(xtask().args(["synth", "--minutes", "1", "--out"]).arg(&sounds));
    let out = folder.path().join("out");
    let (plan, _) = frozen(&mut sweep(&sounds, &out), &out.join("toycar-smoke"));
    let mut wavs: Vec<PathBuf> = contents(&sounds).into_keys().collect();
    wavs.retain(|path| path.extension().is_some_and(|ending| ending == "wav"));
    let swapped = [0, 1].map(|place| fs::read(sounds.join(&wavs[place])).unwrap());
    fs::write(sounds.join(&wavs[0]), &swapped[1]).unwrap();
    let refused = Outcome::of(work(&plan, &[]).current_dir(repository()));
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("have changed since it was frozen"), "{}", refused.stderr);
}
