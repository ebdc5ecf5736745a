//! The experiment files: they say what they are, run by the command that they name, and have a schema.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::fs;
use std::path::PathBuf;

use tests::files::text;
use tests::{Outcome, repository, xtask};

fn experiments() -> Vec<PathBuf> {
    let entries = fs::read_dir(repository().join("experiments")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "yaml")).collect();
    files.sort();
    assert!(files.len() >= 2, "{files:?}");
    files
}

/// What the opening comment of an experiment says under `name`, to the end of its line.
fn said(path: &std::path::Path, name: &str) -> String {
    let text = text(path);
    let mut comment = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
    let found = comment.find_map(|line| line.strip_prefix(name)?.strip_prefix("  "));
    found.unwrap_or_else(|| panic!("{}: no line `# {name}` at its top", path.display())).trim().to_owned()
}

#[test]
fn each_says_what_it_reproduces_expects_and_costs_and_its_command_runs_it() {
    for path in experiments() {
        for name in ["Reproduces", "Expected", "Cost"] {
            assert!(!said(&path, name).is_empty(), "{}: {name}", path.display());
        }
        let command = said(&path, "Command");
        let arguments: Vec<&str> = command.strip_prefix("cargo xtask ").unwrap().split(' ').collect();
        let folder = tempfile::tempdir().unwrap();
        let mut command = xtask();
        command.args(arguments).arg("--plan").arg("--out").arg(folder.path());
        let experiment = text(&path);
        if experiment.contains("experiment: sweep") && !experiment.contains("  synth:") {
            // Without its sounds there is no plan: they decide what the cells are called.
            Outcome::refusal(command.args(["--set", "data.root=/nowhere"]), &["/nowhere", "published at"]);
        } else {
            let plan = Outcome::success(&mut command);
            assert!(plan.stdout.contains(" nets to train, "), "{}: {}", path.display(), plan.stdout);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "a plan writes nothing");
    }
}

#[test]
fn the_committed_schema_is_that_of_the_program() {
    let schema = Outcome::success(xtask().arg("schema")).stdout;
    let committed = text(&repository().join("experiments/schema.json"));
    assert!(committed == schema, "make it anew: cargo xtask schema > experiments/schema.json");
    for kind in ["RingExperiment", "SweepExperiment", "Manifest"] {
        assert!(schema.contains(&format!("#/$defs/{kind}\"")), "{kind}");
    }
}

#[test]
fn a_front_end_may_be_named_by_its_file() {
    let plan = |front_end: &str| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = xtask();
        command.args(["sweep", "experiments/toycar-smoke.yaml", "--plan", "--out"]).arg(folder.path());
        command.args(["--set", "data.root=/tmp/not made", "--set", &format!("front_ends.FCN40={front_end}")]);
        Outcome::of(&mut command)
    };
    let named = plan("experiments/frontends/fcn40.yaml");
    assert!(named.code == Some(0) && named.stdout == plan("{bands: 40, context: 5}").stdout, "{named:?}");
    assert_ne!(named.stdout, plan("experiments/frontends/dcase.yaml").stdout);
    let refused = plan("experiments/frontends/none.yaml");
    let told = "front_ends.FCN40: experiments/frontends/none.yaml: cannot be read";
    assert!(refused.code == Some(2) && refused.stderr.contains(told), "{}", refused.stderr);
}
