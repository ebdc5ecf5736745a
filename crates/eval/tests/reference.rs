//! Measures against SciPy, NumPy and scikit-learn: `fixtures/<topic>/make.py` made the expected numbers.
#![allow(clippy::unwrap_used)]

use eval::auc::{PairedScores, auc, difference, partial_auc};
use eval::dcase::{Scored, Section, evaluator_interval, official_interval, official_score};
use eval::estimate::{Estimate, holm};
use eval::ring::{BORDER, Density};
use eval::stats::Interval;
use eval::{Grid, stats};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn cases(json: &str) -> Vec<Value> {
    let cases: Vec<Value> = serde_json::from_str(json).unwrap();
    assert!(!cases.is_empty());
    cases
}

fn close(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance * expected.abs().max(1.0),
        "found {found}, expected {expected}"
    );
}

#[test]
fn divergences_agree_with_scipy() {
    for case in cases(include_str!("fixtures/ring/expected.json")) {
        let get = |key: &str| case[key].as_f64().unwrap();
        let grid = Grid::new(3.0, case["points"].as_u64().unwrap() as usize).unwrap();
        let score = |i: usize| {
            let (x1, x2) = (grid.coordinate(i % grid.side()), grid.coordinate(i / grid.side()));
            let wave = get("c") * (1.0 + (2.0 * x1 + x2).sin());
            (get("a") * (x1.hypot(x2) - get("b")).max(0.0).powi(2) + wave) as f32
        };
        let scores: Vec<f32> = (0..grid.len()).map(score).collect();
        let q = Density::from_scores(&grid, &scores).unwrap();
        let p = Density::oracle(&grid, BORDER, get("cap")).unwrap();
        let u = Density::uniform(&grid, BORDER).unwrap();
        // sin and hypot of two libraries differ in the last bit, and with them a score's rounding to f32.
        close(p.kl_divergence(&q).unwrap(), get("kld_p"), 1e-7);
        close(u.kl_divergence(&q).unwrap(), get("kld_u"), 1e-7);
        close(p.kl_divergence(&u).unwrap(), get("p_u"), 1e-12);
        close(q.mass()[grid.len() / 2], get("q_centre"), 1e-9);
    }
}

#[test]
fn statistics_agree_with_numpy_and_scipy() {
    for case in cases(include_str!("fixtures/stats/expected.json")) {
        let values = numbers(&case["values"]);
        close(stats::mean(&values).unwrap(), case["mean"].as_f64().unwrap(), 1e-14);
        close(stats::sd(&values).unwrap(), case["sd"].as_f64().unwrap(), 1e-14);
        for (level, expected) in [0.0, 0.05, 0.5, 0.975, 1.0].into_iter().zip(numbers(&case["quantiles"])) {
            close(stats::quantile(&values, level).unwrap(), expected, 1e-14);
        }
        let found = Estimate::over_seeds(&values).unwrap().unwrap().interval();
        let expected = numbers(&case["t"]);
        close(found.low, expected[0], 1e-9);
        close(found.high, expected[1], 1e-9);
    }
}

#[test]
fn areas_agree_with_scikit_learn() {
    for case in cases(include_str!("fixtures/auc/expected.json")) {
        let (normal, anomalous) = (numbers(&case["normal"]), numbers(&case["anomalous"]));
        close(auc(&normal, &anomalous).unwrap(), case["auc"].as_f64().unwrap(), 1e-12);
        for (max_fpr, expected) in [0.05, 0.1, 0.5].into_iter().zip(numbers(&case["pauc"])) {
            close(partial_auc(&normal, &anomalous, max_fpr).unwrap(), expected, 1e-12);
        }
    }
}

#[test]
fn differences_of_areas_agree_with_numpy() {
    for case in cases(include_str!("fixtures/difference/expected.json")) {
        let table = |key: &str| -> Vec<Vec<Vec<f64>>> {
            let seeds = case[key].as_array().unwrap();
            seeds.iter().map(|seed| seed.as_array().unwrap().iter().map(numbers).collect()).collect()
        };
        let [a_normal, a_anomalous, b_normal, b_anomalous] =
            ["a_normal", "a_anomalous", "b_normal", "b_anomalous"].map(table);
        let of = |seed: usize, condition: usize| PairedScores {
            a_normal: &a_normal[seed][condition],
            a_anomalous: &a_anomalous[seed][condition],
            b_normal: &b_normal[seed][condition],
            b_anomalous: &b_anomalous[seed][condition],
        };
        let conditions = a_normal[0].len();
        let seeds: Vec<Vec<PairedScores<'_>>> = (0..a_normal.len())
            .map(|seed| (0..conditions).map(|condition| of(seed, condition)).collect())
            .collect();
        let found = difference(&seeds).unwrap();
        close(found.mean, case["mean"].as_f64().unwrap(), 1e-12);
        close(found.seeds.variance, case["of_seeds"].as_f64().unwrap(), 1e-12);
        close(found.files.variance, case["of_files"].as_f64().unwrap(), 1e-12);
        let Interval { low, high } = found.interval();
        close((high - low) / 2.0, case["half"].as_f64().unwrap(), 1e-9);
    }
}

#[test]
fn holms_correction_agrees_with_statsmodels() {
    for case in cases(include_str!("fixtures/holm/expected.json")) {
        for (found, expected) in holm(&numbers(&case["p"])).into_iter().zip(numbers(&case["corrected"])) {
            close(found, expected, 1e-14);
        }
    }
}

#[test]
fn measures_of_the_challenge_agree_with_scikit_learn() {
    let expected: Value = serde_json::from_str(include_str!("fixtures/dcase/expected.json")).unwrap();
    let get = |value: &Value, key: &str| value[key].as_f64().unwrap();
    let (mut all, mut measured) = (Vec::new(), Vec::new());
    for case in expected["sections"].as_array().unwrap() {
        let [scores, target, anomalous] = ["scores", "target", "anomalous"].map(|key| numbers(&case[key]));
        let file = |((score, target), anomalous): ((&f64, &f64), &f64)| Scored {
            score: *score,
            is_anomalous: *anomalous == 1.0,
            is_target: *target == 1.0,
        };
        let files: Vec<Scored> = scores.iter().zip(&target).zip(&anomalous).map(file).collect();
        let section = Section::measure(&files, get(case, "threshold")).unwrap();
        let Section::Both { pauc, domains } = section else { panic!("both domains have files") };
        close(pauc, get(case, "pauc"), 1e-12);
        for (found, expected) in domains.iter().zip(case["domains"].as_array().unwrap()) {
            close(found.auc, get(expected, "auc"), 1e-12);
            close(found.pauc.unwrap(), get(expected, "pauc"), 1e-12);
            close(found.precision, get(expected, "precision"), 1e-12);
            close(found.recall, get(expected, "recall"), 1e-12);
            close(found.f1, get(expected, "f1"), 1e-12);
        }
        all.push(files);
        measured.push(section);
    }
    let official = official_score(&measured).unwrap();
    close(official, get(&expected, "official"), 1e-12);
    let evaluators = evaluator_interval(&all).unwrap();
    assert!((evaluators / get(&expected, "official_ci95") - 1.0).abs() < 1e-9, "{evaluators}");
    let Interval { low, high } = official_interval(&all).unwrap();
    assert!(low < official && official < high && high - low > 100.0 * evaluators, "{low} {official} {high}");
}
