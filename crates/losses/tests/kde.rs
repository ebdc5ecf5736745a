//! The kernel density against SciPy, and its properties.

#![expect(clippy::unwrap_used, reason = "what a test sets up is valid")]

#[path = "../../../tests/fixtures/reference.rs"]
mod reference;

use losses::{Kde, KdeConfig, KdeError};
use proptest::prelude::*;
use reference::Bell;

#[derive(serde::Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    rows: usize,
    features: usize,
    sigma: f64,
    epsilon: f64,
    #[serde(default)]
    x: Vec<Vec<f32>>,
    bell: Option<Recipe>,
    density: Vec<f64>,
    weights: Vec<f64>,
}

#[derive(serde::Deserialize)]
struct Recipe {
    seed: u64,
    scale: f32,
    offset: f32,
}

impl Case {
    fn rows(&self) -> Vec<f32> {
        match &self.bell {
            Some(recipe) => Bell::new(recipe.seed)
                .take(self.rows * self.features)
                .map(|z| z * recipe.scale + recipe.offset)
                .collect(),
            None => self.x.concat(),
        }
    }
}

fn density(rows: &[f32], dim: usize, sigma: f64, threads: usize) -> Vec<f32> {
    let mut density = vec![0.0; rows.len() / dim];
    Kde::new(dim, KdeConfig { sigma, epsilon: 0.0 }, threads).unwrap().density(rows, &mut density);
    density
}

/// Eq. 15 in `f64`, as it stands.
fn plain_density(rows: &[f32], dim: usize, sigma: f64) -> Vec<f64> {
    let rows: Vec<&[f32]> = rows.chunks_exact(dim).collect();
    let square = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
    };
    let kernel_sum = |a: &&[f32]| rows.iter().map(|b| (-sigma * square(a, b)).exp()).sum::<f64>();
    rows.iter().map(|a| kernel_sum(a) / rows.len() as f64).collect()
}

fn worst_relative_error(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(a, b)| (f64::from(*a) / b - 1.0).abs()).fold(0.0, f64::max)
}

#[test]
fn density_and_weights_agree_with_scipy() {
    for case in reference::json::<Fixture>("kde/kde.json").cases {
        let rows = case.rows();
        for threads in [1, 2] {
            let error =
                worst_relative_error(&density(&rows, case.features, case.sigma, threads), &case.density);
            assert!(error < 5e-6, "{}: density is off by {error}", case.name);
            let config = KdeConfig { sigma: case.sigma, epsilon: case.epsilon };
            let mut weights = vec![0.0; case.rows];
            Kde::new(case.features, config, threads).unwrap().weights(&rows, &mut weights);
            let error = worst_relative_error(&weights, &case.weights);
            assert!(error < 5e-6, "{}: a weight is off by {error}", case.name);
        }
    }
}

#[test]
fn a_kde_serves_batches_of_any_size_in_turn() {
    for dim in [2, 5] {
        let mut kde = Kde::new(dim, KdeConfig { sigma: 0.5, epsilon: 0.0 }, 2).unwrap();
        for rows in [300, 17, 0, 900, 17] {
            let x: Vec<f32> = Bell::new(rows as u64).take(rows * dim).collect();
            let mut found = vec![0.0; rows];
            kde.density(&x, &mut found);
            assert_eq!(found, density(&x, dim, 0.5, 1), "{rows} rows of {dim}");
        }
    }
}

#[test]
fn impossible_settings_are_refused() {
    let refused = |dim, sigma, epsilon| Kde::new(dim, KdeConfig { sigma, epsilon }, 1).unwrap_err();
    assert_eq!(refused(0, 1.0, 0.0), KdeError::NoFeatures);
    assert_eq!(refused(2, 0.0, 0.0).to_string(), "sigma: found 0, expected a number from 1e-20 to 1e20");
    assert!(matches!(refused(2, f64::NAN, 0.0), KdeError::Sigma(_)));
    assert_eq!(refused(2, 1e39, 0.0), KdeError::Sigma(1e39));
    assert_eq!(refused(2, 1.0, -1.0), KdeError::Epsilon(-1.0));
}

prop_compose! {
    fn batch()(dim in prop_oneof![1usize..=6, 30usize..40], rows in 1usize..150, seed: u64, spread in 0.1f32..10.0)
        -> (usize, Vec<f32>) {
        (dim, Bell::new(seed).take(rows * dim).map(|z| spread * z).collect())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn density_agrees_with_the_equation_and_lies_between_its_bounds((dim, rows) in batch(), sigma in 0.01f64..5.0) {
        let found = density(&rows, dim, sigma, 1);
        let least = 1.0 / found.len() as f32;
        prop_assert!(found.iter().all(|k| (least * 0.999_999..=1.000_001).contains(k)));
        let expected = plain_density(&rows, dim, sigma);
        prop_assert!(found.iter().zip(&expected).all(|(a, b)| (f64::from(*a) - b).abs() < 2e-5));
    }

    #[test]
    fn the_number_of_threads_changes_no_byte((dim, rows) in batch(), threads in 2usize..9) {
        prop_assert_eq!(density(&rows, dim, 0.3, 1), density(&rows, dim, 0.3, threads));
    }

    #[test]
    fn a_shift_of_all_rows_changes_nothing((dim, rows) in batch(), shift in -16i8..16) {
        let shifted: Vec<f32> = rows.iter().map(|x| x + f32::from(shift)).collect();
        let (here, there) = (density(&rows, dim, 0.3, 1), density(&shifted, dim, 0.3, 1));
        prop_assert!(here.iter().zip(&there).all(|(a, b)| (a - b).abs() < 1e-4 * a));
    }

    #[test]
    fn the_order_of_rows_does_not_matter((dim, rows) in batch()) {
        let backwards: Vec<f32> = rows.chunks_exact(dim).rev().flatten().copied().collect();
        let (there, back) = (density(&rows, dim, 0.3, 1), density(&backwards, dim, 0.3, 1));
        prop_assert!(there.iter().zip(back.iter().rev()).all(|(a, b)| (a - b).abs() < 1e-5 * a));
    }

    #[test]
    fn a_wider_kernel_raises_every_density((dim, rows) in batch(), sigma in 0.01f64..1.0) {
        let (narrow, wide) = (density(&rows, dim, 2.0 * sigma, 1), density(&rows, dim, sigma, 1));
        prop_assert!(narrow.iter().zip(&wide).all(|(n, w)| *n <= w * 1.000_01));
    }
}
