//! The objectives against PyTorch, and their properties.

#[path = "../../../tests/fixtures/reference.rs"]
mod reference;

use losses::{KdeConfig, Objective, Term, Weighting};
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

/// Weights are handed in: no number of the density counts.
const KDE: KdeConfig = KdeConfig { sigma: 1.0, epsilon: 1e-6, standardize: false };
const UNIFORM: Objective = Objective { weighting: Weighting::Uniform, term: Term::None };

fn snp(lambda: f64) -> Objective {
    Objective { term: Term::Tanh { lambda }, ..UNIFORM }
}

fn bu(lambda: f64) -> Objective {
    Objective { weighting: Weighting::Density(KDE), ..snp(lambda) }
}

impl Expected {
    fn objective(&self) -> Objective {
        match self.objective.as_str() {
            "re" => UNIFORM,
            "snp" => snp(self.lambda),
            "bu" => bu(self.lambda),
            other => panic!("objective.json: unknown objective {other}"),
        }
    }

    /// The weights of the case, for the objective that has some.
    fn weights<'a>(&self, case: &'a Case) -> &'a [f32] {
        if self.objective().weighting == Weighting::Uniform { &[] } else { &case.weights }
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
            let weights = expected.weights(&case);
            let value = expected.objective().evaluate(&scores, case.normal.len(), weights, &mut gradient);
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
    for objective in [UNIFORM, snp(1.0), bu(1.0)] {
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
fn impossible_lambdas_are_refused() {
    for lambda in [0.0, -1.0, 1e39, f64::NAN, f64::INFINITY] {
        assert!(snp(lambda).validate().is_err());
        let message = bu(lambda).validate().unwrap_err().to_string();
        assert_eq!(message, format!("lambda: found {lambda}, expected a number from 1e-20 to 1e20"));
    }
    assert_eq!(UNIFORM.validate(), Ok(()));
}

prop_compose! {
    fn scores()(normal in 1usize..80, anomalous in 1usize..80, seed: u64) -> (usize, Vec<f32>) {
        (normal, Bell::new(seed).take(normal + anomalous).map(|z| 10.0 * z * z).collect())
    }
}

proptest! {
    #[test]
    fn equal_weights_make_bu_of_snp((normal, scores) in scores(), lambda in 0.5f64..50.0, weight in 0.1f32..10.0) {
        let mut by_bu = vec![0.0; scores.len()];
        let mut by_snp = vec![0.0; scores.len()];
        let weighted = bu(lambda).evaluate(&scores, normal, &vec![weight; normal], &mut by_bu);
        let plain = snp(lambda).evaluate(&scores, normal, &[], &mut by_snp);
        prop_assert!((weighted.total - plain.total).abs() < 1e-6 * (1.0 + plain.normal));
        prop_assert!(by_bu.iter().zip(&by_snp).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn derivatives_are_shares_of_normal_and_fall_with_the_anomalous_score((normal, scores) in scores()) {
        let weights: Vec<f32> = scores[..normal].iter().map(|a| 1.0 / (a + 0.1)).collect();
        let mut gradient = vec![0.0; scores.len()];
        bu(4.0).evaluate(&scores, normal, &weights, &mut gradient);
        prop_assert!((gradient[..normal].iter().sum::<f32>() - 1.0).abs() < 1e-5);
        let mut pairs: Vec<_> = scores[normal..].iter().zip(&gradient[normal..]).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(b.0));
        prop_assert!(pairs.is_sorted_by(|a, b| *a.1 <= *b.1 + 1e-6) && pairs.iter().all(|(_, d)| **d <= 0.0));
    }

    #[test]
    fn what_anomalous_samples_give_is_bounded_by_lambda((normal, scores) in scores(), lambda in 0.5f64..50.0) {
        let value = snp(lambda).evaluate(&scores, normal, &[], &mut vec![0.0; scores.len()]);
        prop_assert!((0.0..=lambda * 1.000_001).contains(&value.anomalous));
    }
}
