//! The power of the density's weights: between SNP and BU.

#[path = "../../../tests/fixtures/reference.rs"]
mod reference;

use losses::{KdeConfig, Weigher, Weighting};
use proptest::prelude::*;
use reference::Bell;

const KDE: KdeConfig = KdeConfig { sigma: 0.5, epsilon: 1e-6, standardize: false };

fn weights(weighting: Weighting, rows: &[f32]) -> Vec<f32> {
    let scores = vec![0.0; rows.len() / 2];
    Weigher::new(weighting, 2, 1).expect("the power is from 0 to 10").weigh(rows, &scores).to_vec()
}

fn power(strength: f64) -> Weighting {
    Weighting::DensityPower { density: KDE, strength }
}

#[test]
fn an_impossible_power_is_refused() {
    for strength in [-0.5, 11.0, f64::NAN] {
        let message = power(strength).validate().unwrap_err().to_string();
        assert_eq!(message, format!("density_strength: found {strength}, expected a power from 0 to 10"));
    }
}

proptest! {
    #[test]
    fn nothing_weighs_all_alike_and_one_is_the_reciprocal(seed: u64, count in 1usize..200) {
        let rows: Vec<f32> = Bell::new(seed).take(2 * count).collect();
        prop_assert!(weights(power(0.0), &rows).iter().all(|weight| *weight == 1.0));
        prop_assert_eq!(weights(power(1.0), &rows), weights(Weighting::Density(KDE), &rows));
    }

    #[test]
    fn a_power_is_a_power(seed: u64, count in 1usize..200, strength in 0.0f64..3.0) {
        let rows: Vec<f32> = Bell::new(seed).take(2 * count).collect();
        let plain = weights(Weighting::Density(KDE), &rows);
        for (found, plain) in weights(power(strength), &rows).into_iter().zip(plain) {
            let expected = f64::from(plain).powf(strength);
            prop_assert!((f64::from(found) / expected - 1.0).abs() < 1e-5, "{} and {}", found, expected);
        }
    }
}
