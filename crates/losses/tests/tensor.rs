//! The objectives on candle's tensors: against PyTorch, and against their twins on slices.

#[path = "../../../tests/fixtures/reference.rs"]
mod reference;

use candle_core::{Device, Tensor, Var};
use losses::{KdeConfig, Objective, Term, Weigher, Weighting};
use reference::Bell;

#[derive(serde::Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    normal: Vec<f32>,
    anomalous: Vec<f32>,
    weights: Vec<f32>,
    results: Vec<Expected>,
}

#[derive(serde::Deserialize)]
struct Expected {
    objective: String,
    lambda: f64,
    value: f64,
    gradient_normal: Vec<f64>,
    gradient_anomalous: Vec<f64>,
}

#[test]
fn values_and_gradients_agree_with_pytorch() {
    let var = |scores: &[f32]| Var::from_slice(scores, scores.len(), &Device::Cpu).unwrap();
    for case in reference::json::<Fixture>("objective/objective.json").cases {
        let (normal, anomalous, weights) = (var(&case.normal), var(&case.anomalous), var(&case.weights));
        for expected in &case.results {
            let term = match expected.objective.as_str() {
                "re" => Term::None,
                _ => Term::Tanh { lambda: expected.lambda },
            };
            let weights = (expected.objective == "bu").then(|| weights.detach());
            let objective = Objective { weighting: Weighting::Uniform, term };
            let value = objective.tensor(&normal, weights.as_ref(), &anomalous).unwrap();
            let total = f64::from(value.to_scalar::<f32>().unwrap());
            let name = format!("{} at lambda {}", expected.objective, expected.lambda);
            assert!((total - expected.value).abs() < 1e-6 * expected.value.abs().max(1.0), "{name}: {total}");
            let gradients = value.backward().unwrap();
            for (var, expected) in
                [(&normal, &expected.gradient_normal), (&anomalous, &expected.gradient_anomalous)]
            {
                let found = match gradients.get(var) {
                    Some(gradient) => gradient.to_vec1::<f32>().unwrap(),
                    None => vec![0.0; var.elem_count()],
                };
                let near = |(a, b): (&f32, &f64)| (f64::from(*a) - b).abs() < 3e-7;
                assert!(found.iter().zip(expected).all(near), "{name}");
            }
        }
    }
}

#[test]
fn weights_agree_with_those_of_slices() {
    for (rows, dim, sigma) in [(50, 2, 4.0), (40, 30, 1.0 / 60.0)] {
        let x: Vec<f32> = Bell::new(9).take(rows * dim).collect();
        let scores: Vec<f32> = Bell::new(11).take(rows).map(|z| z * z).collect();
        for standardize in [false, true] {
            // Features of unlike spread, and a constant one.
            let x: Vec<f32> =
                x.iter().enumerate().map(|(i, x)| (i % dim) as f32 / dim as f32 * x + 0.1).collect();
            let weighting = Weighting::Density(KdeConfig { sigma, epsilon: 1e-6, standardize });
            let mut weigher = Weigher::new(weighting, dim, 1).unwrap();
            let expected = weigher.weigh(&x, &scores);
            let x = Tensor::from_slice(&x, (rows, dim), &Device::Cpu).unwrap();
            let scores = Tensor::from_slice(&scores, rows, &Device::Cpu).unwrap();
            let found = weighting.tensor(&x, &scores).unwrap().unwrap().to_vec1::<f32>().unwrap();
            assert!(found.iter().zip(expected).all(|(a, b)| (a / b - 1.0).abs() < 1e-5), "{weighting:?}");
        }
    }
}
