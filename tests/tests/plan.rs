//! `--plan`, what trains again after which change, and nets and scores that are damaged.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tests::files::{assert_same, contents, net, nets, results, score};
use tests::{Outcome, sounds, sweep, verify};

/// Lines of a plan of this state and kind.
fn count(plan: &str, state: &str, kind: &str) -> usize {
    let is = |line: &&str| {
        let mut words = line.split_whitespace();
        words.next() == Some(state) && words.next() == Some(kind)
    };
    plan.lines().filter(is).count()
}

#[test]
fn a_plan_tells_missing_done_and_stale_and_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let plan =
        |more: &[&str]| Outcome::success(verify(&out).args(["--plan", "--seeds", "1"]).args(more)).stdout;

    let missing = plan(&[]);
    assert_eq!([count(&missing, "missing", "net"), count(&missing, "missing", "score")], [3, 3], "{missing}");
    assert!(missing.contains("3 of 3 nets to train, 3 of 3 scores to make"), "{missing}");
    assert!(!out.exists(), "a plan writes nothing");

    Outcome::success(verify(&out).args(["--seeds", "1"]));
    let before = contents(&out);
    let done = plan(&[]);
    assert_eq!([count(&done, "done", "net"), count(&done, "done", "score")], [3, 3], "{done}");
    assert!(done.contains("0 of 3 nets to train, 0 of 3 scores to make"), "{done}");

    let stale = plan(&["--set", "loss.sigma=2.0", "--set", "training.updates=300"]);
    assert_eq!(count(&stale, "stale", "net"), 3, "{stale}");
    let told = |part: &str| stale.lines().filter(|line| line.contains(part)).count();
    assert_eq!(told("schedule.updates 200 -> 300"), 3, "{stale}");
    assert_eq!(told("objective.weighting.density.sigma 4.0 -> 2.0"), 1, "to BU alone: {stale}");
    let engine = plan(&["--engine", "candle"]);
    assert!(engine.contains("engine \"fused\" -> \"candle\""), "{engine}");

    let more = Outcome::success(verify(&out).args(["--plan", "--seeds", "2"])).stdout;
    assert!(more.contains("3 of 6 nets to train"), "{more}");
    assert_same(&contents(&out), &before);
}

/// The losses of the nets that a plan would train.
fn trained(plan: &str) -> Vec<&str> {
    let lines = plan.lines().filter(|line| !line.starts_with("done"));
    let labels = lines.filter_map(|line| {
        line.split_whitespace().skip(1).collect::<Vec<_>>().get(..2).map(|w| (w[0], w[1]))
    });
    let nets = labels.filter(|(kind, _)| *kind == "net");
    nets.map(|(_, label)| label.rsplit('-').nth(1).unwrap()).collect()
}

#[test]
fn a_change_trains_what_reads_it_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let all = ["re", "snp", "bu"];
    Outcome::success(verify(folder.path()).args(["--seeds", "1"]));
    let ring: [(&str, &[&str]); 14] = [
        ("loss.lambda=3", &["snp", "bu"]),
        ("loss.sigma=3", &["bu"]),
        ("loss.epsilon=1e-3", &["bu"]),
        ("loss.standardize=true", &["bu"]),
        ("training.checkpoint_every=20", &[]),
        ("training.history_every=20", &[]),
        ("grid.points=41", &[]),
        ("grid.cap=0.5", &[]),
        ("training.updates=201", &all),
        ("training.learning_rate=2e-3", &all),
        ("training.beta2=0.99", &all),
        ("batch=400", &all),
        ("network.activation=relu", &all),
        ("engine=candle", &all),
    ];
    for (change, expected) in ring {
        let plan =
            Outcome::success(verify(folder.path()).args(["--seeds", "1", "--plan", "--set", change])).stdout;
        assert_eq!(trained(&plan), expected, "{change}: {plan}");
    }
}

#[test]
fn a_change_to_sounds_trains_what_reads_them_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let made = sounds(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let data = folder.path().join("data");
    copy(&made, &data);
    Outcome::success(&mut sweep(&data, &out));
    let all = ["re", "snp", "bu"];
    let changes: [(&str, &[&str]); 13] = [
        ("loss.lambda=3M", &["snp", "bu"]),
        ("loss.sigma=1/D", &["bu"]),
        ("loss.standardize=false", &["bu"]),
        ("scoring.file=mean", &[]),
        ("scoring.every=10", &[]),
        ("scoring.tpr=0.8", &[]),
        ("training.checkpoint_every=10", &[]),
        ("front_ends={OTHER: {bands: 8, context: 1}}", &[]),
        ("front_ends={FCN8: {bands: 9, context: 1}}", &all),
        ("networks={small: {hidden: 0, units: 9, code: 4}}", &all),
        ("batch.pieces=3", &all),
        ("training.updates=25", &all),
        ("training.decay_to=0.5", &all),
    ];
    let plan = |more: &[&str]| Outcome::success(sweep(&data, &out).arg("--plan").args(more)).stdout;
    assert_eq!(trained(&plan(&[])), Vec::<&str>::new());
    for (change, expected) in changes {
        let plan = plan(&["--set", change]);
        assert_eq!(trained(&plan), expected, "{change}: {plan}");
    }
    let manifest =
        fs::read_to_string(tests::repository().join("experiments/datasets/toycar-synth.yaml")).unwrap();
    let manifest_with = |from: &str, to: &str| {
        assert!(manifest.contains(from), "{from}");
        let path = folder.path().join("manifest.yaml");
        fs::write(&path, manifest.replace(from, to)).unwrap();
        plan(&["--set", &format!("data.manifest={}", path.display())])
    };
    let louder = manifest_with("anr_db: [-10, -15, -20]", "anr_db: [-10, -15, -25]");
    assert_eq!(trained(&louder), Vec::<&str>::new(), "another ANR trains nothing: {louder}");
    assert_eq!(count(&louder, "missing", "score"), 3, "{louder}");
    // A test sound is another, then a training sound.
    fs::copy(data.join("car/car1/test/000.wav"), data.join("car/car1/test/001.wav")).unwrap();
    fs::remove_file(data.join("car/car1/test/001.labels.csv")).unwrap();
    let tested = plan(&[]);
    assert_eq!(trained(&tested), Vec::<&str>::new(), "{tested}");
    assert_eq!(count(&tested, "missing", "score"), 3, "{tested}");
    fs::copy(data.join("car/car1/test/000.wav"), data.join("car/car1/train/000.wav")).unwrap();
    fs::remove_file(data.join("car/car1/train/000.labels.csv")).unwrap();
    assert_eq!(trained(&plan(&[])), all);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn settings_that_went_back_are_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = |more: &[&str]| Outcome::success(verify(folder.path()).args(["--seeds", "1"]).args(more));
    let first = run(&[]);
    run(&["--set", "loss.sigma=2.0"]);
    assert_eq!(nets(folder.path()).len(), 4, "BU is trained again, and what is stale is kept");
    let again = run(&[]);
    assert!(again.stderr.contains("All 3 nets are trained and scored"), "{}", again.stderr);
    assert_eq!(again.stdout, first.stdout);
}

#[test]
fn what_is_damaged_is_told_set_aside_and_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    Outcome::success(verify(out).args(["--seeds", "2"]));
    let expected = results(out);

    let tables = out.join("ring");
    let [re0, snp0, bu0, re1] = ["ring-re-s0", "ring-snp-s0", "ring-bu-s0", "ring-re-s1"]
        .map(|label| (net(&tables, label), score(&tables, label)));
    // A score, and with it the net that it is made of again.
    fs::write(re0.1.join("metrics.json"), "{").unwrap();
    let weights = fs::read(re0.0.join("weights.safetensors")).unwrap();
    fs::write(re0.0.join("weights.safetensors"), &weights[..weights.len() / 2]).unwrap();
    // A score alone.
    fs::write(snp0.1.join("SHA256SUMS"), "").unwrap();
    // A net alone: no table reads it.
    fs::remove_dir_all(&bu0.0).unwrap();
    // A file where a score should be.
    fs::remove_dir_all(&re1.1).unwrap();
    fs::write(&re1.1, "a file").unwrap();

    let outcome = Outcome::success(verify(out).args(["--seeds", "2"]));
    let told = |label: &str, why: &str| {
        let lines: Vec<&str> = outcome.stderr.lines().filter(|line| line.starts_with(label)).collect();
        assert!(
            lines.iter().any(|line| line.contains("damaged") && line.contains(why)),
            "{}",
            outcome.stderr
        );
    };
    told("ring-re-s0: its score", "metrics.json: found sha256");
    told("ring-re-s0: its net", "weights.safetensors: found sha256");
    told("ring-snp-s0: its score", "SHA256SUMS: found no line");
    told("ring-re-s1: its score", "SHA256SUMS: Not a directory");
    assert!(outcome.stderr.contains("ring-bu-s0: its net is gone"), "{}", outcome.stderr);

    let is_aside = |path: &Path| path.to_string_lossy().contains(".damaged-1");
    let (aside, after): (BTreeMap<_, _>, _) = results(out).into_iter().partition(|(path, _)| is_aside(path));
    assert_eq!(aside.len(), 2 + 3 + 2 + 1, "nothing is lost");
    assert_same(&after, &expected);
}

#[test]
fn a_results_folder_of_an_earlier_version_is_noted_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("ring/cells/ring-bu-s0-12345678");
    fs::create_dir_all(&old).unwrap();
    fs::write(old.join("metrics.json"), "{}").unwrap();
    let outcome = Outcome::success(verify(folder.path()).args(["--seeds", "1"]));
    assert!(outcome.stderr.contains("ring/cells is of an earlier version"), "{}", outcome.stderr);
    assert_eq!(fs::read(old.join("metrics.json")).unwrap(), b"{}");
}
