//! `verify` on a table of readings.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::files::{assert_same, csv, nets, results, text};
use tests::{Outcome, repository, xtask};

/// A file of readings beside a shortened ring.
fn written(folder: &Path, readings: &str) -> PathBuf {
    let ring = text(&repository().join("experiments/ring.yaml"));
    let ring = ring.replace("updates: 5000", "updates: 100").replace("points: 601", "points: 61");
    fs::write(folder.join("base.yaml"), ring).unwrap();
    let path = folder.join("few.yaml");
    fs::write(&path, format!("base: base.yaml\nseeds: 2\nvary:\n{readings}")).unwrap();
    path
}

fn run(path: &Path, out: &Path) -> Command {
    let mut command = xtask();
    command.arg("verify").arg(path).arg("--out").arg(out);
    command
}

const TWO: &str = "  - reading:\n      Defaults: {}\n      lambda D: { loss.lambda: 2.0 }\n";

#[test]
fn each_reading_is_a_row_and_the_nearest_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), TWO);
    let out = folder.path().join("out");
    let outcome = Outcome::success(&mut run(&path, &out));
    let (header, rows) = csv(&out.join("few/readings.csv"));
    let columns = "reading,seeds,kld_p_re_mean,kld_p_re_sd,kld_p_snp_mean,kld_p_snp_sd,kld_p_bu_mean,kld_p_bu_sd,\
                   kld_u_re_mean,kld_u_re_sd,kld_u_snp_mean,kld_u_snp_sd,kld_u_bu_mean,kld_u_bu_sd,distance";
    assert_eq!(header.join(","), columns);
    assert_eq!([rows.len(), rows[0].len(), rows[1].len()], [2, 15, 15]);
    assert_eq!([rows[0][0].as_str(), rows[1][0].as_str()], ["Defaults", "lambda D"]);
    assert_eq!(rows[0][2..4], rows[1][2..4], "λ is nothing to RE");
    assert_ne!(rows[0][4..6], rows[1][4..6], "but to SNP");
    assert_eq!(nets(&out).len(), 10, "the two nets of RE serve both readings");
    let distances = [0, 1].map(|row| rows[row][14].parse::<f64>().unwrap());
    assert!((distances[0] - distance(&rows[0])).abs() < 1e-4, "{distances:?}");
    let nearest = if distances[0] <= distances[1] { "Defaults" } else { "lambda D" };
    let told = format!("Nearest to the printed numbers: {nearest}, at {:.3}", distances[0].min(distances[1]));
    assert!(outcome.stdout.contains(&told), "{}", outcome.stdout);
    assert!(fs::read(out.join("few/readings.parquet")).unwrap().starts_with(b"PAR1"));

    let again = Outcome::success(&mut run(&path, &out));
    assert!(again.stderr.contains("All 12 nets are trained and scored"), "{}", again.stderr);
    let one = folder.path().join("one");
    Outcome::success(run(&path, &one).args(["--jobs", "1"]));
    assert_same(&results(&one), &results(&out));
}

/// Root mean square of ln(ours / printed) over the six numbers of a row.
fn distance(row: &[String]) -> f64 {
    let printed = [1.395, 0.222, 0.403, 0.913, 0.333, 0.083];
    let square =
        |(index, printed): (usize, &f64)| (row[2 + 2 * index].parse::<f64>().unwrap() / printed).ln().powi(2);
    (printed.iter().enumerate().map(square).sum::<f64>() / 6.0).sqrt()
}

#[test]
fn a_reading_that_fails_leaves_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let readings = format!("{TWO}      too fast: {{ training.learning_rate: 1.0e+30 }}\n");
    let path = written(folder.path(), &readings);
    let out = folder.path().join("out");
    let says = ["6 cells failed", "too-fast-re-s0: ", "the objective became", "training has diverged"];
    Outcome::failure(&mut run(&path, &out), &says);
    let rows = csv(&out.join("few/readings.csv")).1;
    assert_eq!(rows.len(), 3);
    assert!(rows[..2].iter().flatten().all(|cell| !cell.is_empty()));
    assert_eq!(rows[2][0], "too fast");
    assert_eq!(rows[2][1], "0");
    assert!(rows[2][2..].iter().all(|cell| cell.is_empty()), "{:?}", rows[2]);
}

#[test]
fn bad_readings_are_refused_and_named() {
    let cases: [(&str, &[&str]); 9] = [
        (
            "  - reading: { flat: { loss.sigma: 0 } }\n",
            &["few.yaml:4: vary[0].reading: loss.sigma=0", "found 0"],
        ),
        ("  - loss.lambda: [2D, 2X]\n", &["few.yaml:4: vary[0].loss.lambda: loss.lambda=2X", "2X"]),
        ("  - reading: { typo: { loss.sigmma: 1 } }\n", &["vary[0].reading", "did you mean `sigma`?"]),
        ("  - loss.sigmma: [1, 2]\n", &["vary[0].loss.sigmma", "did you mean `sigma`?"]),
        ("  - reading: { same: {}, Same!: {} }\n", &["few.yaml:4", "`Same!`", "differ"]),
        ("  - loss.top_share: [0, 1]\n", &["few.yaml", "loss.top_share", "changes no net and no score here"]),
        ("  3\n", &["few.yaml", "vary: found no list"]),
        ("  - reading: []\n", &["vary[0].reading", "found no value", "at least 1"]),
        ("  - reading: { \"!\": {} }\n", &["few.yaml", "found !", "a name with settings"]),
    ];
    for (readings, says) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path(), readings);
        let out = folder.path().join("out");
        Outcome::refusal(&mut run(&path, &out), says);
        assert!(!out.exists());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), TWO);
    let out = folder.path().join("out");
    fs::write(&path, text(&path).replace("base.yaml", "none.yaml")).unwrap();
    Outcome::refusal(&mut run(&path, &out), &["few.yaml:1: base: ", "none.yaml: cannot be read"]);
    fs::write(folder.path().join("none.yaml"), "base: base.yaml\n").unwrap();
    Outcome::refusal(&mut run(&path, &out), &["few.yaml:1: base: ", "has a base itself"]);
}
