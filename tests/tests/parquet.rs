//! Tables in Parquet, read by the readers that others use; and what is said of their columns.
//!
//! Reading needs Python with pyarrow and pandas. Without it the test says so and passes, unless `REQUIRE_PYARROW` is set.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::path::Path;
use std::process::Command;

use tests::files::contents;
use tests::{Outcome, python, repository, sounds, sweep, verify};

#[test]
fn every_column_is_explained_and_pyarrow_and_pandas_read_every_table_with_and_without_rows() {
    let folder = tempfile::tempdir().unwrap();
    let sounds = sounds(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let [ring, whole, empty] = ["ring", "whole", "empty"].map(|name| folder.path().join(name));
    Outcome::success(verify(&ring).args(["--seeds", "2"]));
    Outcome::success(sweep(&sounds, &whole).args(["--set", "losses=[RE, BU]"]));
    // Without anomalies there is no AUC, and its table has no row.
    let manifest = repository().join("experiments/datasets/toycar-synth.yaml");
    let text = std::fs::read_to_string(manifest).unwrap();
    let without =
        text.split("  - files: [\"anomaly/").next().unwrap().to_owned() + "mixing:\n  noise_snr_db: 0\n";
    let path = folder.path().join("without.yaml");
    std::fs::write(&path, without).unwrap();
    let change = format!("data.manifest={}", path.display());
    Outcome::success(sweep(&sounds, &empty).args(["--set", "losses=[RE]", "--set", &change]));
    let rows = std::fs::read_to_string(empty.join("toycar-smoke/auc.csv")).unwrap().lines().count();
    assert_eq!(rows, 1, "a head alone");

    for told in [ring.join("ring"), whole.join("toycar-smoke")].map(|folder| folder.join("COLUMNS.md")) {
        let told = std::fs::read_to_string(told).unwrap();
        assert!(told.contains("## runs") && told.contains("| seed |"), "{told}");
        assert!(!told.contains("|  |"), "a column that nobody has explained: {told}");
    }

    let modules = "pandas, pyarrow.parquet";
    let Some(python) = python(modules, "REQUIRE_PYARROW", "no Parquet file was read by another reader")
    else {
        return;
    };
    let script = repository().join("tests/python/parquet.py");
    let read = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    let told = String::from_utf8_lossy(&read.stderr).into_owned();
    assert!(read.status.success(), "{told}");
    let tables = contents(folder.path());
    let tables = tables.keys().filter(|path| path.extension().is_some_and(|ending| ending == "parquet"));
    assert_eq!(String::from_utf8_lossy(&read.stdout).trim(), tables.count().to_string());
}
