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
    standardize: bool,
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

/// The configuration for a σ, with ε of zero and rows as they are.
fn plain(sigma: f64) -> KdeConfig {
    KdeConfig { sigma, epsilon: 0.0, standardize: false }
}

/// As [`plain`], with rows standardized.
fn standardized(sigma: f64) -> KdeConfig {
    KdeConfig { standardize: true, ..plain(sigma) }
}

fn density(rows: &[f32], dim: usize, config: KdeConfig, threads: usize) -> Vec<f32> {
    let mut density = vec![0.0; rows.len() / dim];
    Kde::new(dim, config, threads).unwrap().density(rows, &mut density);
    density
}

/// Eq. 15 in `f64`, as it stands.
fn density_by_definition(rows: &[f64], dim: usize, sigma: f64) -> Vec<f64> {
    let rows: Vec<&[f64]> = rows.chunks_exact(dim).collect();
    let square = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum() };
    let kernel_sum = |a: &&[f64]| rows.iter().map(|b| (-sigma * square(a, b)).exp()).sum::<f64>();
    rows.iter().map(|a| kernel_sum(a) / rows.len() as f64).collect()
}

fn doubles(rows: &[f32]) -> Vec<f64> {
    rows.iter().map(|x| f64::from(*x)).collect()
}

/// Rows of zero mean and unit variance in every feature, in `f64`.
fn standardized_by_definition(rows: &[f32], dim: usize) -> Vec<f64> {
    let (mut rows, count) = (doubles(rows), (rows.len() / dim) as f64);
    for feature in 0..dim {
        let column = |rows: &[f64]| rows.iter().skip(feature).step_by(dim).copied().collect::<Vec<_>>();
        let mean = column(&rows).iter().sum::<f64>() / count;
        let variance = column(&rows).iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        rows.iter_mut().skip(feature).step_by(dim).for_each(|x| *x = (*x - mean) / variance.sqrt());
    }
    rows
}

fn worst_relative_error(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(a, b)| (f64::from(*a) / b - 1.0).abs()).fold(0.0, f64::max)
}

#[test]
fn density_and_weights_agree_with_scipy() {
    for case in reference::json::<Fixture>("kde/kde.json").cases {
        let rows = case.rows();
        let Case { sigma, epsilon, standardize, .. } = case;
        let config = KdeConfig { sigma, epsilon, standardize };
        for threads in [1, 2] {
            let error = worst_relative_error(&density(&rows, case.features, config, threads), &case.density);
            assert!(error < 5e-6, "{}: density is off by {error}", case.name);
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
        for config in [plain(0.5), standardized(0.5)] {
            let mut kde = Kde::new(dim, config, 2).unwrap();
            for rows in [300, 17, 0, 900, 17] {
                let x: Vec<f32> = Bell::new(rows as u64).take(rows * dim).collect();
                let mut found = vec![0.0; rows];
                kde.density(&x, &mut found);
                assert_eq!(found, density(&x, dim, config, 1), "{rows} rows of {dim}");
            }
        }
    }
}

#[test]
fn a_constant_feature_does_not_count_when_rows_are_standardized() {
    // 0.1 is no binary fraction: the mean of equal numbers must not differ from them by rounding.
    for (dim, constant) in [(2, 0.1), (5, -1e20), (70, 0.1)] {
        let x: Vec<f32> = Bell::new(4).take(150 * dim).collect();
        let with = |value: f32| -> Vec<f32> {
            x.chunks_exact(dim).flat_map(|row| [&row[..dim - 1], &[value]].concat()).collect()
        };
        let zero = density(&with(0.0), dim, standardized(0.3), 1);
        assert_eq!(density(&with(constant), dim, standardized(0.3), 1), zero);
        let without: Vec<f32> = x.chunks_exact(dim).flat_map(|row| &row[..dim - 1]).copied().collect();
        let without = density(&without, dim - 1, standardized(0.3), 1);
        let error = worst_relative_error(&zero, &doubles(&without));
        assert!(error < 1e-5, "{dim} features: {error}");
    }
}

#[test]
fn a_single_row_has_density_one_when_rows_are_standardized() {
    for dim in [2, 5] {
        assert_eq!(density(&vec![3.5; dim], dim, standardized(0.3), 1), [1.0]);
    }
}

#[test]
fn impossible_settings_are_refused() {
    let refused =
        |dim, sigma, epsilon| Kde::new(dim, KdeConfig { sigma, epsilon, standardize: false }, 1).unwrap_err();
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
        let found = density(&rows, dim, plain(sigma), 1);
        let least = 1.0 / found.len() as f32;
        prop_assert!(found.iter().all(|k| (least * 0.999_999..=1.000_001).contains(k)));
        let expected = density_by_definition(&doubles(&rows), dim, sigma);
        prop_assert!(found.iter().zip(&expected).all(|(a, b)| (f64::from(*a) - b).abs() < 2e-5));
    }

    #[test]
    fn density_of_standardized_rows_agrees_with_the_equation((dim, rows) in batch(), sigma in 0.01f64..1.0) {
        prop_assume!(rows.len() > dim);
        let found = density(&rows, dim, standardized(sigma), 1);
        let expected = density_by_definition(&standardized_by_definition(&rows, dim), dim, sigma);
        prop_assert!(found.iter().zip(&expected).all(|(a, b)| (f64::from(*a) - b).abs() < 2e-5));
    }

    #[test]
    fn an_affine_map_of_a_feature_changes_no_density_of_standardized_rows(
        (dim, rows) in batch(), feature: prop::sample::Index, factor in prop_oneof![-1e3f32..-1e-3, 1e-3f32..1e3],
        shift in -4.0f32..4.0,
    ) {
        // The spread of a few rows can be so small that the shift loses it.
        prop_assume!(rows.len() >= 20 * dim);
        let mut mapped = rows.clone();
        let feature = feature.index(dim);
        mapped.iter_mut().skip(feature).step_by(dim).for_each(|x| *x = factor * (*x + shift));
        let (here, there) =
            (density(&rows, dim, standardized(0.3), 1), density(&mapped, dim, standardized(0.3), 1));
        prop_assert!(here.iter().zip(&there).all(|(a, b)| (a - b).abs() < 1e-4 * a));
    }

    #[test]
    fn the_number_of_threads_changes_no_byte((dim, rows) in batch(), threads in 2usize..9) {
        for config in [plain(0.3), standardized(0.3)] {
            prop_assert_eq!(density(&rows, dim, config, 1), density(&rows, dim, config, threads));
        }
    }

    #[test]
    fn a_shift_of_all_rows_changes_nothing((dim, rows) in batch(), shift in -16i8..16) {
        let shifted: Vec<f32> = rows.iter().map(|x| x + f32::from(shift)).collect();
        let (here, there) = (density(&rows, dim, plain(0.3), 1), density(&shifted, dim, plain(0.3), 1));
        prop_assert!(here.iter().zip(&there).all(|(a, b)| (a - b).abs() < 1e-4 * a));
    }

    #[test]
    fn the_order_of_rows_does_not_matter((dim, rows) in batch()) {
        let backwards: Vec<f32> = rows.chunks_exact(dim).rev().flatten().copied().collect();
        let (there, back) = (density(&rows, dim, plain(0.3), 1), density(&backwards, dim, plain(0.3), 1));
        prop_assert!(there.iter().zip(back.iter().rev()).all(|(a, b)| (a - b).abs() < 1e-5 * a));
    }

    #[test]
    fn a_wider_kernel_raises_every_density((dim, rows) in batch(), sigma in 0.01f64..1.0) {
        let (narrow, wide) = (density(&rows, dim, plain(2.0 * sigma), 1), density(&rows, dim, plain(sigma), 1));
        prop_assert!(narrow.iter().zip(&wide).all(|(n, w)| *n <= w * 1.000_01));
    }
}
