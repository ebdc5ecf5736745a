//! `sweep` on a synthetic set: its tables, its plan, the same bytes for any number of jobs and after any stop.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;
use tests::files::{assert_same, checkpoints, csv, net, results, score, text};
use tests::{Outcome, Running, killed_at_any_moment, sounds};

fn sweep(out: &Path) -> Command {
    tests::sweep(&sounds(Path::new(env!("CARGO_TARGET_TMPDIR"))), out)
}

/// Where the tables of the sweep lie.
fn tables(out: &Path) -> PathBuf {
    out.join("toycar-smoke")
}

/// Nets long enough to be caught in the middle.
fn long(out: &Path) -> Command {
    let mut command = sweep(out);
    command.args(["--set", "training.updates=1200", "--set", "training.checkpoint_every=20"]);
    command
}

/// Waits until every net in training has a checkpoint.
fn wait_for_checkpoints(run: &mut Running, out: &Path) {
    while checkpoints(out).len() < 3 {
        assert!(!run.has_ended(), "the run ended before it could be stopped");
        sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_sweep_leaves_tables_figures_and_a_report_and_is_done_the_second_time() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let first = Outcome::success(sweep(root).args(["--seeds", "2"]));
    let out = &tables(root);
    assert!(first.stdout.starts_with("AUC over seeds"), "{}", first.stdout);
    assert!(first.stdout.contains("BU lies above SNP in "), "{}", first.stdout);
    let (head, rows) = csv(&out.join("auc.csv"));
    let expected = "model,loss,anr_db,seeds,auc_mean,auc_sd,auc_ci95_low,auc_ci95_high,pauc_mean,pauc_sd";
    assert_eq!(head.join(","), expected);
    assert_eq!(rows.len(), 3 * 3, "a row for each loss and ANR");
    assert!(rows.iter().all(|row| row[0] == "FCN8-small" && row[3] == "2"));
    let (head, rows) = csv(&out.join("runs.csv"));
    assert_eq!(
        head.join(","),
        "model,loss,seed,anr_db,auc,pauc,max_score_normal,max_normal_scaled,fpr_rare,fpr_frequent,score"
    );
    assert_eq!(rows.len(), 3 * 2 * 3);
    check_false_alarms(out, &rows);
    for name in ["figure4", "roc", "training", "histograms", "timeline", "maxima"] {
        assert!(fs::read(out.join(format!("{name}.png"))).unwrap().starts_with(b"\x89PNG"), "{name}");
        assert!(text(&out.join(format!("{name}.svg"))).starts_with("<svg"), "{name}");
    }
    for name in ["auc", "runs", "false_alarms", "maxima", "training"] {
        assert!(fs::read(out.join(format!("{name}.parquet"))).unwrap().starts_with(b"PAR1"), "{name}");
    }
    check_training(out);
    let report = text(&out.join("report.html"));
    for part in ["Figure 4", "paired over seeds and test files", "Settings", "Provenance", "Sounds"] {
        assert!(report.contains(part), "{part}");
    }
    let before = results(root);
    let second = Outcome::success(sweep(root).args(["--seeds", "2"]));
    assert!(second.stderr.contains("of 6 nets is trained and scored"), "{}", second.stderr);
    assert_same(&results(root), &before);
    let plan = Outcome::success(sweep(root).args(["--seeds", "3", "--plan"])).stdout;
    assert!(plan.contains("3 of 9 nets to train"), "{plan}");
    let plan = Outcome::success(sweep(root).args(["--set", "loss.epsilon=1e-4", "--plan"])).stdout;
    assert!(plan.contains("stale") && plan.contains("density.epsilon 1e-6 -> 0.0001"), "{plan}");
}

/// `false_alarms.csv` holds the means of `runs`, the rows of `runs.csv`.
fn check_false_alarms(out: &Path, runs: &[Vec<String>]) {
    let (head, rows) = csv(&out.join("false_alarms.csv"));
    let of = |name| format!("{name}_mean,{name}_ci95_low,{name}_ci95_high");
    let columns = ["max_score_normal", "max_normal_scaled", "fpr_rare", "fpr_frequent"];
    assert_eq!(head.join(","), format!("model,loss,anr_db,seeds,{}", columns.map(of).join(",")));
    assert_eq!(rows.len(), 3 * 3);
    let number = |text: &String| text.parse::<f64>().unwrap();
    for row in rows {
        for column in 0..4 {
            let same = |run: &&Vec<String>| run[1] == row[1] && run[3] == row[2];
            let of: Vec<f64> = runs.iter().filter(same).map(|run| number(&run[6 + column])).collect();
            let [mean, low, high] = [0, 1, 2].map(|place| number(&row[4 + 3 * column + place]));
            assert!(
                (mean - of.iter().sum::<f64>() / of.len() as f64).abs() < 1e-5 * mean.max(1.0),
                "{row:?}"
            );
            assert!(of.len() == 2 && low <= mean && mean <= high, "{row:?}");
        }
    }
}

/// `training.csv` holds means and standard deviations of the last lines of the nets' histories.
fn check_training(out: &Path) {
    let (head, rows) = csv(&out.join("training.csv"));
    let measures =
        ["normal", "anomalous_over_lambda", "weight_spread", "mean_score_normal", "max_score_normal"];
    let columns = measures.map(|name| format!("{name}_mean,{name}_sd")).join(",");
    assert_eq!(head.join(","), format!("model,loss,seeds,{columns},rises_mean,rises_sd"));
    assert_eq!(rows.iter().map(|row| row[1].as_str()).collect::<Vec<_>>(), ["RE", "SNP", "BU"]);
    for row in rows {
        let last = |seed: usize| {
            let stem = format!("FCN8-small-{}-s{seed}", row[1].to_lowercase());
            let (head, mut lines) = csv(&net(out, &stem).join("history.csv"));
            let line = lines.pop().unwrap();
            move |name: &str| line[head.iter().position(|found| found == name).unwrap()].parse::<f64>().ok()
        };
        let lasts = [last(0), last(1)];
        for (place, measure) in measures.into_iter().enumerate() {
            let [a, b] = lasts.each_ref().map(|last| match measure {
                // λ is twice the number of bands, 8; RE has no such term.
                "anomalous_over_lambda" if row[1] == "RE" => None,
                "anomalous_over_lambda" => last("anomalous").map(|term| term / 16.0),
                other => last(other),
            });
            let [mean, sd] = [0, 1].map(|column| row[3 + 2 * place + column].parse::<f64>().ok());
            let (Some(a), Some(b)) = (a, b) else {
                assert!(mean.is_none() && sd.is_none() && measure != "normal", "{measure}: {row:?}");
                continue;
            };
            assert!((mean.unwrap() - (a + b) / 2.0).abs() < 2e-6, "{measure}: {row:?}");
            assert!((sd.unwrap() - (a - b).abs() / 2.0_f64.sqrt()).abs() < 2e-6, "{measure}: {row:?}");
        }
        assert_eq!((row[5].is_empty(), row[7].is_empty()), (row[1] == "RE", row[1] != "BU"), "{row:?}");
    }
}

#[test]
fn scores_tell_file_anr_frame_and_operation() {
    let folder = tempfile::tempdir().unwrap();
    Outcome::success(sweep(folder.path()).args(["--only", "-bu-"]));
    let (head, rows) = csv(&score(&tables(folder.path()), "FCN8-small-bu-s0").join("scores.csv"));
    let expected = "file,label,machine,id,class,car,domain,section,attributes,anr_db,max_frame,max_time_s,operation,sound,max,mean,top5";
    assert_eq!(head.join(","), expected);
    let column = |name: &str| head.iter().position(|found| found == name).unwrap();
    let labelled = |label: &str| rows.iter().filter(|row| row[1] == label).collect::<Vec<_>>();
    let (normal, anomalous) = (labelled("normal"), labelled("anomalous"));
    assert_eq!((normal.len(), anomalous.len()), (280 / 20, 3 * 140 / 20));
    assert!(normal.iter().all(|row| row[column("anr_db")].is_empty() && row[column("class")].is_empty()));
    for anr in ["-10.0", "-15.0", "-20.0"] {
        assert_eq!(anomalous.iter().filter(|row| row[column("anr_db")] == anr).count(), 140 / 20, "{anr}");
    }
    for row in &rows {
        let number = |name: &str| row[column(name)].parse::<f64>().unwrap();
        assert!(number("max") >= number("mean") && number("mean") > 0.0, "{row:?}");
        // A frame's middle: one hop a frame, half a row of 1,024 samples before the first.
        assert!((number("max_time_s") - (number("max_frame") * 256.0 + 512.0) / 16_000.0).abs() < 1e-9);
        assert!(!row[column("operation")].is_empty(), "{row:?}");
        let (file, sound) = (&row[0], &row[column("sound")]);
        assert!(if row[1] == "normal" { sound == file } else { sound.contains("/test/") }, "{row:?}");
        let same = |other: &&Vec<String>| other[0] == *file && other[column("sound")] != *sound;
        assert!(!rows.iter().any(|other| same(&other)), "one sound under a clip at all ANRs: {row:?}");
    }
    let (head, rows) = csv(&net(&tables(folder.path()), "FCN8-small-bu-s0").join("history.csv"));
    assert_eq!((rows.len(), head[0].as_str(), head[6].as_str()), (4, "update", "weight_spread"));
    assert!(rows.iter().all(|row| row[6].parse::<f64>().unwrap() > 0.0), "{rows:?}");
}

#[test]
fn a_net_is_told_of_by_the_score_that_the_tables_take() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    let run = Outcome::success(sweep(out).args(["--only", "-bu-", "--set", "scoring.file=mean"]));
    let metrics: Value =
        serde_json::from_str(&text(&score(&tables(out), "FCN8-small-bu-s0").join("metrics.json"))).unwrap();
    assert_ne!(metrics["max"]["conditions"], metrics["mean"]["conditions"]);
    let rows = csv(&tables(out).join("runs.csv")).1;
    assert_eq!(rows.len(), 3);
    for (row, condition) in rows.iter().zip(metrics["mean"]["conditions"].as_array().unwrap()) {
        let auc: f64 = row[4].parse().unwrap();
        assert!((condition["auc"].as_f64().unwrap() - auc).abs() < 1e-6, "{row:?}");
        let told = format!("AUC at {} dB {auc:.3}", condition["anr_db"].as_f64().unwrap());
        assert!(run.stderr.contains(&told), "{told} is not in {}", run.stderr);
    }
    let threshold = metrics["mean"]["training_score_90"].as_f64().unwrap();
    assert!(run.stderr.contains(&format!("a tenth of the training sounds above {threshold:.1}")));
}

#[test]
fn jobs_and_company_change_no_byte_of_a_net() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [one, three, alone] = folders.each_ref().map(|folder| folder.path());
    Outcome::success(sweep(one).args(["--seeds", "2", "--jobs", "1"]));
    Outcome::success(sweep(three).args(["--seeds", "2", "--jobs", "3"]));
    assert_same(&results(three), &results(one));
    Outcome::success(sweep(alone).args(["--only", "FCN8-*-bu-s0"]));
    let stem = "FCN8-small-bu-s0";
    assert_eq!(
        fs::read(score(&tables(alone), stem).join("scores.csv")).unwrap(),
        fs::read(score(&tables(one), stem).join("scores.csv")).unwrap()
    );
}

#[test]
fn both_engines_train_the_grid_to_the_same_scores() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [fused, candle] = folders.each_ref().map(|folder| folder.path());
    Outcome::success(&mut sweep(fused));
    Outcome::success(sweep(candle).args(["--engine", "candle"]));
    for loss in ["re", "snp", "bu"] {
        let [(head, ours), (_, theirs)] = [fused, candle]
            .map(|out| csv(&score(&tables(out), &format!("FCN8-small-{loss}-s0")).join("scores.csv")));
        let column = head.iter().position(|name| name == "max").unwrap();
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(ours[0], theirs[0]);
            let [ours, theirs] = [ours, theirs].map(|row| row[column].parse::<f64>().unwrap());
            assert!((ours / theirs - 1.0).abs() < 1e-3, "{loss}: {ours} by fused, {theirs} by candle");
        }
    }
}

#[test]
fn a_sweep_killed_at_any_moment_ends_with_the_same_bytes() {
    killed_at_any_moment(3, long);
}

#[test]
fn ctrl_c_saves_the_update_at_hand_and_the_same_command_goes_on() {
    let (folder, straight) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let out = folder.path();
    let mut run = Running::start(&mut long(out));
    wait_for_checkpoints(&mut run, out);
    assert_eq!(run.stop("INT"), Some(130));
    let saved: Vec<String> = checkpoints(out)
        .iter()
        .map(|path| text(&path.with_file_name("log.txt")).lines().last().unwrap().to_owned())
        .collect();
    assert_eq!(saved.len(), 3);
    assert!(saved.iter().all(|line| line.starts_with("saved at update ")), "{saved:?}");
    Outcome::success(&mut long(out));
    Outcome::success(&mut long(straight.path()));
    assert_same(&results(out), &results(straight.path()));
}

#[test]
fn a_damaged_score_is_told_and_what_nobody_asked_for_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    Outcome::success(sweep(out).args(["--only", "-re-"]));
    fs::write(score(&tables(out), "FCN8-small-re-s0").join("scores.csv"), "{").unwrap();
    let run = Outcome::success(sweep(out).args(["--only", "-bu-"]));
    assert!(
        run.stderr.contains("FCN8-small-re-s0: its score is damaged (scores.csv: found sha256"),
        "{}",
        run.stderr
    );
    let report = text(&tables(out).join("report.html"));
    let told = report.split_once("Not trained, and in no table: ").unwrap().1;
    assert!(told.starts_with("FCN8-small-re-s0, FCN8-small-snp-s0."), "{}", &told[..100]);
}

#[test]
fn a_damaged_checkpoint_is_told_and_its_net_starts_over() {
    let (folder, straight) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let out = folder.path();
    let mut run = Running::start(&mut long(out));
    wait_for_checkpoints(&mut run, out);
    assert!(!run.kill());
    let caught = checkpoints(out);
    let bytes = fs::read(&caught[0]).unwrap();
    fs::write(&caught[0], &bytes[..bytes.len() / 2]).unwrap();
    fs::write(&caught[1], "no checkpoint").unwrap();
    for entry in fs::read_dir(caught[2].parent().unwrap()).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("history-to-") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    let resumed = Outcome::success(&mut long(out));
    assert_eq!(resumed.stderr.matches("; starting over").count(), 3, "{}", resumed.stderr);
    Outcome::success(&mut long(straight.path()));
    assert_same(&results(out), &results(straight.path()));
}

#[test]
fn a_net_that_fails_leaves_a_hole_and_the_others_are_finished() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    let plan = Outcome::success(sweep(out).arg("--plan")).stdout;
    let line =
        plan.lines().find(|line| line.contains(" net ") && line.contains(" FCN8-small-bu-s0 ")).unwrap();
    let obstacle = out.join("nets").join(line.split_whitespace().nth(3).unwrap());
    fs::create_dir_all(out.join("nets")).unwrap();
    symlink("nowhere", &obstacle).unwrap(); // nothing is there, and nothing can be put there
    let says = ["1 cell failed", "FCN8-small-bu-s0: ", "cannot be made", "saved at update 15"];
    Outcome::failure(&mut sweep(out), &says);
    assert_eq!(csv(&tables(out).join("runs.csv")).1.len(), 2 * 3, "the others are finished");
    let report = text(&tables(out).join("report.html"));
    assert!(report.contains("Cells that failed") && report.contains("FCN8-small-bu-s0"));
    fs::remove_file(&obstacle).unwrap();
    let filled = Outcome::success(&mut sweep(out));
    assert!(filled.stderr.contains("1 net trained, 1 scored"), "{}", filled.stderr);
    assert_eq!(csv(&tables(out).join("runs.csv")).1.len(), 3 * 3);
}

/// `command` with files no longer than so many kilobytes: each longer write fails, as on a full disk.
fn on_a_full_disk(command: &Command, kilobytes: u32) -> Command {
    let mut shell = Command::new("bash");
    shell.current_dir(command.get_current_dir().unwrap());
    shell.args(["-c", "trap '' XFSZ; ulimit -f $0; exec \"$@\"", &kilobytes.to_string()]);
    shell.arg(command.get_program()).args(command.get_args());
    shell
}

#[test]
fn a_full_disk_is_told_and_the_next_run_goes_on() {
    let (folder, straight) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let out = folder.path();
    let says = ["FCN8-small-bu-s0: ", "failed: ", "checkpoint", "File too large"];
    Outcome::failure(&mut on_a_full_disk(&sweep(out), 4), &says);
    assert!(checkpoints(out).is_empty(), "nothing is half written");
    Outcome::success(&mut sweep(out));
    Outcome::success(&mut sweep(straight.path()));
    assert_same(&results(out), &results(straight.path()));
}

#[test]
fn a_training_that_diverges_says_at_which_batch_and_rate() {
    let folder = tempfile::tempdir().unwrap();
    let says = ["3 cells failed", "on batch ", "of seed 0", "learning rate 1", "training has diverged"];
    Outcome::failure(sweep(folder.path()).args(["--set", "training.learning_rate=1e30"]), &says);
    assert!(
        !tables(folder.path()).join("auc.csv").exists(),
        "no table of nothing: what an earlier run wrote stays"
    );
}

#[test]
fn without_anomalies_the_auc_is_undefined_and_scores_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = text(&tests::repository().join("experiments/datasets/toycar-synth.yaml"));
    let (before, after) = manifest.split_once("  - files: [\"anomaly/").unwrap();
    let after = &after[after.find("mixing:").unwrap()..];
    let path = folder.path().join("no-anomalies.yaml");
    fs::write(&path, format!("{before}{after}")).unwrap();
    let (out, manifest) = (folder.path().join("out"), format!("data.manifest={}", path.display()));
    let run = Outcome::success(sweep(&out).args(["--only", "-bu-", "--set", &manifest]));
    assert!(run.stderr.contains("no anomaly-test sound: the AUC is undefined"), "{}", run.stderr);
    assert!(run.stdout.contains("the AUC is undefined"), "{}", run.stdout);
    assert!(csv(&tables(&out).join("auc.csv")).1.is_empty(), "and not 0.5");
    assert!(
        text(&tables(&out).join("report.html"))
            .contains("No anomaly in the test set of FCN8-small: the AUC is undefined")
    );
    let score = score(&tables(&out), "FCN8-small-bu-s0");
    assert_eq!(csv(&score.join("scores.csv")).1.len(), 280 / 20);
    assert!(text(&score.join("metrics.json")).contains("training_score_90"));
}
