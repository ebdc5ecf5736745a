//! AMSGrad against PyTorch over a thousand steps.

#[path = "../../../tests/fixtures/reference.rs"]
mod reference;

use models::{AmsGrad, AmsGradConfig};
use reference::Bell;

const PARAMETERS: usize = 17;
const STEPS: usize = 1000;

#[derive(serde::Deserialize)]
struct Fixture {
    gradients: Vec<Check>,
    runs: Vec<Run>,
}

#[derive(serde::Deserialize)]
struct Check {
    step: usize,
    gradient: Vec<f64>,
}

#[derive(serde::Deserialize)]
struct Run {
    schedule: String,
    precision: String,
    history: Vec<Stored>,
}

#[derive(serde::Deserialize)]
struct Stored {
    step: usize,
    parameters: Vec<f64>,
}

/// The gradients that `make.py` describes.
fn gradients() -> Vec<Vec<f64>> {
    let noise: Vec<f32> = Bell::new(2).take(STEPS * PARAMETERS).collect();
    let gradient = |(index, noise): (usize, &[f32])| -> Vec<f64> {
        let t = index + 1;
        let scaled = noise.iter().enumerate().map(|(i, z)| (i, 4f64.powi(i as i32 - 12) * f64::from(*z)));
        let decided = scaled.map(|(i, g)| match i % 4 {
            _ if i == 16 => 0.0,
            0 => g,
            1 => g * 64.0 / (64.0 + t as f64),
            2 => g * if t <= 20 { 1024.0 } else { 1.0 },
            _ => g * if t % 10 == 0 { 1.0 } else { 0.0 },
        });
        decided.collect()
    };
    noise.chunks_exact(PARAMETERS).enumerate().map(gradient).collect()
}

fn learning_rate(schedule: &str, step: usize) -> f64 {
    if schedule == "constant" || step <= 500 {
        1e-3
    } else {
        1e-3 * (1.0 - 0.99 * (step - 500) as f64 / 500.0)
    }
}

#[test]
fn a_thousand_steps_agree_with_pytorch() {
    let fixture: Fixture = reference::json("amsgrad/amsgrad.json");
    let gradients = gradients();
    for check in &fixture.gradients {
        for (found, expected) in gradients[check.step - 1].iter().zip(&check.gradient) {
            assert!((found - expected).abs() <= 1e-15 * expected.abs(), "the recipe at step {}", check.step);
        }
    }
    for run in &fixture.runs {
        let mut parameters: Vec<f32> = Bell::new(1).take(PARAMETERS).collect();
        let mut optimizer = AmsGrad::new(PARAMETERS, AmsGradConfig::default());
        for (index, gradient) in gradients.iter().enumerate() {
            let (step, gradient) = (index + 1, gradient.iter().map(|g| *g as f32).collect::<Vec<_>>());
            optimizer.update(&mut parameters, &gradient, learning_rate(&run.schedule, step));
            let Some(stored) = run.history.iter().find(|stored| stored.step == step) else { continue };
            for (i, (found, expected)) in parameters.iter().zip(&stored.parameters).enumerate() {
                let error = (f64::from(*found) - expected).abs();
                let what = format!("{} {} step {step} parameter {i}", run.schedule, run.precision);
                // A step moves a parameter by up to 1e-3, and rounds it to 1e-7 of itself.
                assert!(error < 2e-6 + 1e-7 * step as f64, "{what}: {found}, expected {expected}");
            }
        }
    }
}
