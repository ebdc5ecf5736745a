//! The paired bootstrap of AUC differences against its definition.
#![allow(clippy::unwrap_used)]

use std::cmp::Ordering;

use eval::auc::auc;
use eval::paired::{AucDifference, PairedScores, RESAMPLES, auc_difference};
use eval::stats::{Interval, quantile, t_interval};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Scores of seeds x (a_normal, a_anomalous, b_normal, b_anomalous).
type Seeds = Vec<[Vec<f64>; 4]>;

fn paired(seeds: &Seeds) -> Vec<PairedScores<'_>> {
    fn pair([a_normal, a_anomalous, b_normal, b_anomalous]: &[Vec<f64>; 4]) -> PairedScores<'_> {
        PairedScores { a_normal, a_anomalous, b_normal, b_anomalous }
    }
    seeds.iter().map(pair).collect()
}

fn difference(seeds: &Seeds, resamples: usize) -> AucDifference {
    auc_difference(&paired(seeds), resamples, &mut ChaCha8Rng::seed_from_u64(7)).unwrap()
}

/// The definition: files copied as often as they are drawn, and the AUC of the copies.
fn by_copies(seeds: &Seeds, resamples: usize) -> AucDifference {
    let rng = &mut ChaCha8Rng::seed_from_u64(7);
    let (normal, anomalous) = (seeds[0][0].len() as u32, seeds[0][1].len() as u32);
    let draw = |count: u32, rng: &mut ChaCha8Rng| -> Vec<usize> {
        (0..count).map(|_| rng.random_range(0..count) as usize).collect()
    };
    let mean_over = |seed: &[usize], n: &[usize], a: &[usize]| {
        let copies = |scores: &[f64], drawn: &[usize]| drawn.iter().map(|i| scores[*i]).collect::<Vec<_>>();
        let of_seed = |s: &usize| {
            let [an, aa, bn, ba] = &seeds[*s];
            auc(&copies(bn, n), &copies(ba, a)).unwrap() - auc(&copies(an, n), &copies(aa, a)).unwrap()
        };
        seed.iter().map(of_seed).sum::<f64>() / seed.len() as f64
    };
    let all = |count: usize| (0..count).collect::<Vec<_>>();
    let estimate = mean_over(&all(seeds.len()), &all(normal as usize), &all(anomalous as usize));
    let mut found: Vec<f64> = (0..resamples)
        .map(|_| {
            let seed = draw(seeds.len() as u32, rng);
            let n = draw(normal, rng);
            mean_over(&seed, &n, &draw(anomalous, rng))
        })
        .collect();
    found.sort_by(f64::total_cmp);
    let share_above_zero = found.iter().filter(|d| **d > 1e-12).count() as f64 / resamples as f64;
    let level = |level| quantile(&found, level).unwrap();
    let by_seed: Vec<f64> =
        (0..seeds.len()).map(|s| mean_over(&[s], &all(normal as usize), &all(anomalous as usize))).collect();
    AucDifference {
        estimate,
        interval: Interval { low: level(0.025), high: level(0.975) },
        share_above_zero,
        seeds: seeds.len(),
        over_seeds: t_interval(&by_seed).ok(),
    }
}

fn seeds_with_ties() -> impl Strategy<Value = Seeds> {
    (1usize..4, 1usize..12, 1usize..12).prop_flat_map(|(seeds, normal, anomalous)| {
        let scores = |count| prop::collection::vec((-3i32..4).prop_map(f64::from), count);
        let seed = [normal, anomalous, normal, anomalous].map(scores);
        prop::collection::vec(seed, seeds)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn it_is_the_bootstrap_of_copied_files(seeds in seeds_with_ties()) {
        let (found, expected) = (difference(&seeds, 40), by_copies(&seeds, 40));
        prop_assert!((found.estimate - expected.estimate).abs() < 1e-12);
        prop_assert!((found.interval.low - expected.interval.low).abs() < 1e-12);
        prop_assert!((found.interval.high - expected.interval.high).abs() < 1e-12);
        prop_assert_eq!(found.share_above_zero, expected.share_above_zero);
        prop_assert_eq!(found.seeds, expected.seeds);
        prop_assert_eq!(found.over_seeds.is_some(), expected.over_seeds.is_some());
        for (found, expected) in found.over_seeds.iter().zip(&expected.over_seeds) {
            prop_assert!((found.low - expected.low).abs() < 1e-9 && (found.high - expected.high).abs() < 1e-9);
        }
    }

    #[test]
    fn it_changes_sign_when_the_losses_change_places(seeds in seeds_with_ties()) {
        let swapped = seeds.iter().cloned().map(|[an, aa, bn, ba]| [bn, ba, an, aa]).collect();
        let (one, other) = (difference(&seeds, 101), difference(&swapped, 101));
        prop_assert_eq!(one.estimate, -other.estimate);
        prop_assert!((one.interval.low + other.interval.high).abs() < 1e-12);
        prop_assert!((one.interval.high + other.interval.low).abs() < 1e-12);
        prop_assert!(one.share_above_zero + other.share_above_zero <= 1.0 + 1e-12);
    }

    #[test]
    fn equal_scores_differ_by_nothing(seeds in seeds_with_ties()) {
        let equal: Seeds = seeds.into_iter().map(|[n, a, _, _]| [n.clone(), a.clone(), n, a]).collect();
        let (found, nothing) = (difference(&equal, 50), Interval { low: 0.0, high: 0.0 });
        let over_seeds = (equal.len() > 1).then_some(nothing);
        let none =
            AucDifference { estimate: 0.0, interval: nothing, share_above_zero: 0.0, seeds: equal.len(), over_seeds };
        prop_assert_eq!(found, none);
        prop_assert_eq!(found.surely(), Ordering::Equal);
    }
}

#[test]
fn anomalous_scores_raised_by_b_win() {
    let normal: Vec<f64> = (0..60).map(|i| f64::from(i * 7 % 60)).collect();
    let anomalous: Vec<f64> = (0..50).map(|i| f64::from(i * 13 % 50) + 9.5).collect();
    let raised: Vec<f64> = anomalous.iter().map(|score| score + 15.0).collect();
    let seed = [normal.clone(), anomalous, normal, raised];
    let found = difference(&vec![seed.clone(), seed], RESAMPLES);
    assert!(found.estimate > 0.1 && found.interval.low > 0.0, "{found:?}");
    assert_eq!(found.share_above_zero, 1.0);
    assert!(found.interval.low < found.estimate && found.estimate < found.interval.high);
}

#[test]
fn few_seeds_make_sure_only_what_they_agree_on() {
    let of = |seeds, low, high| {
        let over_seeds = Some(Interval { low, high }).filter(|_| seeds > 1);
        let interval = Interval { low: 0.01, high: 0.05 };
        AucDifference { estimate: 0.03, interval, share_above_zero: 1.0, seeds, over_seeds }.surely()
    };
    assert_eq!(of(3, 0.02, 0.04), Ordering::Greater);
    assert_eq!(of(3, -0.01, 0.07), Ordering::Equal, "the seeds do not agree");
    assert_eq!(of(8, -0.01, 0.07), Ordering::Greater, "eight seeds are enough to draw from");
    assert_eq!(of(1, 0.02, 0.04), Ordering::Equal, "one seed says nothing of others");
}

#[test]
fn scores_that_do_not_pair_are_named() {
    let message = |seeds: &Seeds, resamples| {
        let rng = &mut ChaCha8Rng::seed_from_u64(7);
        auc_difference(&paired(seeds), resamples, rng).unwrap_err().to_string()
    };
    let good = [vec![1.0, 2.0], vec![3.0], vec![1.0, 2.0], vec![3.0]];
    let with = |place: usize, scores: &[f64]| {
        let mut bad = good.clone();
        bad[place] = scores.to_vec();
        vec![good.clone(), bad]
    };
    assert!(message(&vec![], 9).contains("seeds of an AUC difference: found 0"));
    assert!(message(&vec![good.clone()], 0).contains("resamples"));
    let wrong = message(&with(2, &[1.0]), 9);
    assert_eq!(wrong, "normal scores of b in seed 1 of the list: found 1 values, expected 2");
    assert!(message(&with(1, &[]), 9).contains("anomalous scores of a"));
    assert!(message(&with(3, &[f64::NAN]), 9).contains("is NaN"));
    let empty = [vec![], vec![1.0], vec![], vec![1.0]];
    assert!(message(&vec![empty], 9).contains("normal scores: found 0"));
}
