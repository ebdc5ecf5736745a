//! A net of a sweep as a detector.

use std::path::{Path, PathBuf};
use std::process::Command;

use features::log_mel::FrontEnd;
use features::rng::{Purpose, stream};
use models::{Activation, Architecture, Initial, Parameters};
use serde_json::{Value, json};
use tests::{Outcome, python, repository};

use crate::machine::{detector, recordings, running, write};

/// A net that nobody trained, in a folder as the harness leaves it.
fn net(folder: &Path) -> PathBuf {
    let front_end = FrontEnd::fcn40();
    let architecture =
        Architecture::new(vec![front_end.dim(), 16, front_end.dim()], Activation::Relu).unwrap();
    let rng = &mut stream(3, Purpose::Init, 0);
    let parameters = Parameters::draw(architecture.clone(), Initial::default(), rng);
    let settings = json!({
        "architecture": architecture,
        "objective": {"weighting": "uniform"},
        "data": {"sounds": {"front_end": front_end}},
        "schedule": {"updates": 500, "until": 100, "learning_rate": 1e-3},
        "seed": 3,
    });
    let net = folder.join("440-16-16-re-s3-0123456789abcdef");
    std::fs::create_dir_all(&net).unwrap();
    let file = json!({"name": "440-16-16-re-s3-0123456789abcdef", "settings": settings});
    std::fs::write(net.join("net.json"), file.to_string()).unwrap();
    std::fs::write(net.join("weights.safetensors"), parameters.to_bytes()).unwrap();
    net
}

#[test]
fn a_net_has_the_scores_that_it_has_in_a_sweep() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let net = net(folder.path());
    let mut from_net = detector();
    from_net.arg("from-net").arg(&net).arg("--calibrate").arg(recordings(&path("normal"), 10, 4.0));
    from_net.arg("-o").arg(path("net.detector")).args(["--false-alarms", "20%"]);
    let outcome = Outcome::success(&mut from_net);
    assert!(outcome.stdout.contains("% of files"), "{outcome:?}");
    write(&path("new.wav"), &running(4.0, 50));
    let score =
        Outcome::of(detector().arg("score").args([path("net.detector"), path("new.wav")]).arg("--json"));
    let report: Value = serde_json::from_str(score.stdout.trim()).unwrap_or_else(|_| panic!("{score:?}"));
    let Some(python) = python("numpy", "REQUIRE_NUMPY", "no net was scored by it") else { return };
    let mut reference = Command::new(&python);
    reference.arg(repository().join("tests/python/score.py")).arg(&net).arg(path("new.wav"));
    let reference = Outcome::success(&mut reference).stdout;
    let largest: f64 = reference.lines().next().unwrap().strip_prefix("max ").unwrap().parse().unwrap();
    let found = report["score"].as_f64().unwrap();
    assert!((found / largest - 1.0).abs() < 1e-5, "{found} and {largest}");
}

#[test]
fn what_is_no_net_of_sounds_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let normal = recordings(&folder.path().join("normal"), 2, 4.0);
    let refused = |net: &Path, says: &[&str]| {
        let out = folder.path().join("out.detector");
        let mut command = detector();
        command.arg("from-net").arg(net).arg("--calibrate").arg(&normal).arg("-o").arg(&out);
        let outcome = Outcome::of(&mut command);
        assert!(
            outcome.code == Some(2) && says.iter().all(|part| outcome.stderr.contains(part)),
            "{outcome:?}"
        );
        assert!(!out.exists());
    };
    refused(&normal, &["net.json", "expected the folder of a net"]);
    let net = net(folder.path());
    std::fs::write(net.join("weights.safetensors"), "nothing").unwrap();
    refused(&net, &["weights.safetensors"]);
    let text = std::fs::read_to_string(net.join("net.json")).unwrap();
    std::fs::write(net.join("net.json"), text.replace("\"sounds\"", "\"ring\"")).unwrap();
    refused(&net, &["not one of sounds"]);
}
