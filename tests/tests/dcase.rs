//! `sweep` on folders as DCASE2020 task 2 has them: a net a machine, and the files that the challenge's tools read.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::fs;
use std::path::Path;
use std::process::Command;

use tests::files::{csv, nets, score, text};
use tests::{Outcome, sounds, xtask};

/// Copies `count` test sounds of `car`, from number `first` on, to the set in `root` as `kind`.
fn put(root: &Path, car: &str, first: usize, count: usize, folder: &str, kind: &str) {
    let from = sounds(Path::new(env!("CARGO_TARGET_TMPDIR"))).join(format!("car/{car}/test"));
    let folder = root.join(folder);
    fs::create_dir_all(&folder).unwrap();
    let digits = if kind.starts_with("section") { 4 } else { 8 };
    for index in 0..count {
        let to = folder.join(format!("{kind}_{index:0digits$}.wav"));
        fs::copy(from.join(format!("{:03}.wav", first + index)), to).unwrap();
    }
}

/// Two machines, one of them with two numbers and a third that nobody has labelled.
fn small_set(root: &Path) {
    put(root, "car1", 0, 4, "dev_data/ToyCar/train", "normal_id_01");
    put(root, "car2", 0, 4, "dev_data/ToyCar/train", "normal_id_02");
    put(root, "car1", 10, 5, "dev_data/ToyCar/test", "normal_id_01");
    put(root, "car3", 0, 4, "dev_data/ToyCar/test", "anomaly_id_01");
    put(root, "car2", 10, 5, "dev_data/ToyCar/test", "normal_id_02");
    put(root, "car3", 10, 4, "dev_data/ToyCar/test", "anomaly_id_02");
    put(root, "car3", 20, 4, "eval_data/ToyCar/train", "normal_id_05");
    put(root, "car3", 30, 3, "eval_data/ToyCar/test", "id_05");
    put(root, "car4", 0, 6, "dev_data/ToyConveyor/train", "normal_id_01");
    put(root, "car4", 10, 5, "dev_data/ToyConveyor/test", "normal_id_01");
    put(root, "car3", 40, 4, "dev_data/ToyConveyor/test", "anomaly_id_01");
}

fn sweep(root: &Path, out: &Path) -> Command {
    let mut command = xtask();
    command.args(["sweep", "experiments/dcase2020.yaml", "--out"]).arg(out);
    command.arg("--set").arg(format!("data.root={}", root.display()));
    for change in [
        "front_ends={FCN8: {bands: 8, context: 1}}",
        "networks={small: {hidden: 0, units: 8, code: 4}}",
        "losses=[RE, BU]",
        "training.updates=10",
        "training.history_every=5",
        "batch.pieces=8",
    ] {
        command.args(["--set", change]);
    }
    command
}

/// Lines of a file without a head, split at the last comma.
fn pairs(path: &Path) -> Vec<(String, f64)> {
    let pair = |line: &str| {
        let (name, value) = line.rsplit_once(',').unwrap();
        (name.to_owned(), value.parse().unwrap())
    };
    text(path).lines().map(pair).collect()
}

/// The share of pairs in which the anomalous file scores higher.
fn auc(scores: &[(String, f64)]) -> f64 {
    let of = |word: &str| {
        scores.iter().filter(|(name, _)| name.starts_with(word)).map(|(_, score)| *score).collect()
    };
    let (normal, anomalous): (Vec<f64>, Vec<f64>) = (of("normal"), of("anomaly"));
    let wins = anomalous.iter().flat_map(|a| normal.iter().filter(move |n| a > n)).count();
    wins as f64 / (normal.len() * anomalous.len()) as f64
}

#[test]
fn each_machine_gets_a_net_and_the_challenges_files() {
    let folder = tempfile::tempdir().unwrap();
    let (root, out) = (folder.path().join("set"), folder.path().join("out"));
    small_set(&root);
    let plan = Outcome::success(sweep(&root, &out).arg("--plan")).stdout;
    assert!(plan.contains("4 of 4 nets to train"), "2 machines x 2 losses: {plan}");
    Outcome::success(&mut sweep(&root, &out));
    let rows = csv(&out.join("dcase2020/auc.csv")).1;
    let models: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(
        models,
        ["ToyCar-FCN8-small", "ToyCar-FCN8-small", "ToyConveyor-FCN8-small", "ToyConveyor-FCN8-small"]
    );
    assert!(rows.iter().all(|row| row[2].is_empty()), "anomalies are whole recordings: no ANR");

    let files = out.join("dcase2020/dcase/FCN8-small-bu-s0");
    let scores = pairs(&files.join("anomaly_score_ToyCar_id_01.csv"));
    assert_eq!(scores.len(), 5 + 4);
    assert!(scores.iter().any(|(name, _)| name == "anomaly_id_01_00000003.wav"), "{scores:?}");
    let (head, rows) = csv(&score(&out.join("dcase2020"), "ToyCar-FCN8-small-bu-s0").join("scores.csv"));
    let mean = head.iter().position(|name| name == "mean").unwrap();
    for (name, score) in &scores {
        let row = rows.iter().find(|row| row[0].ends_with(name.as_str())).unwrap();
        assert!((row[mean].parse::<f64>().unwrap() - score).abs() < 1e-4 * score, "{name}");
    }
    let decisions = pairs(&files.join("decision_result_ToyCar_id_01.csv"));
    assert_eq!(decisions.len(), scores.len());
    assert!(decisions.iter().all(|(_, decision)| *decision == 0.0 || *decision == 1.0));
    let ranked = |decision: f64, fold: fn(f64, f64) -> f64, start: f64| {
        let of = scores.iter().zip(&decisions).filter(|(_, (_, found))| *found == decision);
        of.map(|((_, score), _)| *score).fold(start, fold)
    };
    assert!(ranked(1.0, f64::min, f64::INFINITY) > ranked(0.0, f64::max, 0.0), "a threshold decides");
    assert_eq!(pairs(&files.join("anomaly_score_ToyCar_id_05.csv")).len(), 3, "unlabelled files are scored");

    let result = text(&files.join("result.csv"));
    let lines: Vec<&str> = result.lines().collect();
    assert_eq!(&lines[..2], ["ToyCar", "id,AUC,pAUC"]);
    let areas: Vec<f64> = lines[2].split(',').skip(1).map(|area| area.parse().unwrap()).collect();
    assert!(lines[2].starts_with("01,") && (areas[0] - auc(&scores)).abs() < 1e-12, "{result}");
    assert!(lines[3].starts_with("02,") && lines[4].starts_with("Average,"), "{result}");
    assert_eq!(&lines[5..8], ["", "ToyConveyor", "id,AUC,pAUC"], "{result}");
}

/// Two machines as 2022 and later have them, in one section of two domains.
fn set_of_sections(root: &Path) {
    for (machine, source, target) in [("fan", "car1", "car2"), ("valve", "car4", "car3")] {
        let folder = |split: &str| format!("dev_data/raw/{machine}/{split}");
        put(root, source, 0, 8, &folder("train"), "section_00_source_train_normal");
        put(root, source, 10, 6, &folder("test"), "section_00_source_test_normal");
        put(root, target, 20, 5, &folder("test"), "section_00_target_test_normal");
        put(root, source, 30, 4, &folder("test"), "section_00_source_test_anomaly");
        put(root, target, 40, 4, &folder("test"), "section_00_target_test_anomaly");
    }
}

#[test]
fn sections_and_domains_are_measured_and_named_as_the_official_tools_have_them() {
    let folder = tempfile::tempdir().unwrap();
    let (root, out) = (folder.path().join("set"), folder.path().join("out"));
    set_of_sections(&root);
    let manifest = "data.manifest=experiments/datasets/dcase2023-task2.yaml";
    Outcome::success(sweep(&root, &out).args(["--set", manifest, "--set", "losses=[RE]"]));
    let (head, rows) = csv(&score(&out.join("dcase2020"), "fan-FCN8-small-re-s0").join("scores.csv"));
    let [file, domain, section, mean] = ["file", "domain", "section", "mean"]
        .map(|name| head.iter().position(|column| column == name).unwrap());
    assert!(rows.iter().all(|row| row[section] == "00" && row[file].contains(&row[domain])), "{rows:?}");

    let files = out.join("dcase2020/dcase/FCN8-small-re-s0");
    assert_eq!(pairs(&files.join("anomaly_score_fan_section_00_test.csv")).len(), 6 + 5 + 4 + 4);
    assert_eq!(pairs(&files.join("decision_result_fan_section_00_test.csv")).len(), 6 + 5 + 4 + 4);
    let table = text(&files.join("result_DCASE2023T2fan_test_seed0_id(0_)_roc.csv"));
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0][..4], ["section", "AUC (source)", "AUC (target)", "pAUC"]);
    let of = |is_meant: &dyn Fn(&str) -> bool| -> Vec<f64> {
        rows.iter().filter(|row| is_meant(&row[file])).map(|row| row[mean].parse().unwrap()).collect()
    };
    for (column, domain) in [(1, "source_test_normal"), (2, "target_test_normal")] {
        let (normal, anomalous) = (of(&|name| name.contains(domain)), of(&|name| name.contains("anomaly")));
        let wins = anomalous.iter().flat_map(|a| normal.iter().filter(move |n| a > n)).count();
        let expected = wins as f64 / (normal.len() * anomalous.len()) as f64;
        assert!((lines[1][column].parse::<f64>().unwrap() - expected).abs() < 1e-12, "{table}");
    }
    assert_eq!([lines[2][0], lines[3][0]], ["arithmetic mean", "harmonic mean"]);

    let official = text(&files.join("official_score.csv"));
    let values: Vec<f64> =
        official.lines().skip(1).map(|line| line.rsplit_once(',').unwrap().1.parse().unwrap()).collect();
    let [score, low, high, evaluators] = values[..] else { panic!("{official}") };
    assert!(low <= score && score <= high && evaluators < high - low, "{official}");
}

#[test]
fn a_machine_without_anomalies_or_without_labels_stops_neither_the_report_nor_the_challenges_files() {
    for removed in ["anomaly", ""] {
        check_without(removed);
    }
}

/// Without ToyCar's labelled test sounds whose names begin with `removed`.
fn check_without(removed: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (root, out) = (folder.path().join("set"), folder.path().join("out"));
    small_set(&root);
    for file in fs::read_dir(root.join("dev_data/ToyCar/test")).unwrap().map(Result::unwrap) {
        if file.file_name().to_string_lossy().starts_with(removed) {
            fs::remove_file(file.path()).unwrap();
        }
    }
    let run = Outcome::success(&mut sweep(&root, &out));
    let undefined = "No anomaly in the test set of ToyCar-FCN8-small: the AUC is undefined";
    assert!(run.stdout.contains(undefined), "{}", run.stdout);
    assert!(text(&out.join("dcase2020/report.html")).contains(undefined));
    assert!(csv(&out.join("dcase2020/auc.csv")).1.iter().all(|row| row[0] == "ToyConveyor-FCN8-small"));
    for figure in ["histograms", "timeline"] {
        assert!(text(&out.join(format!("dcase2020/{figure}.svg"))).contains("ToyConveyor"), "{figure}");
    }
    let result = text(&out.join("dcase2020/dcase/FCN8-small-bu-s0/result.csv"));
    assert!(result.starts_with("ToyCar\nid,AUC,pAUC\nAverage,,\n\nToyConveyor\n"), "{result}");
    let unlabelled = out.join("dcase2020/dcase/FCN8-small-bu-s0/anomaly_score_ToyCar_id_05.csv");
    assert_eq!(pairs(&unlabelled).len(), 3);
}

#[test]
fn sounds_that_make_no_batch_are_refused_before_any_training() {
    let folder = tempfile::tempdir().unwrap();
    let (root, out) = (folder.path().join("set"), folder.path().join("out"));
    small_set(&root);
    for index in 1..6 {
        fs::remove_file(root.join(format!("dev_data/ToyConveyor/train/normal_id_01_{index:08}.wav")))
            .unwrap();
    }
    let run = Outcome::of(&mut sweep(&root, &out));
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    let says = "`pieces`: found 8, expected at most the 3 that the normal training sounds of dcase2020-task2/ToyConveyor give";
    assert!(run.stderr.contains(says), "{}", run.stderr);
    assert!(nets(&out).is_empty(), "ToyCar is not trained either");
}

#[test]
fn a_machine_whose_sounds_break_after_the_look_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let (root, out) = (folder.path().join("set"), folder.path().join("out"));
    small_set(&root);
    Outcome::success(sweep(&root, &out).arg("--plan")); // all sounds are whole, and in the index
    let broken = root.join("dev_data/ToyConveyor/test/normal_id_01_00000000.wav");
    let modified = broken.metadata().unwrap().modified().unwrap();
    let mut bytes = fs::read(&broken).unwrap();
    bytes[..4].copy_from_slice(b"JUNK");
    fs::write(&broken, bytes).unwrap();
    fs::File::options().append(true).open(&broken).unwrap().set_modified(modified).unwrap();
    let run = Outcome::of(&mut sweep(&root, &out));
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let failed = ["ToyConveyor-FCN8-small-re-s0: ", "ToyConveyor-FCN8-small-bu-s0: "];
    for says in ["2 cells failed", "normal_id_01_00000000.wav"].into_iter().chain(failed) {
        assert!(run.stderr.contains(says), "{says}: {}", run.stderr);
    }
    assert!(csv(&out.join("dcase2020/auc.csv")).1.iter().all(|row| row[0] == "ToyCar-FCN8-small"));
    assert!(text(&out.join("dcase2020/report.html")).contains("ToyConveyor-FCN8-small-bu-s0"));
    assert!(out.join("dcase2020/dcase/FCN8-small-bu-s0/result.csv").is_file());
}
