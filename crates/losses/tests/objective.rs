//! The objectives against PyTorch, on slices and as tensors, and their properties.

#[path = "../../../tests/fixtures/reference.rs"]
mod reference;

use candle_core::{Device, Tensor, Var};
use losses::{KdeConfig, Objective, tensor};
use proptest::prelude::*;
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

impl Expected {
    fn objective(&self) -> Objective {
        let lambda = self.lambda;
        match self.objective.as_str() {
            "re" => Objective::Re,
            "snp" => Objective::Snp { lambda },
            "bu" => Objective::Bu { lambda },
            other => panic!("objective.json: unknown objective {other}"),
        }
    }

    fn assert_near(&self, value: f64, gradient: &[f32]) {
        let name = format!("{} at lambda {}", self.objective, self.lambda);
        assert!(
            (value - self.value).abs() < 1e-6 * self.value.abs().max(1.0),
            "{name}: {value}, {}",
            self.value
        );
        let expected = self.gradient_normal.iter().chain(&self.gradient_anomalous);
        assert_eq!(gradient.len(), self.gradient_normal.len() + self.gradient_anomalous.len());
        for (found, expected) in gradient.iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 3e-7, "{name}: {found}, {expected}");
        }
    }
}

#[test]
fn values_and_gradients_agree_with_pytorch() {
    for case in reference::json::<Fixture>("objective/objective.json").cases {
        let scores = [case.normal.as_slice(), &case.anomalous].concat();
        for expected in &case.results {
            let mut gradient = vec![f32::NAN; scores.len()];
            let value =
                expected.objective().evaluate(&scores, case.normal.len(), &case.weights, &mut gradient);
            expected.assert_near(value.total, &gradient);
            assert_eq!(value.total, value.normal - value.anomalous);
            let normal = || case.normal.iter().map(|score| f64::from(*score));
            let mean = normal().sum::<f64>() / case.normal.len() as f64;
            assert!((value.mean_score - mean).abs() < 1e-12 * mean, "{value:?}");
            assert_eq!(value.max_score, normal().fold(0.0, f64::max));
        }
    }
}

#[test]
fn a_normal_score_that_is_no_number_makes_none_of_the_value() {
    for objective in [Objective::Re, Objective::Snp { lambda: 1.0 }, Objective::Bu { lambda: 1.0 }] {
        for place in 0..3 {
            let mut scores = [1.0, 2.0, 3.0, 4.0];
            scores[place] = f32::NAN;
            let value = objective.evaluate(&scores, 3, &[1.0; 3], &mut [0.0; 4]);
            let found = [value.total, value.normal, value.mean_score, value.max_score];
            assert!(found.iter().all(|part| part.is_nan()), "{objective:?}: {value:?}");
        }
    }
}

#[test]
fn tensors_agree_with_pytorch() {
    let var = |scores: &[f32]| Var::from_slice(scores, scores.len(), &Device::Cpu).unwrap();
    for case in reference::json::<Fixture>("objective/objective.json").cases {
        let (normal, anomalous, weights) = (var(&case.normal), var(&case.anomalous), var(&case.weights));
        for expected in &case.results {
            let value =
                tensor::objective(expected.objective(), &normal, &anomalous, &weights.detach()).unwrap();
            let gradients = value.backward().unwrap();
            let gradient = |var: &Var| match gradients.get(var) {
                Some(gradient) => gradient.to_vec1::<f32>().unwrap(),
                None => vec![0.0; var.elem_count()],
            };
            let total = f64::from(value.to_scalar::<f32>().unwrap());
            expected.assert_near(total, &[gradient(&normal), gradient(&anomalous)].concat());
        }
    }
}

#[test]
fn weights_of_tensors_agree_with_those_of_slices() {
    for (rows, dim, sigma) in [(50, 2, 4.0), (40, 30, 1.0 / 60.0)] {
        let x: Vec<f32> = Bell::new(9).take(rows * dim).collect();
        for standardize in [false, true] {
            // Features of unlike spread, and a constant one.
            let x: Vec<f32> =
                x.iter().enumerate().map(|(i, x)| (i % dim) as f32 / dim as f32 * x + 0.1).collect();
            let config = KdeConfig { sigma, epsilon: 1e-6, standardize };
            let mut expected = vec![0.0; rows];
            losses::Kde::new(dim, config, 1).unwrap().weights(&x, &mut expected);
            let x = Tensor::from_vec(x, (rows, dim), &Device::Cpu).unwrap();
            let found = tensor::weights(&x, config).unwrap().to_vec1::<f32>().unwrap();
            assert!(found.iter().zip(&expected).all(|(a, b)| (a / b - 1.0).abs() < 1e-5), "{config:?}");
        }
    }
}

#[test]
fn impossible_lambdas_are_refused() {
    for lambda in [0.0, -1.0, 1e39, f64::NAN, f64::INFINITY] {
        assert!(Objective::Snp { lambda }.validate().is_err());
        let message = Objective::Bu { lambda }.validate().unwrap_err().to_string();
        assert_eq!(message, format!("lambda: found {lambda}, expected a number from 1e-20 to 1e20"));
    }
    assert_eq!(Objective::Re.validate(), Ok(()));
}

prop_compose! {
    fn scores()(normal in 1usize..80, anomalous in 1usize..80, seed: u64) -> (usize, Vec<f32>) {
        (normal, Bell::new(seed).take(normal + anomalous).map(|z| 10.0 * z * z).collect())
    }
}

proptest! {
    #[test]
    fn equal_weights_make_bu_of_snp((normal, scores) in scores(), lambda in 0.5f64..50.0, weight in 0.1f32..10.0) {
        let (mut bu, mut snp) = (vec![0.0; scores.len()], vec![0.0; scores.len()]);
        let weighted = Objective::Bu { lambda }.evaluate(&scores, normal, &vec![weight; normal], &mut bu);
        let plain = Objective::Snp { lambda }.evaluate(&scores, normal, &[], &mut snp);
        prop_assert!((weighted.total - plain.total).abs() < 1e-6 * (1.0 + plain.normal));
        prop_assert!(bu.iter().zip(&snp).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn derivatives_are_shares_of_normal_and_fall_with_the_anomalous_score((normal, scores) in scores()) {
        let weights: Vec<f32> = scores[..normal].iter().map(|a| 1.0 / (a + 0.1)).collect();
        let mut gradient = vec![0.0; scores.len()];
        Objective::Bu { lambda: 4.0 }.evaluate(&scores, normal, &weights, &mut gradient);
        prop_assert!((gradient[..normal].iter().sum::<f32>() - 1.0).abs() < 1e-5);
        let mut pairs: Vec<_> = scores[normal..].iter().zip(&gradient[normal..]).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(b.0));
        prop_assert!(pairs.is_sorted_by(|a, b| *a.1 <= *b.1 + 1e-6) && pairs.iter().all(|(_, d)| **d <= 0.0));
    }

    #[test]
    fn what_anomalous_samples_give_is_bounded_by_lambda((normal, scores) in scores(), lambda in 0.5f64..50.0) {
        let value = Objective::Snp { lambda }.evaluate(&scores, normal, &[], &mut vec![0.0; scores.len()]);
        prop_assert!((0.0..=lambda * 1.000_001).contains(&value.anomalous));
    }
}
