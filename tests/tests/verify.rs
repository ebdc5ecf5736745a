//! What `verify` writes and prints, and what a second run does.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use tests::files::{assert_same, contents, csv, net, nets, results, score, text};
use tests::{Outcome, repository, verify, xtask};

const NET_FILES: [&str; 6] =
    ["SHA256SUMS", "env.json", "history.csv", "log.txt", "net.json", "weights.safetensors"];

#[test]
fn tables_figures_and_report_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("new/results");
    let outcome = Outcome::success(verify(&root).args(["--seeds", "2"]));
    let folders: Vec<_> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(folders.len(), 3, "nets, scores and the ring's tables: {folders:?}");
    let out = root.join("ring");
    let names: BTreeSet<String> = contents(&out).keys().map(|path| path.display().to_string()).collect();
    let expected = [
        "COLUMNS.md",
        "cells.csv",
        "figure2.png",
        "figure2.svg",
        "figure3.png",
        "figure3.svg",
        "report.html",
        "runs.csv",
        "runs.parquet",
        "settings.yaml",
        "table1.csv",
        "table1.parquet",
    ];
    assert_eq!(names, expected.map(str::to_owned).into());
    check_tables(&out);
    check_figures(&out);
    check_report(&text(&out.join("report.html")));
    check_print(&outcome.stdout);
}

fn check_tables(out: &Path) {
    let (header, rows) = csv(&out.join("table1.csv"));
    let columns = "loss,seeds,kld_p_mean,kld_p_sd,kld_u_mean,kld_u_sd,kld_p_paper,kld_u_paper";
    assert_eq!(header.join(","), columns);
    let (runs_header, runs) = csv(&out.join("runs.csv"));
    let run_columns = "loss,seed,kld_p,kld_u,max_score_normal,mean_score_normal,min_score_anomalous";
    assert_eq!(runs_header.join(","), run_columns);
    let names: Vec<[&str; 2]> = runs.iter().map(|row| [row[0].as_str(), row[1].as_str()]).collect();
    let expected = [["RE", "0"], ["SNP", "0"], ["BU", "0"], ["RE", "1"], ["SNP", "1"], ["BU", "1"]];
    assert_eq!(names, expected);

    let printed = [("RE", "1.395000,0.913000"), ("SNP", "0.222000,0.333000"), ("BU", "0.403000,0.083000")];
    assert_eq!(rows.len(), printed.len());
    for (row, (loss, paper)) in rows.iter().zip(printed) {
        assert_eq!([row[0].as_str(), row[1].as_str(), row[6..].join(",").as_str()], [loss, "2", paper]);
        for (mean, run) in [(2, 2), (4, 3)] {
            let values: Vec<f64> = runs
                .iter()
                .filter(|cells| cells[0] == loss)
                .map(|cells| cells[run].parse().unwrap())
                .collect();
            let [a, b] = values[..] else { panic!("two seeds") };
            assert_near(&row[mean], (a + b) / 2.0);
            assert_near(&row[mean + 1], (a - b).abs() / 2.0_f64.sqrt());
            assert!(a != b, "seeds differ");
        }
    }
    let parquet = fs::read(out.join("table1.parquet")).unwrap();
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    for column in columns.split(',') {
        assert!(parquet.windows(column.len()).any(|part| part == column.as_bytes()), "{column}");
    }
}

fn assert_near(found: &str, expected: f64) {
    let found: f64 = found.parse().unwrap();
    assert!((found - expected).abs() < 2e-6, "found {found}, expected {expected}");
}

fn check_figures(out: &Path) {
    for figure in ["figure2", "figure3"] {
        let png = fs::read(out.join(figure).with_extension("png")).unwrap();
        assert!(png.starts_with(b"\x89PNG\r\n") && png.len() > 10_000, "{figure}: {} bytes", png.len());
        let svg = text(&out.join(figure).with_extension("svg"));
        assert!(svg.contains("<svg") && svg.trim_end().ends_with("</svg>"), "{figure}");
    }
}

/// The report with its pictures cut out.
fn check_report(report: &str) {
    let mut parts = report.split("src=\"data:image/png;base64,");
    let mut page = parts.next().unwrap().to_owned();
    let pictures: Vec<&str> = parts.collect();
    assert_eq!(pictures.len(), 2, "both figures are inside");
    for picture in pictures {
        let (data, rest) = picture.split_once('"').unwrap();
        assert!(data.len() > 10_000);
        page += rest;
    }
    for fetched in ["http", "src=", "@import", "url(", "<iframe"] {
        assert!(!page.contains(fetched), "{fetched}");
    }
    for part in ["Table 1", "Claims of Sec. 4.1.2", "Settings", "Provenance", "sigma: 2D", "updates: 200"] {
        assert!(page.contains(part), "{part}");
    }
}

fn check_print(stdout: &str) {
    assert!(stdout.starts_with("Table 1, mean ± sd over 2 seeds\n"), "{stdout}");
    for part in ["D(p||q)", "D(U||q)", "paper", "differs by", "1.395", "0.083", " sd"] {
        assert!(stdout.contains(part), "{part}:\n{stdout}");
    }
    for claim in [
        "BU has the lowest D(U||q)",
        "SNP and BU have far lower D(p||q) than RE",
        "RE gives anomalous samples a low score",
        "BU lowers the maximum score of normal samples against SNP",
    ] {
        let verdict = stdout.lines().find_map(|line| line.strip_suffix(claim)).unwrap().trim();
        assert!(["holds", "does not hold", "undecided"].contains(&verdict), "{claim}: {verdict}");
    }
}

#[test]
fn a_net_and_its_score_hold_what_their_sums_say() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    Outcome::success(verify(root).args(["--seeds", "1"]));
    assert_eq!(nets(root).len(), 3);
    for label in ["ring-re-s0", "ring-snp-s0", "ring-bu-s0"] {
        let (net, score) = (net(&root.join("ring"), label), score(&root.join("ring"), label));
        let names = |folder: &Path| -> Vec<String> {
            contents(folder).keys().map(|path| path.display().to_string()).collect()
        };
        assert_eq!(names(&net), NET_FILES);
        assert_eq!(names(&score), ["SHA256SUMS", "metrics.json", "scores.csv"]);
        for folder in [&net, &score] {
            let mut check = Command::new("sha256sum");
            check.current_dir(folder).args(["--check", "--strict", "SHA256SUMS"]);
            assert!(check.output().unwrap().status.success(), "{label}");
        }
        let (header, history) = csv(&net.join("history.csv"));
        assert!(
            header.join(",").starts_with("update,objective,normal,anomalous,mean_score_normal,"),
            "{header:?}"
        );
        let updates: Vec<&str> = history.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(updates, ["50", "100", "150", "200"]);
        let (header, scores) = csv(&score.join("scores.csv"));
        assert_eq!(header.join(","), "x1,x2,anomaly_score");
        assert_eq!(scores.len(), 7 * 7, "every tenth of 61 nodes");
        assert!(text(&net.join("log.txt")).contains("from update 0 of 200"));
    }
}

#[test]
fn a_second_run_finds_everything_done() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    let first = Outcome::success(verify(out).args(["--seeds", "2"]));
    let before = [contents(&out.join("nets")), contents(&out.join("scores"))];
    let all = results(out);
    let second = Outcome::success(verify(out).args(["--seeds", "2"]));
    assert!(second.stderr.contains("All 6 nets are trained and scored"), "{}", second.stderr);
    assert_eq!(second.stdout, first.stdout);
    assert_same(&contents(&out.join("nets")), &before[0]);
    assert_same(&contents(&out.join("scores")), &before[1]);
    assert_same(&results(out), &all);
}

#[test]
fn more_seeds_train_only_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    Outcome::success(verify(out).args(["--seeds", "1"]));
    let more = Outcome::success(verify(out).args(["--seeds", "2"]));
    assert!(more.stderr.contains("3 nets trained, 3 scored"), "{}", more.stderr);
    let fresh = tempfile::tempdir().unwrap();
    Outcome::success(verify(fresh.path()).args(["--seeds", "2"]));
    assert_same(&results(out), &results(fresh.path()));
}

#[test]
fn without_arguments_the_ring_of_the_working_folder_is_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("experiments")).unwrap();
    let ring = text(&repository().join("experiments/ring.yaml"));
    let short = ring.replace("seeds: 10", "seeds: 1").replace("updates: 5000", "updates: 100");
    fs::write(folder.path().join("experiments/ring.yaml"), short.replace("points: 601", "points: 61"))
        .unwrap();
    Outcome::success(xtask().current_dir(folder.path()).arg("verify"));
    assert_eq!(csv(&folder.path().join("results/ring/runs.csv")).1.len(), 3);
}
