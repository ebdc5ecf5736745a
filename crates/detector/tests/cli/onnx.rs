//! The exported network in onnxruntime has our scores.
//!
//! Needs Python with NumPy and onnxruntime, found in the path or named by `PYTHON`. Without them the test says so and
//! passes, unless `REQUIRE_ONNX` is set.

use std::process::Command;

use serde_json::Value;
use tests::{Outcome, python, repository};

use crate::machine::{detector, fitted, running, whistle, write};

#[test]
fn onnxruntime_scores_a_file_as_the_program_does() {
    let Some(python) = python("numpy, onnxruntime", "REQUIRE_ONNX", "no network was run by it") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (model, path) = (folder.path().join("m.onnx"), folder.path().join("a.wav"));
    Outcome::success(detector().arg("export").arg(fitted()).arg("--onnx").arg(&model));
    for has_whistle in [false, true] {
        let mut samples = running(6.0, 31);
        if has_whistle {
            whistle(&mut samples, 2.0, 3.0);
        }
        write(&path, &samples);
        let mut command = Command::new(&python);
        command.arg(repository().join("tests/python/onnx_scores.py")).arg(&model).arg(&path);
        let theirs: f64 = Outcome::success(&mut command).stdout.trim().parse().unwrap();
        let ours = Outcome::of(detector().arg("score").arg(fitted()).arg(&path).arg("--json"));
        let ours: Value = serde_json::from_str(&ours.stdout).unwrap();
        let ours = ours["score"].as_f64().unwrap();
        assert!((theirs / ours - 1.0).abs() < 1e-4, "onnxruntime {theirs}, here {ours}");
    }
}
